"""What ``serve`` says of each request on stderr."""

from __future__ import annotations

import io
import json
import signal
import sys
from datetime import UTC, datetime

import httpx
import pytest
import simplejson

from astrolabe.serving.masking import masked, masked_at
from astrolabe.serving.records import RequestRecord
from tests.cli.conftest import Program
from tests.cli.test_serve import TOKEN, serving
from tests.support.waiting import LONGEST_WAIT
from tui.cli.verbs.serve.request_log import json_line, request_log, text_line
from tui.settings.sections import ServerSettings

RECORD = RequestRecord(
    "POST",
    "/v1/ks/books",
    at=datetime(2026, 3, 4, 5, 6, 7, 890_000, UTC),
    database="library",
    keyspace="ks",
    name="books",
    command="find",
    documents=3,
    status=200,
    milliseconds=12.34,
    received=64,
    sent=2500,
)


def test_a_line_says_what_was_done_to_what_and_how_it_went() -> None:
    words = text_line(RECORD, slow=False).split()
    assert " ".join(words[1:]) == "library find ks.books 3 docs ok 12.3 ms 64 B in, 2.5 kB out"


def test_a_line_for_programs_is_one_object() -> None:
    assert json.loads(json_line(RECORD, slow=True)) == {
        "time": "2026-03-04T05:06:07.890+00:00",
        "method": "POST",
        "path": "/v1/ks/books",
        "database": "library",
        "command": "find",
        "keyspace": "ks",
        "target": "books",
        "documents": 3,
        "status": 200,
        "error": None,
        "milliseconds": 12.3,
        "received": 64,
        "sent": 2500,
        "slow": True,
    }


def test_slow_ones_and_errors_stand_out_on_a_terminal_only() -> None:
    failed = RequestRecord("POST", "/v1", command="find", status=401, error="UNAUTHENTICATED_REQUEST")
    assert "UNAUTHENTICATED_REQUEST  401" in text_line(failed, slow=False)
    assert text_line(RECORD, slow=True).endswith("SLOW")
    assert "\x1b" not in text_line(failed, slow=True)
    assert "\x1b[31mUNAUTHENTICATED_REQUEST\x1b[0m" in text_line(failed, slow=False, colour=True)


def test_names_from_outside_do_not_reach_the_terminal_as_they_are() -> None:
    attack = RequestRecord("POST", "/v1", command="\x1b]0;owned\x07\n", keyspace="\u202ex", status=200)
    for line in (text_line(attack, slow=False), json_line(attack, slow=False)):
        assert line.isprintable()


def test_contents_are_told_only_when_asked_for_and_without_secrets() -> None:
    record = RequestRecord("POST", "/v1", status=200, secrets=("AstraCS:own:sentinel-Vb3Kq8",))
    record.bodies = (
        b'{"insertOne": {"document": {"note": "seen", "api_key": "sentinel-1", "t": "AstraCS:own:sentinel-Vb3Kq8"}}}',
        b'{"status": {"insertedIds": [1], "password": "half of a sent',
    )
    assert "seen" not in text_line(record, slow=False)
    for line in (text_line(record, slow=False, bodies=True), json_line(record, slow=False, bodies=True)):
        assert "seen" in line
        assert "insertedIds" in line
        assert "sent" not in line.replace(' "sent"', "").replace('"sent":', "")


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("data.document.password.value", '"hunter2secret"'),
        ("data.document.apiKey[0]", '"hunter2secret"'),
        ("data.document.n", '{"password": ["hunter2secret"]}'),
        ("data.document.n", '{"password": {"value": "hunter2secret"}}'),
    ],
)
def test_what_stands_below_a_name_of_secrets_is_masked(place: str, text: str) -> None:
    assert "hunter2" not in masked_at(place, text)


@pytest.mark.parametrize("secret", ["sk-proj-0123456789abcdef", "hf_0123456789abcdef", "AstraCS:ab:cd"])
def test_what_looks_like_a_key_is_masked(secret: str) -> None:
    assert secret not in masked(f'{{"text": "use {secret}"}}')


def test_lines_that_nobody_takes_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.verbs.serve.request_log._MOST_WAITING", 2)
    taken = io.StringIO()
    monkeypatch.setattr(sys, "stderr", taken)
    with request_log(ServerSettings()) as told:
        for _ in range(2000):
            told.request(RECORD)
    written = taken.getvalue()
    assert "library" in written


def test_serving_tells_every_request_and_ends_well(program: Program) -> None:
    with serving("--token", TOKEN, "--database", "fresh", "--create", "--log-format", "json", "--log-bodies") as server:
        assert server.post({"findKeyspaces": {}}).json() == {"status": {"keyspaces": ["default_keyspace"]}}
        assert server.post({"find": {}}, path="/v1/default_keyspace/none").status_code == 200
        assert server.post({"find": {}}, token="wrong-sentinel").status_code == 401
        assert httpx.get(server.address + "/nowhere", timeout=LONGEST_WAIT).status_code == 404
        server.process.send_signal(signal.SIGTERM)
        _, told = server.process.communicate(timeout=LONGEST_WAIT)
        assert server.process.returncode == 0
    lines = [simplejson.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert [(line["database"], line["command"], line["status"], line["error"]) for line in lines] == [
        ("fresh", "findKeyspaces", 200, None),
        ("fresh", "find", 200, "UNKNOWN_COLLECTION_OR_TABLE"),
        (None, None, 401, "UNAUTHENTICATED_REQUEST"),
        (None, None, 404, "UNKNOWN_PATH"),
    ]
    assert lines[0]["request"] == '{"findKeyspaces":{}}'
    assert "sentinel" not in told
    assert program.done("databases", "list", "--format", "json").rows[0]["name"] == "fresh"


def test_serving_nothing_says_what_to_do(program: Program) -> None:
    with serving("--no-token") as server:
        answer = server.post({"findKeyspaces": {}})
        assert answer.json()["errors"][0]["errorCode"] == "UNKNOWN_DATABASE"
        server.process.send_signal(signal.SIGTERM)
        _, told = server.process.communicate(timeout=LONGEST_WAIT)
    assert "`astrolabe serve --database NAME --create`" in told
    assert program("serve", "--port", "0", "--create").code == 2
