"""A load into a table with two vector columns and two indexes is killed with SIGKILL at random moments."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.engine.definitions.row_layout import extract_of
from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft
from astrolabe.providers.catalogue.catalogue import EMBEDDED
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage import jsontext
from storage.documents.database_files import DatabaseFiles
from storage.documents.store import DatabaseStore
from storage.loads.ledger import LoadState
from tests.loading.kill_worker import DATABASE
from tests.loading.test_kill import WORDS, Worker, check_ledger

TABLE = "notes"
_DIMENSION = 8


def write_rows(path: Path, rows: int, choose: random.Random) -> None:
    """Write rows with a key, a text, a vector, and what indexes find."""
    with path.open("w") as file:
        for number in range(rows):
            text = f"row {number}: " + " ".join(choose.choices(WORDS, k=10))
            shape = [round(choose.uniform(-1, 1), 3) for _ in range(_DIMENSION)]
            row = {"id": number, "half": str(number // 2), "text": text, "shape": shape}
            file.write(json.dumps({**row, "tags": [f"t{number % 7}", "all"]}) + "\n")


async def prepare(folder: Path) -> Path:
    """Create the database, the table and its indexes; return the path of the contents."""
    columns = {
        "id": "int",
        "half": "int",
        "text": "text",
        "tags": {"type": "set", "valueType": "text"},
        "shape": {"type": "vector", "dimension": _DIMENSION},
    }
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        database = await workspace.create_database(DatabaseDraft(DATABASE))
        client = await workspace.client(database)
        service = {"provider": EMBEDDED, "modelName": workspace.catalogue.get(EMBEDDED).models[0].name}
        definition = {"columns": columns | {"meaning": {"type": "vector", "service": service}}, "primaryKey": "id"}
        await client.run(PlannedCommand({"createTable": {"name": TABLE, "definition": definition}}, DEFAULT_KEYSPACE))
        for command, column in (
            ("createIndex", "half"),
            ("createIndex", "tags"),
            ("createTextIndex", "text"),
            ("createVectorIndex", "shape"),
            ("createVectorIndex", "meaning"),
        ):
            body = {"name": f"by_{column}", "definition": {"column": column}}
            await client.run(PlannedCommand({command: body}, DEFAULT_KEYSPACE, TABLE))
        return DatabaseFiles(folder / "databases").contents(database.id)


async def whole_rows(contents: Path) -> set[int]:
    """Check the store, every index and every row; return the keys."""
    store = await DatabaseStore.open(contents)
    try:
        assert await store.integrity_check(extract_of) == []
        container = await store.container(DEFAULT_KEYSPACE, TABLE)
        assert container is not None
        found: list[int] = []
        async for items in store.scan(container, vectors=["shape", "meaning"]):
            for item in items:
                body = jsontext.loads(item.body)
                number = int(body["id"])
                assert int(body["half"]) == number // 2
                assert item.vectors["shape"].data.shape == (_DIMENSION,)
                assert np.linalg.norm(item.vectors["meaning"].data) > 0.9
                found.append(number)
        assert len(set(found)) == len(found)
        return set(found)
    finally:
        await store.close()


async def kill_loads(folder: Path, rows: int, kills: int, seed: int) -> int:
    """Kill a load again and again, let it end, and check each time; return how many kills hit it midway."""
    choose = random.Random(seed)  # noqa: S311 - the same moments each time, as far as they can be
    path = folder / "rows.jsonl"
    write_rows(path, rows, choose)
    data = folder / "data"
    contents = await prepare(data)
    midway = 0
    async with Worker.started(data, path, TABLE) as worker:
        for _ in range(kills):
            batches = choose.choice((0, 0, 1, 1, 2))
            await worker.run(kill_after=(batches, choose.uniform(0, 0.03 if batches else 0.3)))
            found = await whole_rows(contents)
            assert worker.acknowledged <= {f"[{number}]" for number in found}
            midway += await check_ledger(data, len(found)) is LoadState.RUNNING
        await worker.run()
    assert await whole_rows(contents) == set(range(rows))
    summary = worker.summary
    assert summary["loaded"] == summary["total"] == rows
    assert summary["failed"] == summary["not_attempted"] == 0
    assert await check_ledger(data, rows) is LoadState.DONE
    return midway
