"""A hundred kills of loads, inserts, updates, deletes, index saves, rotations and re-encryptions, on one data folder.

    python -m tests.hard.kills [--kills 100] [--kinds insert delete …] [--rows 21000] [--minutes 15] [--seed N]

After each: both files are sound, every acknowledged write is there and nothing else but what was under way, the secret
is the last one acknowledged or the one under way, and searches find what they should. Now and then, instead of a
kill, a copy of the contents is put back, or the log that a kill has left is lost: then searches have to be right, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage import jsontext
from storage.documents.database_files import DatabaseFiles
from storage.documents.store import DatabaseStore
from storage.shapes import COLLECTION_VECTOR, Container, Matrix, Metric
from storage.vectors.directory import Seqs
from tests.hard._expected import SECRET, BrokenError, Expected
from tests.hard._killed import (
    COLLECTION,
    CREDENTIAL,
    DATABASE,
    DIMENSION,
    JOBS,
    PROVIDER,
    Job,
    as_line,
    document,
    vector_of,
)
from tests.support.vectors import plain_similarities

PATIENCE = 120.0
"""Seconds without a word after which a child is stuck."""

_SEARCHES, _NEAREST = 5, 10
_MISSED_AT_MOST = 0.005
"""Share of the nearest rows that searches may miss, of all that were looked for."""

_ROUNDED_BITS = 4
"""Bits of a code that may differ where a product is nearly nothing, and is rounded by how many are made at once."""

_LOADED_ROWS = 3_000
_EVERY = 8
"""In one turn of this many, on the average, the contents are put back; in as many a log is lost."""


class Victim:
    """The program that is killed."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def started(cls, folder: Path) -> AsyncIterator[Victim]:
        """Start it; its children are forked from it, one for each kill."""
        words = ("-m", "tests.hard._killed", str(folder))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=PIPE, stdout=PIPE, limit=2**24, cwd=Path(__file__).parents[2]
        )
        assert process.stdin is not None
        try:
            yield cls(process)
        finally:
            process.stdin.close()
            await process.wait()

    async def work(self, job: Job, expected: Expected, writes: int, seconds: float) -> bool:
        """Let a child work and kill it so long after so many acknowledged writes; return whether it was alive."""
        assert self._process.stdin is not None
        self._process.stdin.write(as_line(job))
        child, pending = await self._line(), dict[int, dict[str, Any]]()
        while writes:
            said = await self._line()
            if said is None:
                return False
            writes -= _take_in(said, pending, expected)
        await asyncio.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        while (said := await self._line()) is not None:
            _take_in(said, pending, expected)
        return True

    async def _line(self) -> Any:  # noqa: ANN401 - JSON is any value
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self._process.stdout.readline())


def _take_in(said: dict[str, Any], pending: dict[int, dict[str, Any]], expected: Expected) -> bool:
    """Take in a line; return whether it acknowledges a write."""
    if "failed" in said:
        raise BrokenError(said["failed"])
    if "will" in said:
        pending[said["will"]] = said
        expected.begin(said)
        return False
    expected.end(pending.pop(said["did"]))
    return True


class Run:
    """One data folder and all that is done to it.

    Args:
        folder: An empty folder.
        dice: Decides.
    """

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.dice = dice
        self.expected = Expected()
        self.contents = Path()
        self.done: Counter[str] = Counter()
        self.wanted = self.missed = 0
        self._backup: Expected | None = None
        self._loaded = ""

    async def prepare(self, rows: int) -> None:
        """Create the database, the collection with its documents, and the credential."""
        async with Workspace.opened(WorkspaceOptions(self.data)) as workspace:
            database = await workspace.create_database(DatabaseDraft(DATABASE))
            self.contents = DatabaseFiles(self.data / "databases").contents(database.id)
            client = await workspace.client(database)
            await client.create_collection(DEFAULT_KEYSPACE, COLLECTION, collection_options(dimension=DIMENSION))
            draft = CredentialDraft(PROVIDER, CREDENTIAL, SecretStr(SECRET), (database.id,))
            await workspace.integrations.add_credential(draft)
            collection = client.collection(DEFAULT_KEYSPACE, COLLECTION)
            for start in range(0, rows, 100):
                keys = [f"first-{number}" for number in range(start, min(start + 100, rows))]
                await collection.insert_many([document(key, 1) for key in keys])
                self.expected.versions |= dict.fromkeys(keys, 1)

    def job(self, kind: str) -> Job:
        """Return a job of a kind, for a child."""
        seed = self.dice.randrange(10**9)
        some = self.dice.sample(sorted(self.expected.versions), min(400, len(self.expected.versions)))
        known = {key: self.expected.versions[key] for key in some} if kind in {"update", "delete"} else {}
        if kind == "load" and (not self._loaded or self.dice.random() < 0.3):
            self._loaded = str(self.folder / f"{seed}.jsonl")
            rows = [json.dumps(document(f"{seed}-{number}", 1)) for number in range(_LOADED_ROWS)]
            Path(self._loaded).write_text("\n".join(rows))
        return Job(kind, seed, known, self._loaded if kind == "load" else "")

    async def kill(self, victim: Victim, kind: str) -> None:
        """Let a child do a job, kill it, and look."""
        writes = self.dice.choice((0, 0, 1, 2, 5))
        seconds = self.dice.uniform(0, 0.08 if writes else 0.5)
        alive = await victim.work(self.job(kind), self.expected, writes, seconds)
        self.done[kind if alive else f"{kind}, which had ended"] += 1
        self.done["in the middle of a write"] += bool(self.expected.under_way) or len(self.expected.secrets) > 1
        await self.check()

    async def turn_back(self) -> None:
        """Put the copy of the contents back, or make one."""
        log = [self.contents.with_name(self.contents.name + suffix) for suffix in ("-wal", "-shm")]
        if self._backup is None:
            self._backup = self.expected.copy()
            shutil.copy(self.contents, self.folder / "backup.db")
            return
        for path in log:
            path.unlink(missing_ok=True)
        shutil.copy(self.folder / "backup.db", self.contents)
        self.expected.versions, self._backup = self._backup.versions, None
        self._loaded = ""  # the ledger knows nothing of this
        self.done["put back"] += 1
        await self.check()

    async def lose_log(self, victim: Victim, kind: str) -> None:
        """Kill a child and remove the log that it leaves: what was acknowledged may be gone, searches are right."""
        await victim.work(self.job(kind), self.expected, self.dice.choice((1, 2, 5)), self.dice.uniform(0, 0.1))
        shutil.copytree(self.data, self.folder / "before")
        for suffix in ("-wal", "-shm"):
            self.contents.with_name(self.contents.name + suffix).unlink(missing_ok=True)
        store = await DatabaseStore.open(self.contents, made=True)
        sound = not await store.integrity_check()
        await store.close()
        if sound:
            self.expected.under_way.clear()
            self.expected.versions = await self.look()
            self._loaded = ""
            self.done["log lost"] += 1
        else:  # killed while the log was being written back: then the file is broken for good, and said to be
            shutil.rmtree(self.data)
            shutil.copytree(self.folder / "before", self.data)
            self.done["log lost, and refused"] += 1
        shutil.rmtree(self.folder / "before")
        await self.check()

    async def check(self) -> None:
        """Look at everything.

        Raises:
            BrokenError: Something does not hold.
        """
        self.expected.settle(await self.look())
        async with Workspace.opened(WorkspaceOptions(self.data)) as workspace:
            if problems := await workspace.integrity():
                raise BrokenError(f"the catalog: {problems}")
            secret = (await workspace.integrations.read_secret(PROVIDER, CREDENTIAL)).get_secret_value()
        if secret not in self.expected.secrets:
            raise BrokenError("the secret is not the last one that was acknowledged")
        self.expected.secrets = {secret}

    async def look(self) -> dict[str, int]:
        """Return the version of each document; each must have its vector, and searches must find what is near.

        Raises:
            BrokenError: Something does not hold.
        """
        store = await DatabaseStore.open(self.contents, made=True)
        try:
            if problems := await store.integrity_check():
                raise BrokenError(f"the contents: {problems}")
            container = await store.container(DEFAULT_KEYSPACE, COLLECTION)
            if container is None:
                raise BrokenError("the collection is gone")
            return await self._documents(store, container)
        finally:
            await store.close()

    async def _documents(self, store: DatabaseStore, container: Container) -> dict[str, int]:
        found: dict[str, int] = {}
        seqs, rows = list[int](), list[Matrix]()
        async for items in store.scan(container, vectors=[COLLECTION_VECTOR]):
            for item in items:
                body = jsontext.loads(item.body)
                key, version = body["_id"], int(body["version"])
                vector = item.vectors[COLLECTION_VECTOR].data
                if key in found or not np.array_equal(vector, vector_of(key, version)):
                    raise BrokenError(f"document {key} is there twice, or with another version's vector")
                found[key] = version
                seqs.append(item.seq)
                rows.append(vector)
        matrix = np.array(rows, np.float32).reshape(len(rows), DIMENSION)  # also when every document was deleted
        await self._search(store, container, seqs, matrix)
        await compare_index(store, container, np.array(seqs, np.int64), matrix)
        return found

    async def _search(self, store: DatabaseStore, container: Container, seqs: list[int], rows: Matrix) -> None:
        """Search for some of the rows, and for what is near to nothing in particular.

        Above 20,000 rows a search may miss a row now and then, by design (``docs/decisions/0011``), but never one whose
        own vector is looked for, and what it finds has its true similarity. Misses are counted over all searches; that
        the index is that of the rows is for :func:`compare_index` to say.

        Raises:
            BrokenError: Something is not found, or found with another similarity.
        """
        place_of = {seq: place for place, seq in enumerate(seqs)}
        some = self.dice.sample(range(len(seqs)), min(_SEARCHES, len(seqs)))
        newest = range(max(len(seqs) - _SEARCHES, 0), len(seqs))
        own = [rows[place] for place in (*some, *newest)]
        for query in (*own, *(vector_of("query", self.dice.randrange(10**6)) for _ in range(_SEARCHES))):
            similarities = plain_similarities(Metric.COSINE, rows, query)
            hits = await store.search(container, COLLECTION_VECTOR, query, _NEAREST)
            found = [(hit.seq, hit.similarity) for hit in hits]
            if any(similarity != float(similarities[place_of[seq]]) for seq, similarity in found):
                raise BrokenError("a search finds a row with another similarity than plain numpy")
            best = np.lexsort((np.array(seqs), -similarities))[:_NEAREST]
            wanted = [(seqs[place], float(similarities[place])) for place in best.tolist()]
            if found[:1] != wanted[:1] and any(query is one for one in own):
                raise BrokenError("a row is not found by its own vector")
            self.wanted += len(wanted)
            self.missed += len(set(wanted) - set(found))
        if self.missed > max(_MISSED_AT_MOST * self.wanted, 5):
            raise BrokenError(f"searches have missed {self.missed} of {self.wanted} rows that plain numpy finds")


async def compare_index(store: DatabaseStore, container: Container, seqs: Seqs, rows: Matrix) -> None:
    """Compare the index that searches use with the rows of the store: what is in it, with which vector and which code.

    Raises:
        BrokenError: The index lacks a row, has one too many, or has it with another vector or another vector's code.
    """
    live = store._indexes._indexes[container.id, COLLECTION_VECTOR]
    parts, positions = (await live._caught_up()).frozen()
    if not np.array_equal(parts.seqs[positions], seqs):
        raise BrokenError("the index has other rows than the store")
    positions = np.sort(positions)
    known = parts.rows.gather(positions)
    if not np.array_equal(known, rows[np.searchsorted(seqs, parts.seqs[positions])]):
        raise BrokenError("the index has a row with another vector than the store")
    if parts.coder is not None and parts.codes is not None:
        words = parts.coder.encode(known, parts.weights[positions]).words
        differing = np.bitwise_count(words ^ parts.codes.words_at(positions).T).sum(axis=1)
        if differing.max(initial=0) > _ROUNDED_BITS:
            raise BrokenError("the index has a row with the code of another vector")


async def _run(folder: Path, args: argparse.Namespace) -> int:
    run = Run(folder, random.Random(args.seed))  # noqa: S311 - a test's dice
    began = time.monotonic()
    await run.prepare(args.rows)
    kinds: list[str] = []
    kills = 0
    async with Victim.started(run.data) as victim:
        while kills < args.kills and time.monotonic() - began < args.minutes * 60:
            kinds = kinds or run.dice.sample(args.kinds, len(args.kinds))
            kind = kinds.pop()
            try:
                if run.dice.random() < 1 / _EVERY:
                    await run.turn_back()
                if run.dice.random() < 1 / _EVERY:
                    await run.lose_log(victim, kind)
                else:
                    await run.kill(victim, kind)
            except Exception as error:  # noqa: BLE001 - the run's boundary: any error breaks it, and is told
                sys.stdout.write(f"kill {kills}, {kind}: {type(error).__name__}: {error}\n")
                return 1
            kills += 1
    done = ", ".join(f"{count} {kind}" for kind, count in sorted(run.done.items()))
    sys.stdout.write(
        f"{kills} kills in {time.monotonic() - began:.0f} s, {len(run.expected.versions)} documents: {done}; "
        f"{run.missed} of {run.wanted} nearest rows missed\n"
    )
    return 0 if kills == args.kills else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Kill and look; return 0 when everything held."""
    parser = argparse.ArgumentParser(prog="kills", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument(
        "--rows", type=int, default=21_000, help="documents at the beginning; from 20,001 on with codes"
    )
    parser.add_argument("--kinds", nargs="+", choices=sorted(JOBS), default=sorted(JOBS), help="what is killed")
    parser.add_argument("--minutes", type=float, default=15, help="time to end in any case")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - a test's dice
    args = parser.parse_args(argv)
    sys.stdout.write(f"kills: seed {args.seed}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="astrolabe-hard-") as folder:
        return asyncio.run(_run(Path(folder), args))


if __name__ == "__main__":
    sys.exit(main())
