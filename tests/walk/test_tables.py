"""A table from nothing to a search by each of two providers, and what a removed credential stops, with keys only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, DatabaseDraft
from astrolabe.workspace import Workspace
from screens.kit.app_base import Section
from tests.support.console import SceneConsole
from tests.support.provider_server import ProviderServer
from tests.support.shop import NAME, OLD, PROVIDER, urls
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole
from tests.walk.test_credentials import says

OTHER = "openai"
"""The provider of the second vector column."""


async def shop_with_two_providers(workspace: Workspace) -> None:
    """A database in the scope of a credential of each of two providers."""
    database = await workspace.create_database(DatabaseDraft("shop"))
    for provider, name in ((PROVIDER, NAME), (OTHER, "prod")):
        draft = CredentialDraft(provider, name, SecretStr(OLD), (database.id,))
        await workspace.integrations.add_credential(draft)


@asynccontextmanager
async def at_the_explorer(console: MakeConsole) -> AsyncIterator[Walker]:
    """Lend a user in the Data Explorer of a shop without collections and tables."""
    async with ProviderServer() as server:
        addresses = urls(server) | {OTHER: f"{server.url}/v1/embeddings"}
        app = console(shop_with_two_providers, start=Section.EXPLORER, urls=addresses)
        async with app.run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            await user.sees("This keyspace has no collection and no table.")
            yield user


async def make_notes(user: Walker) -> None:
    """Make a table of an id and two vector columns, of which one keeps its texts in a column of its own."""
    await user.press("t")
    await user.type("notes")
    await user.press("tab", "a")
    await user.sees("Add column")
    await user.type("meaning")
    await user.press("tab")
    await user.type("vec")
    await user.press("enter", "tab")
    await user.choose("hugging face - s")
    await user.sees("webstore-prod", "384", "notes_meaning_index")
    await user.press("tab", "tab", "tab", "tab", "tab", "space")
    await user.sees("meaning_text")
    await user.press("ctrl+s", "a")
    await user.type("topic")
    await user.press("tab")
    await user.type("vector")
    await user.press("tab")
    await user.choose("openai")
    await user.press("ctrl+s")
    await user.sees("4 columns", "2 vector indexes", "Only vectors are kept in topic")
    await user.press("ctrl+s")
    await user.sees("▦  notes", "Table, 4 columns", "meaning: huggingface", "topic: openai")


async def insert_rows(user: Walker) -> None:
    app = user.pilot.app
    assert isinstance(app, SceneConsole)
    client = await app.workspace.client(await app.workspace.databases.find("shop"))
    for number, words in enumerate(("a red bicycle", "a garden chair")):
        row = {"id": f"n{number}", "meaning": words, "meaning_text": words, "topic": words}
        await client.run(PlannedCommand({"insertOne": {"document": row}}, DEFAULT_KEYSPACE, "notes"))


async def search(user: Walker, words: str) -> None:
    """Put other words into the query and search."""
    await user.press("slash", "end", *("backspace",) * 20)
    await user.type(words)
    await user.press("enter")


async def test_one_column_stops_with_its_credential_and_the_other_goes_on(console: MakeConsole) -> None:
    async with at_the_explorer(console) as user:
        await make_notes(user)
        await insert_rows(user)
        await user.press("f5")
        await user.sees("n0", "n1")
        await user.press("s")
        await user.type("bicycle")
        await user.press("enter")
        await user.sees("2 results", "n0")
        await user.press("slash", "tab", "tab", "tab")
        await user.choose("topic")
        await search(user, "chair")
        await user.sees("2 results", "n1")

        await user.press("2", "right", "right", "enter", "d")
        await user.type(NAME)
        await user.press("ctrl+s")
        await user.sees("Inactive")
        await user.press("3")
        await user.sees("▦  ⊘ notes", "⊘ meaning: huggingface")
        await user.press("4")
        await search(user, "a chair")
        await user.sees("2 results")
        await user.press("slash", "tab", "tab", "tab")
        await user.choose("meaning")
        await search(user, "a bicycle")
        await says(user, "webstore-prod")
        assert "results" not in user.screen
        await user.press("escape", "escape")

        await user.press("2", "enter", "a")
        await user.type(OLD)
        await user.press("ctrl+s")
        await user.sees("Active")
        await user.press("4")
        await search(user, "the bicycle")
        await user.sees("2 results")


async def test_columns_indexes_and_services_change_on_the_tables_page(console: MakeConsole) -> None:
    async with at_the_explorer(console) as user:
        await make_notes(user)
        await user.press("o")
        await user.sees("Table notes", "✓ huggingface", "✓ openai", "1 partition")
        await user.press("a")
        await user.type("tags")
        await user.press("tab")
        await user.type("set<te")
        await user.press("enter", "ctrl+s")
        await user.sees("set<text>")
        await user.press("end", "i", "ctrl+s")
        await user.sees("notes_tags_i")
        await user.press("d")
        await user.sees("1  Index notes_tags_index", "t  Table notes")
        await user.press("1")
        await says(user, "Filters by tags read the whole table")
        await user.type("notes_tags_index")
        await user.press("ctrl+s")
        await user.until(lambda: "notes_tags_i" not in user.screen)
        await user.press("d", "c")
        await user.type("tags")
        await user.press("ctrl+s")
        await user.until(lambda: "set<text>" not in user.screen)

        await user.press("home", "down", "d", "s")
        await says(user, "Texts are refused in meaning from now on")
        await user.type("meaning")
        await user.press("ctrl+s")
        await user.sees("own vectors")
        await user.press("e")
        await says(user, "Attach service of notes.meaning", "as many")
        await user.choose("hugging face - s")
        await user.press("ctrl+s")
        await user.sees("✓ huggingface")
        await user.press("d", "t")
        await user.type("notes")
        await user.press("ctrl+s")
        await user.sees("This keyspace has no collection and no table.")


async def test_a_column_without_an_index_is_offered_one_where_it_is_searched(console: MakeConsole) -> None:
    async with at_the_explorer(console) as user:
        await user.press("t")
        await user.type("points")
        await user.press("tab", "a")
        await user.type("place")
        await user.press("tab")
        await user.type("vector")
        await user.press("tab")
        await user.choose("bring")
        await user.press("tab")
        await user.type("2")
        await user.press("tab", "tab", "space", "ctrl+s", "ctrl+s")
        await user.sees("▦  points")
        await user.press("s")
        await user.sees("no vector index: f6 creates it")
        await user.type("[1, 0]")
        await user.press("enter")
        await says(user, "It has no vector index, so it cannot be searched")
        await user.press("f6", "ctrl+s")
        await user.until(lambda: "no vector index" not in user.screen)
        await user.press("slash", "enter")
        await user.sees("Nothing found")
