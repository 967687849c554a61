"""``astrolabe connections``, and the other verbs on a database elsewhere: another data folder, served on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from astrolabe.portal.connections.saved_connection import filled_in
from tests.cli.conftest import Program
from tests.support.served import TOKEN, Served, served

BOOKS = ('{"_id": "1", "n": 1, "$vector": [1, 0]}', '{"_id": "2", "n": 2, "$vector": [0, 1]}')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("elsewhere") / "data") as running:
        yield running


@pytest.fixture
def elsewhere(program: Program, server: Served) -> Program:
    program.done("connections", "add", "beside", "--address", server.address, "--secret-stdin", stdin=TOKEN)
    return program


def everything_kept(program: Program) -> bytes:
    return b"".join(path.read_bytes() for path in program.home.rglob("*") if path.is_file())


def test_a_connection_is_tried_out_before_it_is_saved(program: Program, server: Served) -> None:
    refused = program(
        "connections", "add", "wrong", "--address", server.address, "--secret-stdin", stdin="AstraCS:x:guessed-Zq7Wm4"
    )
    assert refused.code == 1
    assert "guessed" not in refused.err
    nobody = program("connections", "add", "gone", "--address", "http://127.0.0.1:1", "--no-token")
    assert nobody.code == 1
    assert "127.0.0.1:1 cannot be reached" in nobody.err
    assert program.done("connections", "list", "--format", "json").rows == []
    program.done("connections", "add", "gone", "--address", "http://127.0.0.1:1", "--no-token", "--no-test")
    assert program("connections", "test", "gone").code == 1


def test_a_connection_is_listed_chosen_tested_and_removed(elsewhere: Program, server: Served) -> None:
    (row,) = elsewhere.done("connections", "list", "--format", "json").rows
    assert (row["name"], row["address"], row["used"]) == ("beside", server.address, False)
    assert TOKEN not in json.dumps(row, default=str)
    (tested,) = elsewhere.done("connections", "test", "beside", "--format", "json").rows
    assert tested["keyspaces"] >= 1
    elsewhere.done("connections", "use", "beside")
    assert elsewhere.done("databases", "list", "--format", "json").rows[0]["name"] == "beside"
    assert "no database yet" in elsewhere.done("databases", "list", "--connection", "this-machine").err
    assert elsewhere("connections", "use", "nowhere").code == 1
    removed = elsewhere.done("connections", "remove", "beside", "--yes")
    assert "this machine now" in removed.err
    assert "no database yet" in elsewhere.done("databases", "list").err
    assert elsewhere.done("connections", "list", "--format", "json").rows == []


def test_what_is_wrong_with_a_connection_is_said_at_once(program: Program) -> None:
    plain = program("connections", "add", "a b", "--address", "http://db.example.com", "--no-token", "--no-test")
    assert plain.code == 1
    assert "not encrypted" in plain.err
    assert "letters" in plain.err
    assert program("connections", "add", "x", "--no-token").code == 2
    assert program("connections", "add", "x", "--astra", "--no-token", "--no-test").code == 1
    inside = "https://u:p@db.example.com"
    assert "--user" in program("connections", "add", "x", "--address", inside, "--no-token", "--no-test").err
    asked = "https://db.example.com/v1?token=made_up#there"
    refused = program("connections", "add", "x", "--address", asked, "--no-token", "--no-test")
    assert (refused.code, "made_up" in refused.err) == (1, False)
    missing = ("--ca-file", "/nowhere/ca.pem")
    failed = program("connections", "add", "x", "--address", "https://127.0.0.1:1", "--no-token", *missing)
    assert "/nowhere/ca.pem cannot be read" in failed.err


@pytest.mark.parametrize("template", ["http://db.example.com/{id}", "nonsense {id}", "{id}"])
def test_databases_of_an_organization_answer_where_a_token_may_go(program: Program, template: str) -> None:
    there = ("--astra", "--data-address", template, "--secret-stdin", "--no-test")
    refused = program("connections", "add", "x", *there, stdin=TOKEN)
    assert refused.code == 1
    assert "address" in refused.err


def test_what_the_organization_says_never_leads_to_another_host() -> None:
    assert filled_in("https://{id}-{region}.example.com/{name}", "a/b", "eu@c", "x y") == (
        "https://a%2Fb-eu%40c.example.com/x%20y"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("credentials", "list"),
        ("credentials", "remove", "main", "--provider", "openai", "--yes"),
        ("tokens", "list"),
        ("cache", "clear"),
        ("doctor",),
        ("serve",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_verb_about_this_machine_is_refused_with_a_connection(elsewhere: Program, words: tuple[str, ...]) -> None:
    outcome = elsewhere("--connection", "beside", *words)
    assert outcome.code == 2
    assert "about this machine" in outcome.err
    assert elsewhere.done("--connection", "this-machine", "tokens", "list").code == 0


def test_a_taken_name_is_replaced_only_when_asked(elsewhere: Program, server: Served) -> None:
    again = ("connections", "add", "beside", "--address", server.address, "--secret-stdin")
    assert elsewhere(*again, stdin=TOKEN).code == 1
    elsewhere.done(*again, "--replace", "--production", stdin=TOKEN)
    assert "Production: beside" in elsewhere.done("databases", "list", "--connection", "beside").err


def test_the_usual_verbs_work_there(elsewhere: Program, tmp_path: Path) -> None:
    elsewhere.done("connections", "use", "beside")
    elsewhere.done("collections", "create", "books", "--dimension", "2")
    file = tmp_path / "books.jsonl"
    file.write_text("\n".join(BOOKS))
    (loaded,) = elsewhere.done("load", str(file), "--collection", "books", "--format", "json").rows
    assert (loaded["loaded"], loaded["failed"]) == (2, 0)
    found = elsewhere.done("search", "--vector", "[0, 1]", "--collection", "books", "--format", "json").rows
    assert found[0]["_id"] == "2"
    assert elsewhere.done("documents", "count", "--collection", "books").out == "2\n"
    out = tmp_path / "out.jsonl"
    elsewhere.done("documents", "export", str(out), "--collection", "books")
    assert len(out.read_text().splitlines()) == 2
    answer = json.loads(elsewhere.done("api", '{"countDocuments": {}}', "--collection", "books").out)
    assert answer == {"status": {"count": 2}}
    elsewhere.done("collections", "delete", "books", "--yes")
    assert elsewhere.done("collections", "list", "--format", "json").rows == []


def test_a_credential_that_is_kept_there_is_named(elsewhere: Program) -> None:
    create = ("collections", "create", "texts", "--connection", "beside", "--provider", "huggingfaceDedicated")
    parameters = ("--param", "endpointName=e", "--param", "regionName=r", "--param", "cloudName=aws")
    elsewhere.done(*create, "--key", "hf-main", "--dimension", "8", *parameters)
    (row,) = elsewhere.done("collections", "list", "--connection", "beside", "--format", "json").rows
    assert (row["provider"], row["credential"]) == ("huggingfaceDedicated", "hf-main")
    elsewhere.done("collections", "delete", "texts", "--connection", "beside", "--yes")
    unknown = elsewhere(*create[:3], "--connection", "beside", "--provider", "connectionString")
    assert "It offers: " in unknown.err


def test_what_cannot_be_done_there_is_said(elsewhere: Program) -> None:
    refused = elsewhere("databases", "delete", "beside", "--connection", "beside", "--yes")
    assert refused.code == 1
    assert "where they are" in refused.err
    assert elsewhere("databases", "create", "more", "--connection", "beside").code == 1


def test_a_read_only_connection_changes_nothing(program: Program, server: Served) -> None:
    add = ("connections", "add", "look", "--address", server.address, "--secret-stdin", "--read-only")
    program.done(*add, stdin=TOKEN)
    assert program.done("keyspaces", "list", "--connection", "look", "--format", "json").rows
    refused = program("keyspaces", "create", "more", "--connection", "look")
    assert refused.code == 1
    assert "'look' is read-only" in refused.err


def test_the_token_is_nowhere_in_the_open(elsewhere: Program) -> None:
    elsewhere.done("keyspaces", "list", "--connection", "beside")
    kept = everything_kept(elsewhere)
    assert TOKEN.encode() not in kept
    assert TOKEN.rpartition(":")[2].encode() not in kept
    elsewhere.done("credentials", "reencrypt")
    elsewhere.done("keyspaces", "list", "--connection", "beside")
    assert elsewhere.done("credentials", "list", "--format", "json").rows == []


def test_a_token_is_read_from_its_source_at_each_use(
    program: Program, server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTRA_DB_APPLICATION_TOKEN", TOKEN)
    assert "--secret-env ASTRA_DB_APPLICATION_TOKEN" in program("connections", "add", "x", "--no-token").err
    add = ("connections", "add", "beside", "--address", server.address)
    program.done(*add, "--secret-env", "ASTRA_DB_APPLICATION_TOKEN")
    monkeypatch.delenv("ASTRA_DB_APPLICATION_TOKEN")
    unset = program("keyspaces", "list", "--connection", "beside")
    assert unset.code == 1
    assert "ASTRA_DB_APPLICATION_TOKEN" in unset.err


def test_an_organization_lists_its_databases_and_finds_their_addresses(program: Program, server: Served) -> None:
    """The DevOps API that this server answers stands in for Astra DB's."""
    organization = ("connections", "add", "cloud", "--astra", "--address", f"{server.address}/v2", "--secret-stdin")
    program.done(*organization, "--data-address", f"{server.address}/databases/{{name}}", stdin=TOKEN)
    (row,) = program.done("databases", "list", "--connection", "cloud", "--format", "json").rows
    assert (row["name"], row["status"], row["region"]) == ("library", "active", "us-east-2")
    there = ("--connection", "cloud", "--database", "library")
    assert {"name": "default_keyspace"} in program.done("keyspaces", "list", *there, "--format", "json").rows
    unknown = program("keyspaces", "list", "--connection", "cloud", "--database", "shop")
    assert unknown.code == 1
    assert "It has: library" in unknown.err
    refused = program(*organization, "--replace", stdin="AstraCS:x:guessed-Zq7Wm4")
    assert refused.code == 1
    assert "token refused" in refused.err


def test_a_service_without_a_key_says_that_each_command_has_to_bring_one(elsewhere: Program) -> None:
    made = ("--connection", "beside", "collections", "create", "--provider", "openai", "--model")
    told = elsewhere.done(*made, "text-embedding-3-small", "keyless").err
    assert "each command has to bring one for OpenAI" in told
