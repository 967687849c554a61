"""Rows of a table beside the same values as documents of a collection, in one process and in turns.

Both are written through the engine's commands in batches of 100, then read: by key, by an indexed value, by a range of
an indexed value, by vector. The ratio is the collection's time by the table's: above 1 the table is quicker. "indexed"
asks for a value that 20 rows share, and "range" for three of them. At the end an index is made on all rows of the
table, and single rows are inserted beside it: how long the longest of them had to wait.

    python -m benchmarks.tables --rows 100000
    python -m benchmarks.tables --rows 1000000 --table-only
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from benchmarks.machine import machine_line

KEYSPACE = "default_keyspace"
DIMENSION = 64
BATCH = 100
SHARING = 20
"""Rows that share one indexed value."""

ROUNDS = 60


@dataclass
class Side:
    """The table or the collection: how it is asked, and how long that took."""

    name: str
    key: str
    vector: str
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0


TABLE, COLLECTION = Side("t", "id", "v"), Side("c", "_id", "$vector")


@dataclass
class LateIndex:
    """An index that is made when the rows are there.

    Attributes:
        seconds: How long it took.
        waits: How long each insert took beside it, in milliseconds.
    """

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)


async def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--table-only", action="store_true", help="leave the collection out")
    arguments = parser.parse_args()
    sides = [TABLE] if arguments.table_only else [TABLE, COLLECTION]
    with tempfile.TemporaryDirectory() as folder:
        async with Workspace.opened(WorkspaceOptions(Path(folder))) as workspace:
            database = await workspace.create_database(DatabaseDraft("tables"))
            bench = Bench(await workspace.client(database), arguments.rows)
            await bench.create(sides)
            await bench.load(sides)
            await bench.read(sides)
            late = await bench.index_late()
    print(machine_line())
    print(f"{arguments.rows} rows, {DIMENSION} dimensions\n")
    report(arguments.rows, sides)
    print(
        f"\ncreateIndex on all rows: {late.seconds:.1f} s; beside it {len(late.waits)} inserts of a row, median "
        f"{np.median(late.waits):.1f} ms, longest {max(late.waits):.0f} ms"
    )


def _asked(question: str, side: Side, number: int, low: int, vector: list[float]) -> dict[str, Any]:
    """Return what a find asks."""
    match question:
        case "by key":
            return {"filter": {side.key: f"row {number}"}}
        case "indexed":
            return {"filter": {"n": low}}
        case "range":
            return {"filter": {"n": {"$gte": low, "$lt": low + 3}}}
        case _:
            return {"sort": {side.vector: vector}, "options": {"limit": 10}}


class Bench:
    """One database with a table and a collection."""

    def __init__(self, client: DatabaseClient, rows: int) -> None:
        self._client = client
        self._rows = rows
        self._chance = random.Random(7)  # noqa: S311 - repeatable
        self._vectors = np.random.default_rng(7).standard_normal((1000, DIMENSION)).round(5)

    async def _send(self, command: dict[str, Any], name: str | None = None) -> dict[str, Any]:
        return (await self._client.run(PlannedCommand(command, KEYSPACE, name))).to_json()

    async def create(self, sides: list[Side]) -> None:
        """Create the table with its indexes, and the collection."""
        columns = {"id": "text", "n": "int", "t": "text", "v": {"type": "vector", "dimension": DIMENSION}}
        definition = {"columns": columns, "primaryKey": "id"}
        await self._send({"createTable": {"name": TABLE.name, "definition": definition}})
        await self._send({"createIndex": {"name": "by_n", "definition": {"column": "n"}}}, TABLE.name)
        await self._send({"createVectorIndex": {"name": "by_v", "definition": {"column": "v"}}}, TABLE.name)
        if COLLECTION in sides:
            options = {"vector": {"dimension": DIMENSION}}
            await self._send({"createCollection": {"name": COLLECTION.name, "options": options}})

    def _document(self, side: Side, number: int) -> dict[str, Any]:
        vector = self._vectors[number % len(self._vectors)].tolist()
        return {side.key: f"row {number}", "n": number // SHARING, "t": f"text of {number}", side.vector: vector}

    async def load(self, sides: list[Side]) -> None:
        """Write the rows, batch by batch in turns."""
        for start in range(0, self._rows, BATCH):
            for side in sides:
                documents = [self._document(side, number) for number in range(start, min(start + BATCH, self._rows))]
                began = time.perf_counter()
                await self._send({"insertMany": {"documents": documents}}, side.name)
                side.seconds += time.perf_counter() - began

    async def read(self, sides: list[Side]) -> None:
        """Ask both the same questions, in turns."""
        for turn in range(ROUNDS):
            number = self._chance.randrange(self._rows)
            vector = self._vectors[number % len(self._vectors)].tolist()
            low = number // SHARING
            for question in ("by key", "indexed", "range", "vector"):
                for side in sides if turn % 2 else reversed(sides):
                    asked = _asked(question, side, number, low, vector)
                    await self._timed(side, question, {"find": asked | {"projection": {"n": 1, "t": 1}}})

    async def index_late(self) -> LateIndex:
        """Make an index while rows are inserted one by one."""
        late = LateIndex()
        began = time.perf_counter()
        command = {"createIndex": {"name": "by_t", "definition": {"column": "t"}}}
        making = asyncio.create_task(self._send(command, TABLE.name))
        while not making.done():
            started = time.perf_counter()
            row = self._document(TABLE, self._rows + len(late.waits))
            await self._send({"insertOne": {"document": row}}, TABLE.name)
            late.waits.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.02)
        await making
        late.seconds = time.perf_counter() - began
        return late

    async def _timed(self, side: Side, question: str, command: dict[str, Any]) -> None:
        began = time.perf_counter()
        await self._send(command, side.name)
        side.milliseconds.setdefault(question, []).append((time.perf_counter() - began) * 1000)


def report(rows: int, sides: list[Side]) -> None:
    """Print what was measured."""
    print("| | " + " | ".join(f"{side.name} (ms)" for side in sides) + " | ratio |")
    print("|---|" + "--:|" * (len(sides) + 1))
    figures = {"insert 100": [side.seconds * 1000 * BATCH / rows for side in sides]}
    for question in TABLE.milliseconds:
        figures[question] = [float(np.median(side.milliseconds[question])) for side in sides]
    for question, found in figures.items():
        ratio = f"{found[1] / found[0]:.2f}" if len(found) > 1 else ""
        print(f"| {question} | {' | '.join(f'{one:.2f}' for one in found)} | {ratio} |")


if __name__ == "__main__":
    asyncio.run(main())
