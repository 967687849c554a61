"""The real console on a real data folder, made the same every time: for Pilot tests and for pictures."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import numpy as np
from pydantic import SecretStr
from textual.widgets import Input, TextArea

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, Database, DatabaseDraft, ServiceConfig
from astrolabe.providers.catalogue.setup import ProviderSetup
from astrolabe.providers.local import models
from astrolabe.providers.local.transformer import MINILM
from astrolabe.providers.simulated.rules import EVERY_PROVIDER, Rule, SimulatedFailure
from astrolabe.workspace import Workspace, WorkspaceOptions
from screens.kit.app_base import AppEnvironment, Section
from screens.kit.depth import Depth
from storage.shapes import Metric
from tests.support.waiting import LONGEST_WAIT
from tui.app import AstrolabeApp

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""The time of every picture."""

SIZES = [(80, 24), (120, 40)]
"""The terminal sizes that pages are drawn at: all at the first, those that differ there at the second."""

SENTINEL = "hf_SENTINELsecret0123456789"
"""A secret that must turn up nowhere."""

EMBEDDED = ServiceConfig("embedded", "wordllama-l2-supercat-256")
"""The provider that needs no key."""

Preparation = Callable[[Workspace], Awaitable[None]]
"""Puts things into a fresh workspace."""

ARTICLES = [
    {"_id": "a1", "title": "Red bicycle", "text": "A light red bicycle for the city", "price": 240},
    {"_id": "a2", "title": "Garden chair", "text": "A wooden chair that may stand in the rain", "price": 45},
    {"_id": "a3", "title": "Reading lamp", "text": "A lamp for long evenings with a book", "price": 30},
    {"_id": "a4", "title": "Kettle", "text": "Boils a litre of water in two minutes", "price": 25},
]
"""A few documents with something to find by meaning."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture or a test begins with.

    Attributes:
        folder: The data folder.
        prepare: What is put into it after it has been opened.
        start: The place that is shown first.
        provider_urls: Addresses in place of the catalogue's.
        theme: The theme.
        minilm: Whether the files of all-MiniLM-L6-v2 are there; never this machine's own.
        provider_setups: What else is set for providers.
        depth: How many colours the terminal has.
    """

    folder: Path
    prepare: Preparation | None = None
    start: Section = Section.DATABASES
    provider_urls: tuple[tuple[str, str], ...] = ()
    theme: str = "astrolabe-night"
    minilm: bool = False
    provider_setups: tuple[tuple[str, ProviderSetup], ...] = ()
    depth: Depth = Depth.TRUE


class SceneConsole(AstrolabeApp):
    """The console, with a workspace of its own that is opened in the same event loop and closed with it."""

    longest_hold = LONGEST_WAIT  # a busy machine takes its time, and a key that is let through means something else

    def __init__(self, scene: Scene) -> None:
        environment = AppEnvironment(now=lambda: NOW, timeless=True)
        super().__init__(None, environment=environment, theme=scene.theme, start=scene.start, depth=scene.depth)  # type: ignore[arg-type]
        self.scene = scene

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Hand over a terminal that is not there: what runs meanwhile is a script of the test's."""
        yield

    async def on_load(self) -> None:
        options = WorkspaceOptions(
            data_dir=self.scene.folder,
            provider_urls=dict(self.scene.provider_urls),
            provider_setups=dict(self.scene.provider_setups),
            now=lambda: NOW,
            user="ada",
        )
        if self.scene.minilm:
            options = replace(options, minilm_folder=hollow_minilm(self.scene.folder.with_name("minilm")))
        with patch.object(models, "MINILM", replace(MINILM, module="not_on_this_machine")):
            self.workspace = await Workspace.open(options)
        if self.scene.prepare is not None:
            await self.scene.prepare(self.workspace)
            self.workspace.activity.clear()

    async def on_unmount(self) -> None:
        if self.load_job is not None:
            await self.load_job.stop()
        await self.server.stop()
        if self.workspace is not None:  # it could not be opened: that error is the one to see
            await self.workspace.close()


def hollow_minilm(folder: Path) -> Path:
    """Make files of the right sizes with nothing in them, for what looks at the model and does not run it."""
    folder.mkdir(exist_ok=True)
    for pinned in (MINILM.weights, MINILM.tokenizer):
        with (folder / pinned.name).open("wb") as file:
            file.truncate(pinned.size)
    return folder


def hold_cursors_still(patch: Callable[[type, str, object], None]) -> None:
    """Stop the blinking of cursors, which would make two pictures of the same state differ."""
    patch(Input, "_toggle_cursor", lambda _self: None)
    patch(TextArea, "_toggle_cursor_blink_visible", lambda _self: None)


async def three_databases(workspace: Workspace) -> None:
    """Put three databases into the workspace."""
    for draft in (DatabaseDraft("shop"), DatabaseDraft("support"), DatabaseDraft("archive-2019", "gcp", "us-east1")):
        await workspace.create_database(draft)


async def one_initializing(workspace: Workspace) -> None:
    """Create a database that has not become active yet; opening the data folder again would finish it."""
    await workspace.databases.create(DatabaseDraft("staging", "azure", "eastus"))


async def embedded_texts(workspace: Workspace) -> None:
    """A cache with the vectors of two thousand texts that was of use."""
    keys = [number.to_bytes(32, "big") for number in range(2000)]
    workspace.embedding_cache.keep(keys, np.ones((len(keys), 384), dtype=np.float32))
    workspace.embedding_cache.count(hits=5120, misses=2000)
    await workspace.embedding_cache.settle()


async def hugging_face(workspace: Workspace) -> None:
    """Add Hugging Face tokens: two for Dedicated, one for Serverless, with two, one and two databases in scope."""
    await three_databases(workspace)
    ids = {database.name: database.id for database in await workspace.databases.list()}
    tokens = (
        ("huggingfaceDedicated", "webstore-prod", ("shop", "support")),
        ("huggingfaceDedicated", "test-jira-1234", ("shop",)),
        ("huggingface", "webstore-prod", ("shop", "support")),
    )
    for provider, name, databases in tokens:
        scope = tuple(ids[database] for database in databases)
        await workspace.integrations.add_credential(CredentialDraft(provider, name, SecretStr(SENTINEL), scope))


async def shop(workspace: Workspace) -> Database:
    """Return the database called shop."""
    return await workspace.databases.find("shop")


async def articles(workspace: Workspace) -> None:
    """Add collections to the shop: two that vectorize, one with own vectors, and one without any."""
    await hugging_face(workspace)
    client = await workspace.client(await shop(workspace))
    await client.create_collection(
        DEFAULT_KEYSPACE, "articles", collection_options(metric=Metric.COSINE, service=EMBEDDED)
    )
    documents = [{**article, "$vectorize": article["text"]} for article in ARTICLES]
    await client.collection(DEFAULT_KEYSPACE, "articles").insert_many(documents)
    await client.create_collection(DEFAULT_KEYSPACE, "points", collection_options(dimension=3))
    points = [
        {"_id": f"p{number:03}", "label": f"point {number}", "$vector": [number, 1, 0], "even": number % 2 == 0}
        for number in range(1, 74)
    ]
    await client.collection(DEFAULT_KEYSPACE, "points").insert_many(points)
    service = ServiceConfig("huggingface", "sentence-transformers/all-MiniLM-L6-v2", "webstore-prod")
    await client.create_collection(DEFAULT_KEYSPACE, "questions", collection_options(service=service))
    await client.create_collection(DEFAULT_KEYSPACE, "visits", collection_options(lexical=False))


async def articles_with_words(workspace: Workspace) -> None:
    """Add a collection to the shop whose texts can be searched by words, too."""
    await hugging_face(workspace)
    client = await workspace.client(await shop(workspace))
    await client.create_collection(DEFAULT_KEYSPACE, "articles", collection_options(service=EMBEDDED))
    documents = [{**article, "$hybrid": article["text"]} for article in ARTICLES]
    await client.collection(DEFAULT_KEYSPACE, "articles").insert_many(documents)


MANY = [
    {
        "_id": f"n{number:03}",
        "label": f"ticket {number}",
        "price": (number * 37) % 101,
        "kind": ("bug", "wish", "question")[number % 3],
        **{f"field_{name}": f"{name} of {number}" for name in "abcdefgh"},
    }
    for number in range(1, 231)
]
"""Documents of twelve fields, on five pages."""


async def many_documents(workspace: Workspace) -> None:
    """Add two collections without vectors to the shop: one of five pages, and one of a single document."""
    await workspace.create_database(DatabaseDraft("shop"))
    client = await workspace.client(await shop(workspace))
    for name, documents in (("tickets", MANY), ("visits", [{"_id": "v1", "page": "/"}])):
        await client.create_collection(DEFAULT_KEYSPACE, name, collection_options(lexical=False))
        for start in range(0, len(documents), 100):
            await client.collection(DEFAULT_KEYSPACE, name).insert_many(documents[start : start + 100], ordered=True)


async def in_trouble(workspace: Workspace) -> None:
    """Switch failures on: one with a delay and a number of calls, one until it is switched off, one for all."""
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.RATE_LIMITED, delay=5, calls=3))
    await workspace.lab.switch_on(Rule("huggingfaceDedicated", SimulatedFailure.UNAUTHORIZED))
    await workspace.lab.switch_on(Rule(EVERY_PROVIDER, SimulatedFailure.COLLECTION_LIMIT, calls=1))


class Templates:
    """Prepared data folders: each is made once, and then copied, which is many times faster than making it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Path] = {}

    def copy(self, prepare: Preparation, target: Path) -> None:
        """Make ``target`` the data folder that ``prepare`` leaves behind; works inside an event loop too."""
        name = getattr(prepare, "__name__", repr(prepare))
        if name not in self._made:
            folder = self._folder / name
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, _make(prepare, folder)).result()
            self._made[name] = folder
        shutil.copytree(self._made[name], target)


async def _make(prepare: Preparation, folder: Path) -> None:
    async with Workspace.opened(WorkspaceOptions(data_dir=folder, now=lambda: NOW, user="ada")) as workspace:
        await prepare(workspace)
