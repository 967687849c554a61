"""Snippets can be pasted into a shell and say the same thing there."""

from __future__ import annotations

import shlex
from decimal import Decimal

import pytest
import simplejson

from astrolabe.dataapi.planned import PlannedCommand
from astrolabe.dataapi.snippets import Language, command_path, render

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
