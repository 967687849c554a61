"""Credentials for life on the command line: rotate, remove, rehearse, test, re-encrypt, doctor and audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.secrets import ownership
from tests.cli.conftest import Program
from tests.support.provider_server import Answer, ProviderServer, provider_server_in_thread

OLD, NEW = "hf_SENTINEL-the-old-one-0001", "hf_SENTINEL-the-new-one-0002"
PROVIDER, NAME = "huggingface", "webstore-prod"
TOKEN = (NAME, "--provider", PROVIDER)
PLACE = ("--database", "shop", "--collection", "notes")
MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    with provider_server_in_thread() as running:
        router = running.url + "/hf-inference/models/{modelId}/pipeline/feature-extraction"
        monkeypatch.setenv("ASTROLABE_PROVIDERS__huggingface__URL", router)
        yield running


@pytest.fixture
def shop(program: Program, server: ProviderServer, tmp_path: Path) -> Program:
    """A program with a collection that embeds with a token of Hugging Face."""
    program.done("databases", "create", "shop")
    program.done("databases", "create", "desk")
    program.done("credentials", "add", *TOKEN, "--database", "shop", stdin=OLD + "\n")
    program.done(
        "collections", "create", "notes", "--database", "shop", "--provider", PROVIDER, "--model", MODEL, "--key", NAME
    )
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"_id": "n1", "text": "a red bicycle"}\n')
    program.done("load", str(rows), *PLACE, "--vector-field", "text")
    server.requests.clear()
    return program


def secrets_of(server: ProviderServer) -> list[str]:
    return [request.headers["authorization"].removeprefix("Bearer ") for request in server.requests]


def test_a_rotation_tests_the_new_secret_and_keeps_name_and_scope(shop: Program, server: ProviderServer) -> None:
    outcome = shop.done("credentials", "rotate", *TOKEN, stdin=NEW + "\n")
    assert "0002" in outcome.err
    assert NEW not in outcome.out + outcome.err
    assert secrets_of(server) == [NEW]
    shop.done("search", "bicycle", *PLACE)
    assert secrets_of(server) == [NEW, NEW]
    (row,) = shop.done("scopes", "list", "--format", "json").rows
    assert row["database"] == "shop"


def test_a_refused_new_secret_changes_nothing_unless_it_is_not_tested(shop: Program, server: ProviderServer) -> None:
    server.script(Answer(401, {"error": "Invalid credentials"}))
    refused = shop("credentials", "rotate", *TOKEN, stdin=NEW)
    assert refused.code == 1
    assert NEW not in refused.err
    shop.done("search", "bicycle", *PLACE)
    assert secrets_of(server) == [NEW, OLD]
    shop.done("credentials", "rotate", *TOKEN, "--no-test", stdin=NEW)
    shop.done("search", "another bicycle", *PLACE)
    assert secrets_of(server)[2:] == [NEW]


def test_a_trimmed_line_break_in_front_is_said(shop: Program) -> None:
    assert "line break around" in shop.done("credentials", "rotate", *TOKEN, "--no-test", stdin="\n" + NEW).err


def test_the_connection_is_tested(shop: Program, server: ProviderServer) -> None:
    (row,) = shop.done("credentials", "test", *TOKEN, "--format", "json").rows
    assert (row["model"], row["dimension"], row["expected"]) == (MODEL, 384, 384)
    server.script(Answer(401, {"error": "Invalid credentials"}))
    assert shop("credentials", "test", *TOKEN).code == 1


def test_a_connection_test_prints_everything_that_came_back(shop: Program, server: ProviderServer) -> None:
    headers = {"x-request-id": "req-1", "x-ratelimit-remaining-requests": "59", "retry-after": "7"}
    server.script(Answer(401, {"error": "Invalid credentials"}, headers))
    (row,) = shop("credentials", "test", *TOKEN, "--format", "json").rows
    assert (row["works"], row["status"], row["failure"], row["source"]) == (
        False,
        401,
        "authentication",
        "your request",
    )
    assert row["problem"] == "The Embedding Provider returned a HTTP client error"
    assert (row["said"], row["request_id"]) == ("Invalid credentials", "req-1")
    assert row["quota"] == {"retry-after": "7", "x-ratelimit-remaining-requests": "59"}
    assert row["meaning"]
    assert row["to_do"]
    assert row["milliseconds"] >= 0
    assert row["used_by"] == ["shop: default_keyspace.notes"]
    server.script(Answer(401, {"error": "Invalid\x1b[31m credentials"}, headers))
    table = shop("credentials", "test", *TOKEN).out
    assert "The connection does not work." in table
    assert "It said" in table
    assert "\x1b" not in table


def test_a_secret_is_tested_before_it_is_stored(shop: Program, server: ProviderServer) -> None:
    known = shop.done("credentials", "list", "--format", "json").rows
    server.requests.clear()
    (row,) = shop.done(
        "credentials", "test", "--provider", PROVIDER, "--secret-stdin", "--format", "json", stdin=NEW
    ).rows
    assert (row["works"], row["used_by"]) == (True, [])
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {NEW}"]
    assert shop.done("credentials", "list", "--format", "json").rows == known
    assert "Which user access token?" in shop("credentials", "test", "--provider", PROVIDER).err
    assert "has no model 'x'" in shop("credentials", "test", *TOKEN, "--model", "x").err


def test_a_provider_that_needs_no_key_is_tested_too(shop: Program) -> None:
    (row,) = shop.done("credentials", "test", "--provider", "embedded", "--format", "json").rows
    assert (row["works"], row["status"], row["dimension"]) == (True, None, 256)


def test_rehearsing_and_removing_say_the_same(shop: Program) -> None:
    (row,) = shop.done("credentials", "rehearse", *TOKEN, "--format", "json").rows
    assert (row["effect"], row["database"], row["collection"]) == ("stops", "shop", "notes")
    (row,) = shop.done(
        "credentials", "rehearse", *TOKEN, "--replace-with", NAME, "--add-database", "desk", "--format", "json"
    ).rows
    assert row["effect"] == "goes on"
    shop.done("credentials", "add", "unused", "--provider", PROVIDER, stdin=NEW)
    assert "No collection is concerned" in shop.done("credentials", "rehearse", "unused", "--provider", PROVIDER).err
    assert "add --yes" in shop("credentials", "remove", *TOKEN).err
    shop.done("credentials", "remove", *TOKEN, "--yes")
    refused = shop("search", "bicycle", *PLACE)
    assert "no user access token 'webstore-prod'" in refused.err
    assert shop.done("search", "--vector", json.dumps([1] * 384), *PLACE).out


def test_a_scope_and_an_integration_are_removed(shop: Program) -> None:
    shop.done("scopes", "remove", *TOKEN, "--database", "shop", "--yes")
    assert "not in the scope" in shop("search", "bicycle", *PLACE).err
    shop.done("scopes", "add", *TOKEN, "--database", "shop")
    shop.done("search", "bicycle", *PLACE)
    shop.done("integrations", "remove", PROVIDER, "--yes")
    assert shop.done("credentials", "list", "--format", "json").rows == []


@pytest.mark.parametrize(
    "argv",
    [
        ("credentials", "remove", *TOKEN, "--yes"),
        ("scopes", "remove", *TOKEN, "--database", "shop", "--yes"),
        ("integrations", "remove", PROVIDER, "--yes"),
    ],
    ids=lambda argv: argv[0],
)
def test_a_removal_that_asks_nothing_says_what_stops_too(argv: tuple[str, ...], shop: Program) -> None:
    assert "$vectorize stops for: shop: default_keyspace.notes" in shop.done(*argv).err


def test_a_credential_that_cannot_be_asked_is_no_problem_for_the_doctor(program: Program) -> None:
    program.done("credentials", "add", "unused", "--provider", "huggingfaceDedicated", stdin=NEW)
    rows = program.done("doctor", "--ask-providers", "--format", "json").rows
    (row,) = [row for row in rows if row["check"] == "provider huggingfaceDedicated/unused"]
    assert row["state"] == "ok"
    assert row["detail"].startswith("not asked. There is nothing to test with")


def test_databases_and_keyspaces_are_deleted(program: Program) -> None:
    program.done("databases", "create", "shop")
    program.done("keyspaces", "create", "season", "--database", "shop")
    program.done("keyspaces", "delete", "season", "--database", "shop", "--yes")
    assert program("keyspaces", "delete", "season", "--database", "shop", "--yes").code == 1
    program.done("databases", "delete", "shop", "--yes")
    assert program.done("databases", "list", "--format", "json").rows == []


def test_re_encrypting_keeps_every_secret(shop: Program, server: ProviderServer) -> None:
    assert "1 stored secrets" in shop.done("credentials", "reencrypt").err
    shop.done("search", "bicycle", *PLACE)
    assert secrets_of(server) == [OLD]


def test_the_doctor_names_what_is_wrong_and_the_fix(shop: Program, server: ProviderServer) -> None:
    rows = shop.done("doctor", "--format", "json").rows
    assert {row["state"] for row in rows} == {"ok"}
    assert server.requests == []
    shop.done("doctor", "--ask-providers")
    assert secrets_of(server) == [OLD]
    key = next(shop.home.rglob("secrets.key"))
    key.chmod(0o644)
    shop.done("scopes", "remove", *TOKEN, "--database", "shop", "--yes")
    outcome = shop("doctor", "--format", "json")
    assert outcome.code == 1
    problems = {row["check"]: row for row in outcome.rows if row["state"] == "problem"}
    assert problems["file modes"]["fix"] == f"chmod 600 {key}"
    assert problems[f"secret {PROVIDER}/{NAME}"]["fix"] == f"Run: chmod 600 {key}"
    assert "not in the scope" in problems["collection shop: default_keyspace.notes"]["fix"]


@pytest.mark.parametrize("how", ["of another", "folder", "catalog"])
def test_a_folder_that_somebody_prepared_does_not_run_its_command(
    shop: Program, server: ProviderServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    mark = tmp_path / "run"
    shop.done("credentials", "rotate", *TOKEN, "--no-test", "--secret-command", f"touch {mark}")
    data = next(shop.home.rglob("catalog.db")).parent
    match how:
        case "of another":
            monkeypatch.setattr(ownership, "trusted_owners", lambda: frozenset({987_654}))
        case "folder":
            data.chmod(0o777)
        case "catalog":
            (data / "catalog.db").chmod(0o666)
    refused = shop("search", "bicycle", *PLACE)
    assert refused.code == 1
    assert "is not used" in refused.err
    assert not mark.exists()
    assert server.requests == []
    outcome = shop("doctor", "--format", "json")
    assert outcome.code == 1
    place = str(data / "catalog.db" if how == "catalog" else data)
    assert any(place in row["detail"] for row in outcome.rows if row["state"] == "problem")
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["symbolic", "hard", "to nothing"])
def test_the_doctor_calls_a_key_behind_a_link_a_problem(program: Program, tmp_path: Path, kind: str) -> None:
    program.done("credentials", "add", *TOKEN, stdin=OLD + "\n")
    key = next(program.home.rglob("secrets.key"))
    if kind == "hard":
        (tmp_path / "copy").hardlink_to(key)
    else:
        key.rename(tmp_path / "elsewhere.key")
        key.symlink_to(tmp_path / ("elsewhere.key" if kind == "symbolic" else "nowhere.key"))
    outcome = program("doctor", "--format", "json")
    assert outcome.code == 1
    (problem,) = (row for row in outcome.rows if row["check"] == "file modes")
    assert problem["state"] == "problem"
    assert str(key) in problem["detail"]


def test_the_doctor_survives_wrong_settings_and_damaged_stores(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not there yet" in program.done("doctor").out
    program.done("databases", "create", "shop")
    next(program.home.rglob("catalog.db")).write_bytes(b"not a database" * 100)
    outcome = program("doctor", "--format", "json")
    assert outcome.code == 1
    assert any(row["check"] == "data folder" and row["state"] == "problem" for row in outcome.rows)
    monkeypatch.setenv("ASTROLABE_SECRETS__KEY_SOURCE", "cloud")
    outcome = program("doctor", "--format", "json")
    assert outcome.code == 1
    assert "ASTROLABE_SECRETS__KEY_SOURCE" in outcome.rows[0]["detail"]


def test_the_trail_has_every_change_and_no_secret(shop: Program) -> None:
    shop.done("credentials", "rotate", *TOKEN, "--no-test", stdin=NEW)
    shop.done("credentials", "remove", *TOKEN, "--yes")
    rows = shop.done("audit", "--format", "json").rows
    assert [row["action"] for row in rows][:3] == ["credential.remove", "credential.rotate", "credential.add"]
    for form in ("table", "jsonl", "csv"):
        printed = shop.done("audit", "--format", form).out
        assert "credential.rotate" in printed
        assert "SENTINEL" not in printed
    assert len(shop.done("audit", "--limit", "1", "--format", "jsonl").out.splitlines()) == 1


def test_read_only_refuses_and_reads(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.done("search", "bicycle", *PLACE, "--read-only").out
    refused = shop("credentials", "remove", *TOKEN, "--yes", "--read-only")
    assert refused.code == 1
    assert "read-only mode" in refused.err
    monkeypatch.setenv("ASTROLABE_READ_ONLY", "true")
    assert "read-only mode" in shop("collections", "delete", "notes", "--database", "shop", "--yes").err
    assert "read-only mode" in shop("databases", "create", "other").err


def test_a_secret_is_never_an_argument(program: Program) -> None:
    for verb in ("add", "rotate"):
        outcome = program("credentials", verb, *TOKEN, "--secret", NEW)
        assert outcome.code == 2
        assert "unrecognized arguments" in outcome.err.lower()
