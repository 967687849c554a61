"""Snippets can be pasted into a shell and say the same thing there."""

from __future__ import annotations

import shlex
from decimal import Decimal

import pytest
import simplejson

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets import Language, command_path, render

ENDPOINT = "http://127.0.0.1:8181/"


@pytest.mark.parametrize(
    ("keyspace", "name", "path"),
    [
        (None, None, "/api/json/v1"),
        ("shop", None, "/api/json/v1/shop"),
        ("shop", "books", "/api/json/v1/shop/books"),
        ("sh/op", "bo oks", "/api/json/v1/sh%2Fop/bo%20oks"),
    ],
)
def test_the_path_follows_the_level(keyspace: str | None, name: str | None, path: str) -> None:
    assert command_path(PlannedCommand({"x": {}}, keyspace, name)) == path


def test_json_keeps_digits_and_letters() -> None:
    planned = PlannedCommand({"insertOne": {"document": {"price": Decimal("0.10"), "name": "café"}}}, "k", "c")
    text = render(planned, ENDPOINT, Language.JSON)
    assert '"price": 0.10' in text
    assert "café" in text


@pytest.mark.parametrize("text", ["it's", '$(touch /tmp/x) `id` \\ " $HOME', "line\nbreak", "'''"])
def test_curl_passes_hostile_text_through_a_shell_unchanged(text: str) -> None:
    planned = PlannedCommand({"find": {"filter": {"name": text}}}, "shop", "books")
    words = shlex.split(render(planned, ENDPOINT, Language.CURL).replace("\\\n", " "))
    assert words[:6] == ["curl", "-sS", "-L", "-X", "POST", "http://127.0.0.1:8181/api/json/v1/shop/books"]
    assert words[6:10] == [
        "--header",
        "Token: $ASTRA_DB_APPLICATION_TOKEN",
        "--header",
        "Content-Type: application/json",
    ]
    assert words[10] == "--data"
    assert simplejson.loads(words[11]) == planned.command


def test_curl_reads_the_token_from_the_environment() -> None:
    snippet = render(PlannedCommand({"findKeyspaces": {}}), ENDPOINT, Language.CURL)
    assert '--header "Token: $ASTRA_DB_APPLICATION_TOKEN"' in snippet


FIND = PlannedCommand({"find": {"filter": {"a": None}, "options": {"limit": 2, "includeSimilarity": True}}}, "k", "c")


def test_typescript_calls_the_clients_own_methods() -> None:
    text = render(FIND, ENDPOINT, Language.TYPESCRIPT)
    assert 'client.db("http://127.0.0.1:8181", {"keyspace": "k"})' in text
    assert 'db.collection("c")' in text
    assert 'collection.find({"a": null}, {"limit": 2, "includeSimilarity": true})' in text
    assert "process.env.ASTRA_DB_APPLICATION_TOKEN" in text


def test_java_sends_the_command_with_its_text_unchanged() -> None:
    hostile = 'a "quoted" \\ and \u0041 text\n'
    text = render(PlannedCommand({"insertOne": {"document": {"text": hostile}}}, "k", "c"), ENDPOINT, Language.JAVA)
    assert 'database.getCollection("c").runCommand(new Command("insertOne", content))' in text
    block = text.split('"""')[1].replace("\\\\", "\\")
    assert simplejson.loads(block) == {"document": {"text": hostile}}


def test_commands_on_the_database_go_out_from_java_too() -> None:
    text = render(PlannedCommand({"findKeyspaces": {}}), ENDPOINT, Language.JAVA)
    assert 'URI.create("http://127.0.0.1:8181/api/json/v1")' in text


@pytest.mark.parametrize("language", [Language.PYTHON, Language.TYPESCRIPT])
def test_what_no_method_takes_is_sent_as_it_is(language: Language) -> None:
    planned = PlannedCommand({"find": {"options": {"pageState": "x"}}}, "k", "c")
    text = render(planned, ENDPOINT, language)
    assert ".command(" in text
    assert '{"find": {"options": {"pageState": "x"}}}' in text


@pytest.mark.parametrize("language", list(Language))
def test_no_language_shows_a_secret_or_forgets_the_target(language: Language) -> None:
    text = render(FIND, ENDPOINT, language)
    assert "AstraCS" not in text
    if language is not Language.JSON:
        assert "ASTRA_DB_APPLICATION_TOKEN" in text
        assert "127.0.0.1:8181" in text
