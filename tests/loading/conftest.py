"""A database on the embedded engine with an empty ledger, and an embedder that can be made to fail or to wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio
from pydantic import SecretStr

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.engine.vectorize.vectorizer import OnWait
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.errors import ProviderReply as Reply
from astrolabe.loading.load_plan import LoadPlan, LoadProgress, LoadSummary
from astrolabe.loading.loader import run_load
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from storage.loads.ledger import LoadLedger
from storage.shapes import Matrix
from tests.support.local_api import KEYSPACE, HashingEngine, LocalDatabase, local_database

EMBEDDED = {"service": {"provider": "embedded", "modelName": "wordllama-l2-supercat-256"}}

Rule = Callable[[Sequence[str]], ProviderError | None]


def refusal(status: int, words: str, failure: ProviderFailure = ProviderFailure.BAD_REQUEST) -> ProviderError:
    """Return what a provider that refuses a request raises."""
    return ProviderError(words, provider="embedded", failure=failure, reply=Reply(status, words))


@dataclass
class ScriptedEngine(HashingEngine):
    """Embeds by hashing, with a will of its own.

    Attributes:
        rule: Returns the error of a request, or None.
        hold: A request with this text, and each one after it, waits for ``gate``; ``held`` tells that one does.
        delay: Seconds that each request takes.
        wait: Seconds and reason that are reported before each request.
        flying: Requests under way now.
        most: The most requests that were under way at once.
    """

    rule: Rule | None = None
    hold: str | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    delay: float = 0
    wait: tuple[float, str] | None = None
    flying: int = 0
    most: int = 0

    async def embed(
        self,
        spec: EmbeddingSpec,
        texts: Sequence[str],
        direction: Direction,
        secret: SecretStr | None,
        *,
        on_wait: OnWait | None = None,
        credential: str | None = None,
        own_key: bool = False,
    ) -> Matrix:
        """Embed as :class:`HashingEngine` does, unless told otherwise."""
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            if self.wait is not None and on_wait is not None:
                on_wait(*self.wait)
            await asyncio.sleep(self.delay)
            if self.hold in texts or self.held.is_set():
                self.held.set()
                await self.gate.wait()
            error = self.rule(texts) if self.rule is not None else None
            if error is not None:
                raise error
            return await super().embed(
                spec, texts, direction, secret, on_wait=on_wait, credential=credential, own_key=own_key
            )
        finally:
            self.flying -= 1


@dataclass
class Loading:
    """A collection called ``docs`` that vectorizes, and what loads into it need."""

    db: LocalDatabase
    engine: ScriptedEngine
    ledger: LoadLedger
    folder: Path
    progress: list[LoadProgress] = field(default_factory=list)
    cancel: asyncio.Event = field(default_factory=asyncio.Event)

    def collection(self, name: str = "docs") -> Collection:
        return self.db.client.collection(KEYSPACE, name)

    async def info(self, name: str = "docs") -> TargetInfo:
        [info] = [info for info in await self.db.client.collections(KEYSPACE) if info.name == name]
        return info

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def rows(self, count: int, *, name: str = "rows.jsonl", first: int = 0) -> Path:
        """Write rows without an ``_id``: ``text 0``, ``text 1`` and so on."""
        lines = (f'{{"n": {number}, "text": "text {number}"}}\n' for number in range(first, first + count))
        return self.write(name, "".join(lines))

    async def load(
        self,
        path: Path,
        vector_field: str | None = "text",
        name: str = "docs",
        *,
        words: bool = False,
        no_vectors: bool = True,
    ) -> LoadSummary:
        """Run a load; a fresh cancel event each time unless one was set before."""
        plan = LoadPlan(
            path, self.db.database.id, await self.info(name), vector_field, words=words, no_vectors=no_vectors
        )
        return await run_load(
            plan, self.collection(name), self.ledger, on_progress=self.progress.append, cancel=self.cancel
        )

    async def documents(self, name: str = "docs") -> list[Json]:
        """Return every document with its vector and text."""
        return [document async for document in self.collection(name).find_all(projection={"*": True})]

    async def numbers(self, name: str = "docs") -> list[int]:
        """Return the field ``n`` of every document, sorted."""
        return sorted(int(document["n"]) for document in await self.documents(name))


@pytest_asyncio.fixture
async def loading(tmp_path: Path) -> AsyncIterator[Loading]:
    engine = ScriptedEngine()
    files = tmp_path / "files"
    files.mkdir()
    async with local_database(tmp_path, engine=engine) as db:
        await db.create(vector=EMBEDDED)
        loading = Loading(db, engine, await LoadLedger.open(tmp_path / "ledger" / "loads.db"), files)
        try:
            yield loading
        finally:
            await loading.ledger.close()
