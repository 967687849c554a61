"""The program that ``test_kill`` kills: loads a file, and says which documents or rows were acknowledged.

    python -m tests.loading.kill_worker DATA_FOLDER FILE [TABLE]

For each line on stdin a child process is forked, which runs the load once; so the imports are paid for once, and each
kill hits a process of its own that knows nothing of the ones before. Lines on stdout, each a JSON value: the child's
process id before it opens anything, the ids of each acknowledged batch as an array, the counts of the summary as an
object if the load comes to its end, and null when the process has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.command_builders import CollectionTarget
from astrolabe.dataapi.client.results import InsertManyResult
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace, WorkspaceOptions

DATABASE = "library"
COLLECTION = "docs"


def say(value: object) -> None:
    """Write a line past every buffer."""
    os.write(sys.stdout.fileno(), json.dumps(value).encode() + b"\n")


class SayingCollection(Collection):
    """Says which documents the collection has acknowledged."""

    async def insert_many(self, documents: Sequence[Mapping[str, Any]], *, ordered: bool = False) -> InsertManyResult:
        result = await super().insert_many(documents, ordered=ordered)
        say(result.inserted_ids)
        return result


async def load(folder: Path, path: Path, table: str | None) -> None:
    """Load the file into the collection, or the table, that the test has made."""
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        database = await workspace.databases.find(DATABASE)
        client = await workspace.client(database)
        [info] = await (client.collections(DEFAULT_KEYSPACE) if table is None else client.tables(DEFAULT_KEYSPACE))
        collection = SayingCollection(await workspace.api(database), CollectionTarget(DEFAULT_KEYSPACE, info.name))
        plan = LoadPlan(path, database.id, info, "text")
        if table is not None:
            plan = LoadPlan(path, database.id, info, columns={"meaning": "text"})
        summary = await run_load(plan, collection, workspace.ledger)
        assert summary.problem is None, summary.problem
        names = ("total", "loaded", "already_there", "failed", "not_attempted", "earlier")
        say({name: getattr(summary, name) for name in names})


def main(folder: Path, path: Path, table: str | None = None) -> None:
    """Fork a child for each line on stdin."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                say(os.getpid())
                asyncio.run(load(folder, path, table))
            finally:
                sys.stderr.flush()
                os._exit(0)
        os.waitpid(child, 0)
        say(None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
