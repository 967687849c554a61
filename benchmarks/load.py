"""A load with the Embedded provider, in rows a second: as a whole, and read, embed and store each by itself.

Each part runs beside a peer in the same run, in turns, so that the ratios hold when the machine is busy. The parts'
peers are what one would write without this program: the standard library's json, the wordllama package itself, and
sqlite3 with the same durability. What a load needs beyond its parts (ids, the ledger, the Data API's checks) shows in
the difference between "load" and them.

    python -m benchmarks.load                 5,000 rows, five rounds
    python -m benchmarks.load --rows 50000 --rounds 3
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.engine.local import LocalDataApi
from astrolabe.dataapi.engine.vectorize.vectorizer import OnWait, Vectorizer
from astrolabe.loading.batches import MOST_ROWS, BatchReader
from astrolabe.loading.document_builder import DocumentBuilder
from astrolabe.loading.formats.detect import inspect_file
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.loading.sample import SAMPLE_VECTOR_FIELD, sample_file
from astrolabe.loading.survey import Surveyor
from astrolabe.portal.organization import DEFAULT_KEYSPACE, Database, DatabaseDraft, ServiceConfig
from astrolabe.providers.catalogue.catalogue import EMBEDDED
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.local.static import STATIC_DIMENSION
from astrolabe.workspace import Workspace, WorkspaceOptions
from benchmarks.machine import machine_line
from storage.documents.store import DatabaseStore
from storage.shapes import Matrix

_FIELD = SAMPLE_VECTOR_FIELD
_WORDS = 60
"""Words of a row's text: a paragraph."""


class ReadyEngine:
    """Answers with vectors that are ready, so that what remains of an insert is checking and storing."""

    def __init__(self, vectors: Matrix) -> None:
        self._vectors = vectors

    async def embed(
        self,
        spec: EmbeddingSpec,  # noqa: ARG002 - the seam has it
        texts: Sequence[str],
        direction: Direction,  # noqa: ARG002 - the seam has it
        secret: SecretStr | None,  # noqa: ARG002 - the seam has it
        *,
        on_wait: OnWait | None = None,  # noqa: ARG002 - the seam has it
        credential: str | None = None,  # noqa: ARG002 - the seam has it
        own_key: bool = False,  # noqa: ARG002 - the seam has it
    ) -> Matrix:
        """Return as many vectors as there are texts."""
        return self._vectors[: len(texts)]


@dataclass
class Bench:
    """What the parts share."""

    workspace: Workspace
    database: Database
    client: DatabaseClient
    ready: DatabaseClient
    folder: Path
    path: Path
    texts: list[str]
    vectors: Matrix
    round: int = 0

    async def collection(self, client: DatabaseClient) -> TargetInfo:
        """Create a fresh collection that vectorizes, for this round."""
        name = f"round_{self.round}"
        service = ServiceConfig(EMBEDDED, self.workspace.catalogue.get(EMBEDDED).models[0].name)
        await client.create_collection(DEFAULT_KEYSPACE, name, collection_options(service=service))
        return next(info for info in await client.collections(DEFAULT_KEYSPACE) if info.name == name)


async def load(bench: Bench) -> None:
    """Run the load itself."""
    info = await bench.collection(bench.client)
    collection = bench.client.collection(DEFAULT_KEYSPACE, info.name)
    plan = LoadPlan(bench.path, bench.database.id, info, _FIELD)
    summary = await run_load(plan, collection, bench.workspace.ledger)
    assert summary.loaded == len(bench.texts), summary


async def read(bench: Bench) -> None:
    """Check the file and make every document, without sending any."""
    await asyncio.to_thread(_read, bench.path)


def _read(path: Path) -> None:
    file = inspect_file(path)
    with Surveyor(file) as surveyor:
        while surveyor.step():
            pass
        survey = surveyor.finish()
    info = TargetInfo("none", DEFAULT_KEYSPACE)
    with BatchReader(file, lambda: DocumentBuilder(survey, LoadPlan(path, "none", info))) as batches:
        while batches.next() is not None:
            pass


async def read_peer(bench: Bench) -> None:
    """Parse each line with the standard library."""
    with bench.path.open(encoding="utf-8") as file:
        for line in file:
            json.loads(line)


async def embed(bench: Bench) -> None:
    """Embed the texts in batches through the engine."""
    spec = EmbeddingSpec(EMBEDDED, bench.workspace.catalogue.get(EMBEDDED).models[0].name, STATIC_DIMENSION)
    for texts in _batches(bench.texts):
        await bench.workspace.engine.embed(spec, texts, Direction.STORE, None)


async def embed_peer(bench: Bench) -> None:
    """Embed the texts in batches with the wordllama package."""
    import wordllama  # noqa: PLC0415 - only here: it brings a lot

    peer = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    for texts in _batches(bench.texts):
        peer.embed(texts, norm=True)


async def store(bench: Bench) -> None:
    """Insert the documents with vectors that are ready: the Data API's rules, and SQLite."""
    info = await bench.collection(bench.ready)
    collection = bench.ready.collection(DEFAULT_KEYSPACE, info.name)
    for start, texts in zip(range(0, len(bench.texts), MOST_ROWS), _batches(bench.texts), strict=True):
        result = await collection.insert_many(
            [{"_id": f"{start + at}", _FIELD: text, "$vectorize": text} for at, text in enumerate(texts)]
        )
        assert not result.errors


async def store_peer(bench: Bench) -> None:
    """Insert the same with sqlite3, each batch durable as in the store."""
    with closing(sqlite3.connect(bench.folder / f"peer_{bench.round}.db")) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        connection.execute("CREATE TABLE items (key TEXT PRIMARY KEY, body TEXT, vector BLOB)")
        for start, texts in zip(range(0, len(bench.texts), MOST_ROWS), _batches(bench.texts), strict=True):
            rows = [
                (f"{start + at}", json.dumps({"_id": f"{start + at}", _FIELD: text}), bench.vectors[at].tobytes())
                for at, text in enumerate(texts)
            ]
            with connection:
                connection.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + MOST_ROWS] for start in range(0, len(texts), MOST_ROWS)]


PARTS: Mapping[str, tuple[Callable[[Bench], Awaitable[None]], Callable[[Bench], Awaitable[None]] | None]] = {
    "load": (load, None),
    "read": (read, read_peer),
    "embed": (embed, embed_peer),
    "store": (store, store_peer),
}


def write_rows(folder: Path, count: int) -> tuple[Path, list[str]]:
    """Write rows of real words, from the sample, as JSON Lines; return the file and the texts."""
    sample = sample_file(folder).read_text(encoding="utf-8").splitlines()
    words = " ".join(json.loads(line)[_FIELD] for line in sample).split()
    choose = random.Random(1)  # noqa: S311 - the same rows each time
    texts = [" ".join(choose.choices(words, k=_WORDS)) for _ in range(count)]
    path = folder / "rows.jsonl"
    rows = ({"number": number, "price": number / 100, _FIELD: text} for number, text in enumerate(texts))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path, texts


async def measure(folder: Path, rows: int, rounds: int) -> dict[str, list[float]]:
    """Run every part and its peer in turns; return the seconds of each run."""
    path, texts = write_rows(folder, rows)
    vectors = np.random.default_rng(1).standard_normal((MOST_ROWS, STATIC_DIMENSION)).astype(np.float32)
    seconds: dict[str, list[float]] = defaultdict(list)
    async with Workspace.opened(WorkspaceOptions(folder / "data")) as workspace:
        database = await workspace.create_database(DatabaseDraft("bench"))
        contents = await DatabaseStore.open(folder / "ready" / "contents.db")
        try:
            await contents.create_keyspace(DEFAULT_KEYSPACE)
            ready = LocalDataApi(
                database=database,
                store=contents,
                vectorizer=Vectorizer(workspace.integrations, ReadyEngine(vectors), workspace.catalogue),
                catalogue=workspace.catalogue,
                endpoint="http://127.0.0.1",
            )
            client = await workspace.client(database)
            bench = Bench(workspace, database, client, DatabaseClient(ready), folder, path, texts, vectors)
            await embed(bench)  # the model is read once, before anything is measured
            for bench.round in range(rounds):
                for name, (part, peer) in PARTS.items():
                    seconds[name].append(await _timed(part, bench))
                    if peer is not None:
                        seconds[f"{name} peer"].append(await _timed(peer, bench))
        finally:
            await contents.close()
    return seconds


async def _timed(part: Callable[[Bench], Awaitable[None]], bench: Bench) -> float:
    start = time.perf_counter()
    await part(bench)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="astrolabe-bench-") as folder:
        seconds = asyncio.run(measure(Path(folder), options.rows, options.rounds))
    print(machine_line())
    print(f"{options.rows:,} rows of {_WORDS} words, JSON Lines; medians of {options.rounds} rounds\n")
    print(f"{'part':8}{'rows/s':>10}{'slowest':>10}{'peer rows/s':>14}{'ratio':>8}")
    for name in PARTS:
        own = statistics.median(seconds[name])
        line = f"{name:8}{options.rows / own:>10,.0f}{options.rows / max(seconds[name]):>10,.0f}"
        if f"{name} peer" in seconds:
            peer = statistics.median(seconds[f"{name} peer"])
            line += f"{options.rows / peer:>14,.0f}{peer / own:>8.2f}"
        print(line)


if __name__ == "__main__":
    main()
