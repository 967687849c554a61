"""``astrolabe connection-strings`` from end to end, with a service on the loopback."""

from __future__ import annotations

import importlib.util
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.support.provider_server import Answer, ProviderServer, provider_server_in_thread
from tests.support.raven import Raven, raven_server

KEY = "sk-SENTINEL-of-the-strings-0001"
PLACE = ("--database", "shop", "--collection", "notes")


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with provider_server_in_thread(dimension=8) as running:
        yield running


@pytest.fixture
def shop(program: Program, server: ProviderServer) -> Program:
    """A program with a database and a connection string that may be used there."""
    program.done("databases", "create", "shop")
    program.done(
        "connection-strings", "create", "My OpenAI", "--connector", "openai", "--endpoint", f"{server.url}/v1",
        "--model", "any-model", "--set", "organizationid=org-1", "--database", "shop", stdin=KEY + "\n",
    )  # fmt: skip
    return program


def collection(shop: Program) -> None:
    shop.done(
        "collections", "create", "notes", "--database", "shop", "--provider", "connectionString", "--dimension", "8"
    )


def test_a_collection_embeds_with_a_connection_string(shop: Program, server: ProviderServer, tmp_path: Path) -> None:
    collection(shop)
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"_id": "n1", "text": "a red bicycle"}\n{"_id": "n2", "text": "a blue boat"}\n')
    shop.done("load", str(rows), *PLACE, "--vector-field", "text")
    found = shop.done("search", "bicycle", *PLACE, "--limit", "1", "--format", "json")
    assert "n1" in found.out
    request = server.requests[-1]
    assert request.path == "/v1/embeddings"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["openai-organization"] == "org-1"
    assert request.json == {"input": ["bicycle"], "model": "any-model"}
    (row,) = shop.done("collections", "list", "--database", "shop", "--format", "json").rows
    assert (row["provider"], row["model"], row["credential"]) == ("connectionString", "any-model", "my-openai")


def test_the_dimension_is_needed_unless_the_string_has_it(shop: Program) -> None:
    create = ("collections", "create", "notes", "--database", "shop", "--provider", "connectionString")
    assert "1 to 4096" in shop(*create).err
    shop.done("connection-strings", "edit", "my-openai", "--set", "Dimensions=8")
    shop.done(*create)
    (row,) = shop.done("collections", "list", "--database", "shop", "--format", "json").rows
    assert row["dimension"] == 8


def test_removal_stops_the_collection_at_once_and_says_so(shop: Program) -> None:
    collection(shop)
    refused = shop("connection-strings", "remove", "my-openai")
    assert refused.code == 2
    shop.done("connection-strings", "remove", "My OpenAI", "--yes")
    stopped = shop("search", "bicycle", *PLACE)
    assert stopped.code == 1
    assert "There is no connection string 'my-openai'" in stopped.err
    assert "is disabled" in shop("doctor").out


def test_a_test_asks_the_service(shop: Program, server: ProviderServer) -> None:
    (row,) = shop.done("connection-strings", "test", "my-openai", "--format", "json").rows
    assert (row["model"], row["works"], row["dimension"], row["expected"]) == ("any-model", True, 8, None)
    server.script(Answer(401, {"error": {"message": f"Incorrect key {KEY}"}}))
    refused = shop("connection-strings", "test", "my-openai")
    assert refused.code == 1
    assert all(words in refused.out for words in ("HTTP 401", "To do"))
    assert KEY not in refused.out + refused.err


def test_another_model_asks_first_and_then_stops_the_collection(shop: Program) -> None:
    collection(shop)
    assert "asks for its name" in shop("connection-strings", "edit", "my-openai", "--model", "other").err
    shop.done("connection-strings", "edit", "my-openai", "--model", "other", "--yes")
    assert "leads to the model 'other' now" in shop("search", "bicycle", *PLACE).err


def test_secrets_leave_only_when_asked_for(shop: Program, tmp_path: Path) -> None:
    plain = shop.done("connection-strings", "export")
    assert KEY not in plain.out + plain.err
    assert json.loads(plain.out)[0]["OpenAiSettings"]["ApiKey"] is None
    assert "left out" in plain.err
    path = tmp_path / "strings.json"
    path.touch(mode=0o644)
    shop.done("connection-strings", "export", "my-openai", "--with-secrets", "--output", str(path))
    assert json.loads(path.read_text())["OpenAiSettings"]["ApiKey"] == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_export_is_imported_again(shop: Program, tmp_path: Path) -> None:
    path = tmp_path / "strings.json"
    path.write_text(shop.done("connection-strings", "export").out)
    assert "--replace" in shop("connection-strings", "import", str(path)).err
    shop.done("connection-strings", "import", str(path), "--replace")
    shop.done("connection-strings", "test", "my-openai")
    shop.done("connection-strings", "remove", "my-openai", "--yes")
    imported = shop.done("connection-strings", "import", "-", stdin=path.read_text())
    assert "edit it and put it in" in imported.err
    assert "no API key yet" in shop("connection-strings", "test", "my-openai").err
    shop.done("connection-strings", "edit", "my-openai", "--secret-stdin", stdin=KEY)
    shop.done("connection-strings", "test", "my-openai")


def test_a_wrong_setting_is_refused_with_the_right_ones(shop: Program) -> None:
    refused = shop("connection-strings", "create", "x", "--connector", "ollama", "--set", "Url=http://localhost:1")
    assert (refused.code, "Uri, Model" in refused.err) == (2, True)
    unknown = shop("connection-strings", "create", "x", "--connector", "cohere")
    assert "HuggingFace" in unknown.err


def test_everything_wrong_is_said_at_once(shop: Program) -> None:
    refused = shop("connection-strings", "create", "x", "--connector", "ollama", "--identifier", "A--b")
    for part in ("Upper-case", "'--'", "URI is required", "Model is required"):
        assert part in refused.err


def test_scopes_are_those_of_credentials(shop: Program) -> None:
    shop.done("databases", "create", "desk")
    shop.done("scopes", "add", "my-openai", "--provider", "connectionString", "--database", "desk")
    (row,) = shop.done("connection-strings", "list", "--format", "json").rows
    assert row["databases"] == 2
    assert KEY not in json.dumps(row)
    listed = shop.done("scopes", "list", "--provider", "connectionString", "--format", "json").rows
    assert [one["database"] for one in listed] == ["desk", "shop"]


def test_the_embedded_connector_needs_nothing_and_has_nothing_to_test(program: Program) -> None:
    program.done("databases", "create", "shop")
    made = program.done("connection-strings", "create", "Local", "--connector", "embedded", "--database", "shop")
    assert "processor" in made.err
    assert "no connection to test" in program("connection-strings", "test", "local").err
    program.done("collections", "create", "notes", "--database", "shop", "--provider", "connectionString")
    assert program.done("search", "bicycle", *PLACE).code == 0


def test_strings_go_to_a_raven_server_and_come_back(shop: Program) -> None:
    with raven_server(Raven()) as raven:
        there = ("--url", raven.url, "--database", raven.database)
        pushed = shop.done("connection-strings", "push", *there, "--with-secrets")
        assert KEY not in pushed.out + pushed.err
        assert raven.strings["My OpenAI"]["OpenAiSettings"]["ApiKey"] == KEY
        assert "--replace" in shop("connection-strings", "push", "my-openai", *there).err
        assert shop("connection-strings", "pull", *there).code == 1
        shop.done("connection-strings", "remove", "my-openai", "--yes")
        shop.done("connection-strings", "pull", "My OpenAI", *there)
    (row,) = shop.done("connection-strings", "list", "--format", "json").rows
    assert (row["name"], row["secret"][-4:]) == ("My OpenAI", KEY[-4:])


def test_without_its_client_a_raven_server_is_not_asked(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ravendb" else real(name))
    refused = shop("connection-strings", "pull", "--url", "https://h", "--database", "Orders")
    assert "pip install 'astrolabe-tui[ravendb]'" in refused.err
