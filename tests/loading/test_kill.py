"""A load of 5,000 rows is killed with SIGKILL at 20 random moments: what was acknowledged is there, once, whole."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft, ServiceConfig
from astrolabe.providers.catalogue.catalogue import EMBEDDED
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage import jsontext
from storage.documents.database_files import DatabaseFiles
from storage.documents.store import DatabaseStore
from storage.loads.ledger import LoadLedger, LoadState
from tests.loading.kill_worker import COLLECTION, DATABASE

ROWS = 5000
KILLS = 20
SEED = 20_261_120

WORDS = (Path(__file__).parent / "kill_worker.py").read_text().split()


def write_rows(path: Path) -> None:
    """Write rows without an ``_id``, each with a text of its own."""
    choose = random.Random(SEED)  # noqa: S311 - the same rows each time
    with path.open("w") as file:
        for number in range(ROWS):
            text = f"row {number}: " + " ".join(choose.choices(WORDS, k=20))
            file.write(json.dumps({"n": number, "text": text}) + "\n")


async def prepare(folder: Path) -> str:
    """Create the database and the collection; return the database's id."""
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        database = await workspace.create_database(DatabaseDraft(DATABASE))
        client = await workspace.client(database)
        service = ServiceConfig(EMBEDDED, workspace.catalogue.get(EMBEDDED).models[0].name)
        await client.create_collection(DEFAULT_KEYSPACE, COLLECTION, collection_options(service=service))
        return database.id


class Worker:
    """The program that runs the load, in a process of its own each time."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.acknowledged: set[str] = set()
        self.summary: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def started(cls, folder: Path, path: Path, *table: str) -> AsyncIterator[Worker]:
        arguments = ("-m", "tests.loading.kill_worker", str(folder), str(path), *table)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=PIPE, stdout=PIPE, limit=2**20, cwd=Path(__file__).parents[2]
        )
        assert process.stdin is not None
        try:
            yield cls(process)
        finally:
            process.stdin.close()
            await process.wait()

    async def run(self, *, kill_after: tuple[int, float] | None = None) -> None:
        """Run the load once, to its end or until it is killed: so many batches, and seconds after the last of them."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        child = await self._line()
        batches, seconds = kill_after or (-1, 0.0)
        while batches:
            said = await self._line()
            if said is None:
                return
            batches -= 1
        await asyncio.sleep(seconds)
        with suppress(ProcessLookupError):  # it came to its end before the moment came
            os.kill(child, signal.SIGKILL)
        while await self._line() is not None:
            pass

    async def _line(self) -> Any:  # noqa: ANN401 - JSON is any value
        """Return what the next line says, and remember it."""
        assert self.process.stdout is not None
        said = json.loads(await self.process.stdout.readline())
        if isinstance(said, list):
            self.acknowledged.update(map(str, said))
        elif isinstance(said, dict):
            self.summary = said
        return said


async def whole_documents(contents: Path) -> dict[str, int]:
    """Check the store and each document in it; return the field ``n`` by id."""
    store = await DatabaseStore.open(contents)
    try:
        assert await store.integrity_check() == []
        container = await store.container(DEFAULT_KEYSPACE, COLLECTION)
        assert container is not None
        found: list[tuple[str, int]] = []
        async for items in store.scan(container, vectors=["$vector"]):
            for item in items:
                body = jsontext.loads(item.body)
                vector = item.vectors["$vector"].data
                assert body["text"] == body["$vectorize"]
                assert vector.shape == (256,)
                assert np.linalg.norm(vector) > 0.9
                found.append((body["_id"], int(body["n"])))
        assert len(dict(found)) == len(found)
        return dict(found)
    finally:
        await store.close()


async def check_ledger(folder: Path, documents: int) -> LoadState:
    """Check that the ledger is whole and not ahead of the collection; return the load's state."""
    if not (folder / "loads.db").exists():  # killed before it was made; looking at it would leave an empty file
        assert not documents
        return LoadState.RUNNING
    with closing(sqlite3.connect(folder / "loads.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    ledger = await LoadLedger.open(folder / "loads.db")
    try:
        records = await ledger.recent()
        assert all(record.next_row == record.loaded + record.already_there <= documents for record in records)
        return records[0].state if records else LoadState.RUNNING
    finally:
        await ledger.close()


async def test_a_load_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    folder, path = tmp_path / "data", tmp_path / "rows.jsonl"
    write_rows(path)
    contents = DatabaseFiles(folder / "databases").contents(await prepare(folder))
    choose = random.Random(SEED)  # noqa: S311 - the same moments each time, as far as they can be
    killed_midway = 0
    async with Worker.started(folder, path) as worker:
        for _ in range(KILLS):
            batches = choose.choice((0, 0, 1, 1, 2))
            await worker.run(kill_after=(batches, choose.uniform(0, 0.03 if batches else 0.3)))
            documents = await whole_documents(contents)
            assert worker.acknowledged <= documents.keys()
            killed_midway += await check_ledger(folder, len(documents)) is LoadState.RUNNING
        assert killed_midway >= KILLS * 3 / 4
        assert worker.summary == {}
        await worker.run()
    documents = await whole_documents(contents)
    assert worker.acknowledged <= documents.keys()
    assert sorted(documents.values()) == list(range(ROWS))
    summary = worker.summary
    assert summary["loaded"] + summary["already_there"] == summary["total"] == ROWS
    assert summary["failed"] == summary["not_attempted"] == 0
    assert await check_ledger(folder, ROWS) is LoadState.DONE
