"""What forms remember and what they let go of: a test's finding, a filter of another collection, a mended mistake."""

from __future__ import annotations

from textual.widgets import Input

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.portal.credentials.connection_test import question_about
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace
from screens.kit.app_base import Section
from tests.support.console import articles, hugging_face
from tests.support.provider_server import ProviderServer
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

PLACE = {"endpointName": "mtp1", "regionName": "us-east-1", "cloudName": "aws"}
ROUTE = "/{endpointName}/{regionName}/{cloudName}/embeddings"


async def test_a_new_collection_begins_with_what_the_connection_test_found(console: MakeConsole) -> None:
    async with ProviderServer() as server:
        app = console(hugging_face, start=Section.EXPLORER, urls={"huggingfaceDedicated": server.url + ROUTE})
        async with app.run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            provider = app.workspace.catalogue.get("huggingfaceDedicated")
            question = question_about(provider, provider.models[0], PLACE)
            tested = await app.workspace.credential_usage.ask(question, "webstore-prod")
            app.select(await app.workspace.databases.find("shop"))
            await user.press("f5", "c", "tab", "tab")
            await user.choose("Hugging Face - Dedicated")
            await user.sees("us-east-1")
            fields = app.screen.query(Input).results(Input)
            values = {field.id: field.value for field in fields}
    assert tested.dimension
    assert values["dimension"] == str(tested.dimension)
    assert {f"parameter-{name}": value for name, value in PLACE.items()}.items() <= values.items()


async def two_collections(workspace: Workspace) -> None:
    await articles(workspace)
    client = await workspace.client(await workspace.databases.find("shop"))
    await client.create_collection(DEFAULT_KEYSPACE, "others", collection_options(dimension=3))


async def test_a_search_takes_no_filter_along_and_no_mistake_that_is_mended(console: MakeConsole) -> None:
    app = console(two_collections)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("down", "enter")
        await user.sees("articles")
        await user.press("s", "tab")
        await user.type('{"price": 1')
        await user.press("enter")
        await user.sees("✗ Filter")
        await user.type("}")
        await user.until(lambda: "✗" not in user.screen)
        await user.press("enter")
        await user.sees("Nothing found", "enter searches again · esc leaves the field")
        await user.press("escape", "3", "down", "s")
        await user.sees("› others")
        assert '{"price"' not in user.screen
