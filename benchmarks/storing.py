"""insertMany of documents with vectors, in rows a second, by how the vectors are given; and what they take on the disk.

Through the engine's own API, documents attached, one command at a time. The peer is bare SQLite with the same tables,
indexes and durability and a commit for each batch, which is given rows that are ready. Both take turns, batch group by
batch group, so that the ratios hold when the machine is busy. "first search" is the first one after everything was
stored, in the same process. "disk" is all files of the database, side file included, as a multiple of the 32-bit
floats; for SQLite, without a side file.

    python -m benchmarks.storing                          20,000 rows of 256 numbers, 100 a command
    python -m benchmarks.storing --rows 100000 --forms widened double
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from benchmarks.machine import machine_line
from storage import jsontext
from storage.documents.schema import CONTAINER_TABLES, Tables
from storage.shapes import Matrix, Metric

_GROUP = 20
"""Commands of one side before it is the other's turn."""


def _widened(row: Matrix) -> object:
    return row.astype(np.float64).tolist()


def _double(row: Matrix) -> object:
    return (row.astype(np.float64) * 1.000000001).tolist()


def _binary(row: Matrix) -> object:
    return {"$binary": base64.b64encode(row.astype(">f4").tobytes()).decode()}


FORMS: Mapping[str, Callable[[Matrix], object]] = {"binary": _binary, "widened": _widened, "double": _double}
"""How a vector is given, by name."""


@dataclass
class Figures:
    """What was measured of one form.

    Attributes:
        seconds: Spent in commands.
        peer_seconds: Spent by SQLite on the same rows.
        search: Seconds of the first search.
        disk: Bytes of the database.
        peer_disk: Bytes of the peer's file.
    """

    seconds: float = 0.0
    peer_seconds: float = 0.0
    search: float = 0.0
    disk: int = 0
    peer_disk: int = 0


class BareSqlite:
    """The tables of a container, written to by nobody but SQLite."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL"):
            self._database.execute(f"PRAGMA {pragma}")
        self._tables = Tables(1)
        for statement in CONTAINER_TABLES:
            self._database.execute(self._tables.sql(statement))

    def insert(self, first: int, bodies: Sequence[str], blobs: Sequence[bytes]) -> None:
        """Write rows in one transaction."""
        self._database.execute("BEGIN IMMEDIATE")
        sql = self._tables.sql("INSERT INTO {item} VALUES (?, ?, ?, 1)")
        self._database.executemany(sql, [(first + at, f"n{first + at}", body) for at, body in enumerate(bodies)])
        sql = self._tables.sql(
            "INSERT INTO {vector} (name, seq, revision, form, data) VALUES ('$vector', ?, 1, 'x', ?)"
        )
        self._database.executemany(sql, [(first + at, blob) for at, blob in enumerate(blobs)])
        self._database.execute("COMMIT")

    def close(self) -> int:
        """Close the file; return its size."""
        self._database.close()
        return self._path.stat().st_size


def documents(first: int, rows: Matrix, form: str) -> list[Json]:
    """Return documents as a client would send them."""
    return [
        {"_id": first + at, "title": f"Title of document {first + at}", "group": at % 10, "$vector": FORMS[form](row)}
        for at, row in enumerate(rows)
    ]


def groups(matrix: Matrix, batch: int) -> Iterator[list[tuple[int, Matrix]]]:
    """Yield the rows as a few batches at a time, each with the number of its first row."""
    batches = [(start, matrix[start : start + batch]) for start in range(0, len(matrix), batch)]
    for start in range(0, len(batches), _GROUP):
        yield batches[start : start + _GROUP]


async def measure(folder: Path, matrix: Matrix, form: str, batch: int) -> Figures:
    """Store a matrix through the API and through SQLite, in turns; then search."""
    figures = Figures()
    peer = BareSqlite(folder / f"{form}.db")
    async with Workspace.opened(WorkspaceOptions(folder / form)) as workspace:
        database = await workspace.create_database(DatabaseDraft("bench"))
        client: DatabaseClient = await workspace.client(database)
        options = collection_options(dimension=matrix.shape[1], metric=Metric.DOT_PRODUCT)
        await client.create_collection(DEFAULT_KEYSPACE, "vectors", options)
        collection = client.collection(DEFAULT_KEYSPACE, "vectors")
        for group in groups(matrix, batch):
            given = [documents(first, rows, form) for first, rows in group]
            start = time.perf_counter()
            for some in given:
                await collection.insert_many(some)
            between = time.perf_counter()
            figures.seconds += between - start
            ready = [
                (
                    first,
                    [jsontext.dumps({**document, "$vector": None}) for document in some],
                    [row.tobytes() for row in rows],
                )
                for (first, rows), some in zip(group, given, strict=True)
            ]
            start = time.perf_counter()
            for first, bodies, blobs in ready:
                peer.insert(first, bodies, blobs)
            figures.peer_seconds += time.perf_counter() - start
        start = time.perf_counter()
        await collection.find(sort={"$vector": matrix[0].tolist()}, limit=10)
        figures.search = time.perf_counter() - start
    figures.disk = sum(file.stat().st_size for file in (folder / form / "databases").rglob("*") if file.is_file())
    figures.peer_disk = peer.close()
    return figures


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--forms", nargs="+", choices=list(FORMS), default=list(FORMS))
    options = parser.parse_args()
    random = np.random.default_rng(1)
    matrix = random.standard_normal((options.rows, options.dimension)).astype(np.float32)
    print(machine_line())
    print(f"{options.rows:,} rows of {options.dimension} numbers, insertMany of {options.batch}\n")
    print("| given as | rows/s | of bare SQLite | disk | SQLite's | first search, ms |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="astrolabe-bench-") as folder:
        for form in options.forms:
            found = asyncio.run(measure(Path(folder), matrix, form, options.batch))
            print(_line(form, found, matrix), flush=True)


def _line(form: str, found: Figures, matrix: Matrix) -> str:
    cells = (
        form,
        f"{len(matrix) / found.seconds:,.0f}",
        f"{found.peer_seconds / found.seconds:.2f}",
        f"{found.disk / matrix.nbytes:.2f}",
        f"{found.peer_disk / matrix.nbytes:.2f}",
        f"{found.search * 1e3:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
