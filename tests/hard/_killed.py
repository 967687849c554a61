"""The program that ``kills`` kills: does one kind of work on a data folder, again and again, and says what it does.

    python -m tests.hard._killed DATA_FOLDER

For each line on stdin, a :class:`Job` in JSON, a child process is forked, which works until it is killed or has no more
to do. Lines on stdout: the child's process id before it opens anything; for each write, what it is going to do
(``will``, with a number) and that this was acknowledged (``did``, with the number); what went wrong (``failed``); null
when the process has ended.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
import traceback
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import SecretStr

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.command_builders import CollectionTarget
from astrolabe.dataapi.client.results import InsertManyResult
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage.documents import store
from storage.shapes import COLLECTION_VECTOR, Vector
from storage.vectors.live import SavePolicy

DATABASE, COLLECTION, DIMENSION = "library", "docs", 16
PROVIDER, CREDENTIAL = "openai", "main"

_EAGER = SavePolicy(fewest_rows=50, fewest_changes=1, share_in_use=10**9, share_at_close=1)
"""Every change is worth a new side file."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a child does.

    Attributes:
        kind: One of :data:`JOBS`.
        seed: Where its dice begin; keys of new documents begin with it.
        known: Keys and versions of some documents that are there.
        file: What to load.
    """

    kind: str
    seed: int
    known: Mapping[str, int] = field(default_factory=dict)
    file: str = ""


@lru_cache(1_000_000)
def vector_of(key: str, version: int) -> Vector:
    """Return the vector of a version of a document; it is asked for again after each kill."""
    dice = np.random.default_rng(zlib.crc32(f"{key} {version}".encode()))
    vector = dice.standard_normal(DIMENSION, dtype=np.float32).round(4)
    vector.flags.writeable = False
    return vector


def document(key: str, version: int) -> dict[str, Any]:
    """Return a version of a document."""
    return {"_id": key, "version": version, COLLECTION_VECTOR: vector_of(key, version).tolist()}


def say(value: object) -> None:
    """Write a line past every buffer."""
    os.write(sys.stdout.fileno(), json.dumps(value).encode() + b"\n")


class Teller:
    """Says what is done, numbered."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    @asynccontextmanager
    async def telling(
        self, *, put: Mapping[str, int] | None = None, gone: Sequence[str] = (), secret: str | None = None
    ) -> AsyncIterator[None]:
        """Say what a block is going to do, and that it was acknowledged."""
        number = next(self._numbers)
        say({"will": number, "put": dict(put or {}), "gone": list(gone), "secret": secret})
        yield
        say({"did": number})


class TellingCollection(Collection):
    """Says what is inserted."""

    teller: Teller

    async def insert_many(self, documents: Sequence[Mapping[str, Any]], *, ordered: bool = False) -> InsertManyResult:
        async with self.teller.telling(put={str(one["_id"]): int(one["version"]) for one in documents}):
            return await super().insert_many(documents, ordered=ordered)


@dataclass
class Work:
    """An open workspace with what the jobs need."""

    workspace: Workspace
    collection: TellingCollection
    teller: Teller
    dice: random.Random
    job: Job

    async def search(self) -> None:
        """Search, which lets the index catch up, and be saved in the background."""
        await self.collection.find(
            sort={COLLECTION_VECTOR: vector_of("query", self.dice.randrange(99)).tolist()}, limit=5
        )

    async def insert(self) -> None:
        for number in itertools.count():
            keys = [f"{self.job.seed}-{number}-{place}" for place in range(self.dice.randint(1, 40))]
            await self.collection.insert_many([document(key, 1) for key in keys])
            if self.dice.random() < 0.3:
                await self.search()

    async def update(self) -> None:
        for key, version in self.job.known.items():
            change = {name: value for name, value in document(key, version + 1).items() if name != "_id"}
            async with self.teller.telling(put={key: version + 1}):
                await self.collection.update_one({"_id": key}, {"$set": change})
            if self.dice.random() < 0.2:
                await self.search()

    async def delete(self) -> None:
        keys = list(self.job.known)
        while keys:
            some, keys = keys[:20], keys[20:]
            async with self.teller.telling(gone=some):
                await self.collection.delete_many({"_id": {"$in": some}})
            if self.dice.random() < 0.3:
                await self.search()

    async def save(self) -> None:
        """Search after every small change, so that the index is being saved nearly all the time."""
        for number in itertools.count():
            await self.collection.insert_many([document(f"{self.job.seed}-{number}", 1)])
            await self.search()

    async def load(self) -> None:
        database = await self.workspace.databases.find(DATABASE)
        [info] = await (await self.workspace.client(database)).collections(DEFAULT_KEYSPACE)
        plan = LoadPlan(Path(self.job.file), database.id, info)
        summary = await run_load(plan, self.collection, self.workspace.ledger)
        assert summary.problem is None, summary.problem

    async def rotate(self) -> None:
        for number in itertools.count():
            secret = f"sk-{self.job.seed}-{number}-{'x' * 24}"
            async with self.teller.telling(secret=secret):
                await self.workspace.integrations.rotate(PROVIDER, CREDENTIAL, SecretStr(secret))

    async def reencrypt(self) -> None:
        while True:
            async with self.teller.telling():
                await self.workspace.reencryption.run()


JOBS = {
    "insert": Work.insert,
    "update": Work.update,
    "delete": Work.delete,
    "save": Work.save,
    "load": Work.load,
    "rotate": Work.rotate,
    "reencrypt": Work.reencrypt,
}


async def work(folder: Path, job: Job) -> None:
    """Do a job."""
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        database = await workspace.databases.find(DATABASE)
        target = CollectionTarget(DEFAULT_KEYSPACE, COLLECTION)
        collection = TellingCollection(await workspace.api(database), target)
        collection.teller = Teller()
        dice = random.Random(job.seed)  # noqa: S311 - a test's dice
        await JOBS[job.kind](Work(workspace, collection, collection.teller, dice, job))


def main(folder: Path) -> None:
    """Fork a child for each line on stdin."""
    vars(store)["DEFAULT_POLICY"] = _EAGER
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                say(os.getpid())
                asyncio.run(work(folder, Job(**json.loads(line))))
            except BaseException:  # noqa: BLE001 - a process's boundary: what goes wrong here has to be told
                say({"failed": traceback.format_exc()})
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        say(None)


def as_line(job: Job) -> bytes:
    """Return a job as a line for stdin."""
    return json.dumps(asdict(job)).encode() + b"\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
