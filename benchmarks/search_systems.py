"""What searches the same vectors side by side: this project's index, plain numpy, and FAISS where it is installed.

Each system runs in a process of its own, so that one's threads and memory do not slow down another.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Container, ContainerKind, Matrix, Vector, VectorSpec
from storage.vectors.cache import IndexCache
from storage.vectors.live import SavePolicy
from storage.vectors.source import BEGINNING, ContainerState, Head, VectorChanges

Ids = NDArray[np.int64]

_HEAD = Head(1, 1)

FILTERS = (0.5, 0.1, 0.01)
"""Shares of the rows that a filter leaves."""


def allowed_rows(count: int, share: float) -> Ids:
    """Return the rows that a filter leaves, ascending; the same for every system."""
    random = np.random.default_rng(int(share * 1000))
    return np.flatnonzero(random.random(count) < share)


class System(Protocol):
    """One way to search."""

    def build(self, rows: Path) -> None:
        """Store the matrix in a ``.npy`` file, ready to be opened."""
        ...

    def open(self) -> None:
        """Open what was built."""
        ...

    def search(self, query: Vector, k: int) -> Ids:
        """Return the numbers of the nearest rows."""
        ...

    def search_some(self, query: Vector, k: int, share: float) -> Ids:
        """Return the nearest among :func:`allowed_rows`."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class PlainNumpy:
    """One matrix product and a partial sort."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "numpy.npy"
        self._rows: Matrix = np.zeros((0, 0), dtype=np.float32)
        self._allowed: dict[float, Ids] = {}
        self._picks: dict[float, bool] = {}

    def build(self, rows: Path) -> None:
        """Copy the file."""
        np.save(self._file, np.load(rows))

    def open(self) -> None:
        """Read the file."""
        self._rows = np.load(self._file)

    def search(self, query: Vector, k: int) -> Ids:
        """Score every row."""
        return _best(self._rows @ query, k)

    def search_some(self, query: Vector, k: int, share: float) -> Ids:
        """Pick the rows out and score them, or score all and pick the scores out, whichever was faster at first."""
        if share not in self._allowed:
            self._allowed[share] = allowed_rows(len(self._rows), share)
            picked = _seconds(partial(self._some, query, k, share, pick=True))
            self._picks[share] = picked < _seconds(partial(self._some, query, k, share, pick=False))
        return self._some(query, k, share, pick=self._picks[share])

    def _some(self, query: Vector, k: int, share: float, *, pick: bool) -> Ids:
        allowed = self._allowed[share]
        scores = self._rows[allowed] @ query if pick else (self._rows @ query)[allowed]
        return allowed[_best(scores, k)]

    def close(self) -> None:
        """Nothing to do."""


def _best(scores: NDArray[np.float32], k: int) -> Ids:
    best = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
    return best[np.argsort(-scores[best])]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class FaissFlat:
    """FAISS's exact index of inner products."""

    def __init__(self, folder: Path) -> None:
        self._faiss: Any = importlib.import_module("faiss")
        self._file = folder / "flat.faiss"
        self._index: Any = None
        self._selectors: dict[float, Any] = {}

    def build(self, rows: Path) -> None:
        """Add the rows and write the index."""
        matrix = np.load(rows)
        index = self._faiss.IndexFlatIP(matrix.shape[1])
        index.add(matrix)
        self._faiss.write_index(index, str(self._file))

    def open(self) -> None:
        """Read the index."""
        self._index = self._faiss.read_index(str(self._file))

    def search(self, query: Vector, k: int) -> Ids:
        """Search all."""
        found: Ids = self._index.search(query[np.newaxis], k)[1][0]
        return found

    def search_some(self, query: Vector, k: int, share: float) -> Ids:
        """Search through a bitmap of the allowed rows."""
        if share not in self._selectors:
            mask = np.zeros(self._index.ntotal, dtype=np.bool_)
            mask[allowed_rows(len(mask), share)] = True
            selector = self._faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
            self._selectors[share] = self._faiss.SearchParameters(sel=selector)
        found: Ids = self._index.search(query[np.newaxis], k, params=self._selectors[share])[1][0]
        return found

    def close(self) -> None:
        """Nothing to do."""


@dataclass
class _FileSource:
    """A store of vectors that is a ``.npy`` file; the row's number is its seq."""

    rows: Path

    async def state(self, container_id: int, known: Head = BEGINNING) -> ContainerState:
        """Return the same state always."""
        return ContainerState(epoch=container_id, head=_HEAD, parted=known not in (BEGINNING, _HEAD))

    async def changes(self, container_id: int, vector: str, dimension: int, since: int) -> AsyncIterator[VectorChanges]:
        """Stream the file; there is one container with one vector."""
        assert (container_id, vector, since) == (1, "$vector", 0)
        matrix = np.load(self.rows, mmap_mode="r")
        for start in range(0, len(matrix), 4096):
            rows = np.ascontiguousarray(matrix[start : start + 4096]).reshape(-1, dimension)
            seqs = np.arange(start, start + len(rows), dtype=np.int64)
            yield VectorChanges(seqs, rows, np.zeros(0, dtype=np.int64), _HEAD)


class Astrolabe:
    """This project's index, through the door that the store uses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "astrolabe"
        self._runner = asyncio.Runner()
        self._source = folder / "rows.txt"
        self._cache: IndexCache | None = None
        self._container: Container | None = None
        self._allowed: dict[float, Ids] = {}

    def build(self, rows: Path) -> None:
        """Read the vectors, encode them and save the side file."""
        self._source.write_text(str(rows))
        self.open()
        self.search(np.load(rows, mmap_mode="r")[0], 1)
        self.close()

    def open(self) -> None:
        """Make a cache; the side file is opened by the first search."""
        rows = Path(self._source.read_text())
        dimension = int(np.load(rows, mmap_mode="r").shape[1])
        vectors: Mapping[str, VectorSpec] = {"$vector": VectorSpec(dimension)}
        self._container = Container(1, "benchmarks", "search", ContainerKind.COLLECTION, {}, vectors)
        self._cache = IndexCache(self._folder, _FileSource(rows), policy=SavePolicy(fewest_rows=0))

    def search(self, query: Vector, k: int) -> Ids:
        """Search all."""
        return self._hits(query, k, None)

    def search_some(self, query: Vector, k: int, share: float) -> Ids:
        """Search among the allowed rows."""
        if share not in self._allowed:
            count = len(np.load(Path(self._source.read_text()), mmap_mode="r"))
            self._allowed[share] = allowed_rows(count, share)
        return self._hits(query, k, self._allowed[share])

    def _hits(self, query: Vector, k: int, allowed: Ids | None) -> Ids:
        assert self._cache is not None
        assert self._container is not None
        hits = self._runner.run(self._cache.search(self._container, "$vector", query, k, allowed))
        return np.array([hit.seq for hit in hits])

    def settle(self) -> None:
        """Let what runs in the background finish, so that it is not measured as search."""
        assert self._cache is not None
        self._runner.run(self._cache.settle())

    def close(self) -> None:
        """Save and let go."""
        assert self._cache is not None
        self._runner.run(self._cache.close())


SYSTEMS: Mapping[str, Callable[[Path], System]] = {
    "numpy": PlainNumpy,
    "FAISS flat": FaissFlat,
    "astrolabe": Astrolabe,
}


def installed() -> list[str]:
    """Return the names of the systems that can run here."""
    return [name for name in SYSTEMS if name != "FAISS flat" or importlib.util.find_spec("faiss") is not None]


@dataclass(frozen=True, slots=True)
class Job:
    """What a system's process is asked to do; ``queries`` are shaped ``(n, d)``, ``share`` None means no filter."""

    name: str
    queries: Matrix
    k: int
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Milliseconds and row numbers, one entry a query."""

    milliseconds: Sequence[float]
    found: Sequence[Ids]


def serve(system: str, folder: Path, rows: Path, pipe: Connection) -> None:
    """Build or open a system and answer jobs until the pipe closes; runs in a process of its own."""
    subject = SYSTEMS[system](folder)
    opened = False
    while True:
        job: Job | None = pipe.recv()
        if job is None:
            break
        start = time.perf_counter()
        if job.name == "build":
            subject.build(rows)
            pipe.send(Answer([(time.perf_counter() - start) * 1000], []))
            continue
        if not opened:
            subject.open()
            opened = True
        if job.name == "cold":
            found = subject.search(job.queries[0], job.k)
            pipe.send(Answer([(time.perf_counter() - start) * 1000], [found]))
            continue
        pipe.send(_answer(subject, job))
    if opened:
        subject.close()


def _answer(subject: System, job: Job) -> Answer:
    if isinstance(subject, Astrolabe):
        subject.settle()
    milliseconds, found = [], []
    for query in job.queries:
        start = time.perf_counter()
        ids = subject.search(query, job.k) if job.share is None else subject.search_some(query, job.k, job.share)
        milliseconds.append((time.perf_counter() - start) * 1000)
        found.append(ids)
    return Answer(milliseconds, found)
