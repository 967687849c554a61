"""The documents' procedure for both Hugging Face integrations, on a loopback server that speaks as they do."""

from __future__ import annotations

import json
from pathlib import Path

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.workspace import Workspace
from tests.support.console import SENTINEL
from tests.support.provider_server import ProviderServer
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

ROWS = [
    {"_id": f"n{number}", "title": f"Note {number}", "body": f"words about subject number {number}"}
    for number in range(40)
]


async def ten_databases(user: Walker) -> None:
    for number in range(10):
        await user.press("n")
        await user.type(f"db{number}")
        await user.press("ctrl+s")
    await user.sees("db9")


async def add_integration(user: Walker, tile: str, name: str) -> None:
    """Add the integration with all ten databases in its scope."""
    await user.press("2")
    while tile not in focused_words(user):
        await user.press("right")
    await user.press("enter", "a")
    await user.sees(f"Add Integration: {tile}", "User access token name")
    await user.type(name)
    await user.press("tab")
    await user.type(SENTINEL)
    await user.press("tab")
    await user.tick_all()
    await user.press("ctrl+s")
    await user.sees(f"{tile} › Active", name, "10 databases")


def focused_words(user: Walker) -> str:
    focused = user.pilot.app.focused
    return str(getattr(focused, "content", "")) if focused is not None else ""


async def load(user: Walker, path: Path) -> None:
    await user.press("l")
    await user.type(str(path))
    await user.sees("Note 0", "body")
    await user.press("ctrl+s")
    await user.sees("Done: every row of the file is in the collection.", "40  loaded")
    await user.press("escape")


async def search(user: Walker) -> None:
    await user.press("s")
    await user.type("subject number 17")
    await user.press("enter")
    await user.sees("10 results")
    first = next(line for line in user.screen.splitlines() if " n" in line and "0." in line)
    assert "Note 17" in first


def rows_file(folder: Path) -> Path:
    path = folder / "notes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


async def test_dedicated_from_integration_to_search(console: MakeConsole, tmp_path: Path) -> None:
    async with ProviderServer(dimension=384, key=SENTINEL) as server:
        app = console(urls={"huggingfaceDedicated": server.url + "/{endpointName}/{regionName}/{cloudName}/embeddings"})
        async with app.run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            await ten_databases(user)
            await add_integration(user, "Hugging Face - Dedicated", "prod-support")
            await user.press("3")
            await user.sees("This keyspace has no collection")
            await user.press("c")
            await user.type("notes")
            await user.press("tab", "tab")
            await user.choose("hugging face - d")
            await user.sees("User access token", "Endpoint name", "Region name", "endpoint-defined-model")
            await user.press("tab")
            for words in ("mtp1x7muf6qyn3yh", "us-east-2", "aws"):
                await user.type(words)
                await user.press("tab")
            await user.press("tab")
            await user.type("384")
            await user.press("tab")
            await user.choose("dot")
            await user.press("f2")
            await user.sees('"provider": "huggingfaceDedicated"', '"metric": "dot_product"')
            await user.press("escape", "ctrl+s")
            await user.sees("384 dimensions", "dot_product", "key prod-support")
            await load(user, rows_file(tmp_path))
            await search(user)
    paths = {request.path for request in server.requests}
    assert paths == {"/mtp1x7muf6qyn3yh/us-east-2/aws/embeddings"}
    assert all(request.headers["authorization"] == f"Bearer {SENTINEL}" for request in server.requests)
    assert all(set(request.json) == {"input"} for request in server.requests)
    assert all(len(request.texts) <= 32 for request in server.requests)
    stored = [text for request in server.requests[:-1] for text in request.texts]
    assert sorted(stored) == sorted(row["body"] for row in ROWS)
    assert server.requests[-1].texts == ["subject number 17"]


async def made_before(workspace: Workspace) -> None:
    for number in range(10):
        await workspace.create_database(DatabaseDraft(f"db{number}"))


async def test_serverless_from_integration_to_search(console: MakeConsole, tmp_path: Path) -> None:
    async with ProviderServer(key=SENTINEL) as server:
        router = server.url + "/hf-inference/models/{modelId}/pipeline/feature-extraction"
        async with console(made_before, urls={"huggingface": router}).run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            await add_integration(user, "Hugging Face - Serverless", "webstore-test-jira-1234")
            await user.press("3", "c")
            await user.type("notes")
            await user.press("tab", "tab")
            await user.choose("hugging face - s")
            await user.press("tab")
            await user.choose("baai/bge-base")
            await user.sees("768", "Set by the model.")
            await user.press("ctrl+s")
            await user.sees("768 dimensions", "cosine", "webstore-test-jira-1234")
            await load(user, rows_file(tmp_path))
            await search(user)
    model = "/hf-inference/models/BAAI/bge-base-en-v1.5/pipeline/feature-extraction"
    assert {request.path for request in server.requests} == {model}
    assert all(request.headers["authorization"] == f"Bearer {SENTINEL}" for request in server.requests)
    assert all(set(request.json) == {"inputs", "options", "truncate"} for request in server.requests)
    assert all(request.json["options"] == {"waitForModel": True} for request in server.requests)
