"""Search beside plain numpy and FAISS: median and slow queries, recall, filters, opening, in one run and interleaved.

The vectors are clustered unit vectors, made up; k is 10. Every system answers the same queries in turns of a few, so
that a busy machine slows all of them: trust the ratios. "best" is the fastest query, which the rest of the machine
disturbs least. "cold" is opening what is stored, in a new process, until the first answer, with the file in the
system's cache. "own" is memory that is not a file's.

    python -m benchmarks.search --rows 10000 100000 --dimension 384
    python -m benchmarks.search --rows 1000000 --one-core
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from benchmarks.machine import machine_line
from benchmarks.search_systems import FILTERS, Answer, Ids, Job, installed, serve
from storage.shapes import Matrix

K = 10
_TURN = 5
"""Queries that one system answers before it is the next one's turn."""

_REST = 0.03
"""Seconds between turns: threads of the last system that still wait for work go to sleep."""


@dataclass
class Figures:
    """What was measured of one system: milliseconds, and rows found, by filter (None: without)."""

    stored: float = 0.0
    cold: float = 0.0
    own_megabytes: float = 0.0
    milliseconds: dict[float | None, list[float]] = field(default_factory=lambda: defaultdict(list))
    found: dict[float | None, list[Ids]] = field(default_factory=lambda: defaultdict(list))

    def best(self) -> float:
        """Return the fastest query without a filter: what a busy machine disturbs least."""
        return min(self.milliseconds[None])

    def p50(self, share: float | None = None) -> float:
        """Return the median."""
        return float(np.median(self.milliseconds[share]))


class Child:
    """A system in its own process."""

    def __init__(self, system: str, folder: Path, rows: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe: Connection
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=serve, args=(system, folder, rows, theirs))
        self._process.start()
        theirs.close()

    def do(self, job: Job) -> Answer:
        """Have a job done."""
        self._pipe.send(job)
        answer: Answer = self._pipe.recv()
        return answer

    @property
    def own_megabytes(self) -> float:
        """Memory of the process that is not a file's; 0 where the system does not tell."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return 0.0
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["RssAnon"].split()[0]) / 1000

    def stop(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join(120)
        self._pipe.close()


@contextmanager
def child(system: str, folder: Path, rows: Path) -> Iterator[Child]:
    """Run a system in its own process."""
    process = Child(system, folder, rows)
    try:
        yield process
    finally:
        process.stop()


def make_vectors(file: Path, count: int, dimension: int, queries: int, spread: float) -> Matrix:
    """Write clustered unit vectors to a ``.npy`` file and return queries of the same kind.

    Args:
        file: Where to.
        count: How many rows.
        dimension: Numbers in each.
        queries: How many queries to return.
        spread: How far rows lie from the centre of their cluster, in lengths of the centre.
    """
    random = np.random.default_rng(0)
    clusters = max(16, int(count**0.5))
    centers = random.standard_normal((clusters, dimension), dtype=np.float32)

    def some(size: int) -> Matrix:
        noise = random.standard_normal((size, dimension), dtype=np.float32) * np.float32(spread)
        rows = centers[random.integers(0, clusters, size)] + noise
        unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    matrix = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(count, dimension))
    for start in range(0, count, 50_000):
        stop = min(start + 50_000, count)
        matrix[start:stop] = some(stop - start)
    matrix.flush()
    return some(queries)


def measure(folder: Path, rows: Path, queries: Matrix) -> dict[str, Figures]:
    """Measure every system that is installed."""
    figures = {system: Figures() for system in installed()}
    count = len(np.load(rows, mmap_mode="r"))
    for system, figure in figures.items():
        with child(system, folder, rows) as process:
            figure.stored = count / (process.do(Job("build", queries, K)).milliseconds[0] / 1000)
        colds = []
        for _ in range(3):
            with child(system, folder, rows) as process:
                colds.append(process.do(Job("cold", queries, K)).milliseconds[0])
        figure.cold = float(np.median(colds))
    children = {system: Child(system, folder, rows) for system in figures}
    try:
        take_turns(children, figures, queries)
    finally:
        for process in children.values():
            process.stop()
    return figures


def take_turns(children: dict[str, Child], figures: dict[str, Figures], queries: Matrix) -> None:
    """Let the systems answer the same queries in turns."""
    for share in (None, *FILTERS):
        some = queries if share is None else queries[: len(queries) // 2]
        for process in children.values():
            process.do(Job("search", some[:_TURN], K, share))
        for start in range(0, len(some), _TURN):
            for system, process in children.items():
                time.sleep(_REST)
                answer = process.do(Job("search", some[start : start + _TURN], K, share))
                figures[system].milliseconds[share].extend(answer.milliseconds)
                figures[system].found[share].extend(answer.found)
    for system, process in children.items():
        figures[system].own_megabytes = process.own_megabytes


def recall(figure: Figures, truth: Figures, share: float | None = None) -> float:
    """Return the share of the truly nearest rows that were found."""
    pairs = zip(figure.found[share], truth.found[share], strict=True)
    return float(np.mean([len(np.intersect1d(found, right)) / len(right) for found, right in pairs]))


def report(figures: dict[str, Figures]) -> None:
    """Print the tables."""
    peers = [name for name in figures if name != "astrolabe"]
    ratios = [f"x {peer}" for peer in peers]
    heads = ["rows/s stored", "cold ms", "p50 ms", "p95 ms", *ratios, "best ms", *ratios, "recall@10", "own MB"]
    print(f"{'':12}" + "".join(f"{head:>14}" for head in heads))
    for system, figure in figures.items():
        cells = [f"{figure.stored:.0f}", f"{figure.cold:.1f}", f"{figure.p50():.2f}"]
        cells.append(f"{np.quantile(figure.milliseconds[None], 0.95):.2f}")
        cells.extend(f"{figures[peer].p50() / figure.p50():.1f}" for peer in peers)
        cells.append(f"{figure.best():.2f}")
        cells.extend(f"{figures[peer].best() / figure.best():.1f}" for peer in peers)
        cells.extend([f"{recall(figure, figures['numpy']):.3f}", f"{figure.own_megabytes:.0f}"])
        print(f"{system:12}" + "".join(f"{cell:>14}" for cell in cells))
    print(f"\n{'filter':12}{'system':>14}" + "".join(f"{head:>14}" for head in ["p50 ms", *ratios, "recall@10"]))
    for share in FILTERS:
        for system, figure in figures.items():
            cells = [f"{figure.p50(share):.2f}"]
            cells.extend(f"{figures[peer].p50(share) / figure.p50(share):.1f}" for peer in peers)
            cells.append(f"{recall(figure, figures['numpy'], share):.3f}")
            print(f"{share:<12.0%}{system:>14}" + "".join(f"{cell:>14}" for cell in cells))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="Vector search beside its peers.")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], help="how many vectors")
    parser.add_argument("--dimension", type=int, default=384, help="numbers in a vector")
    parser.add_argument("--queries", type=int, default=100, help="how many queries")
    parser.add_argument("--spread", type=float, default=1.0, help="noise around a cluster's centre; more is harder")
    parser.add_argument("--one-core", action="store_true", help="run all on one core: fairer on a busy machine (Linux)")
    options = parser.parse_args(arguments)
    if options.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(machine_line())
    if "FAISS flat" not in installed():
        print("FAISS is not installed (pip install faiss-cpu): compared with numpy only.")
    for count in options.rows:
        print(f"\n{count} rows x {options.dimension}, spread {options.spread}, {options.queries} queries")
        with tempfile.TemporaryDirectory(prefix="astrolabe-benchmark-") as folder:
            rows = Path(folder) / "rows.npy"
            queries = make_vectors(rows, count, options.dimension, options.queries, options.spread)
            report(measure(Path(folder), rows, queries))


if __name__ == "__main__":
    main()
