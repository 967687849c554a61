"""``astrolabe serve`` and ``astrolabe tokens``, as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import ROOT, Program
from tests.support.waiting import LONGEST_WAIT

TOKEN = "sentinel-Vb3Kq8"


@dataclass(frozen=True)
class Serving:
    """A server process."""

    process: subprocess.Popen[str]
    address: str

    def post(self, command: object, token: str = TOKEN, path: str = "/v1") -> httpx.Response:
        return httpx.post(self.address + path, json=command, headers={"Token": token}, timeout=LONGEST_WAIT)


@contextmanager
def serving(*flags: str) -> Iterator[Serving]:
    """Start a server on a free port, and end it."""
    process = subprocess.Popen(  # noqa: S603 - our own program with a test's words
        [sys.executable, "-m", "tui.cli", "serve", "--port", "0", *flags],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        try:
            assert line.startswith("http"), process.stderr and process.stderr.read()
            yield Serving(process, line)
        finally:
            process.kill()


def test_it_serves_until_it_is_stopped(program: Program) -> None:
    program.done("databases", "create", "library")
    with serving("--token", TOKEN) as server:
        answer = server.post({"findKeyspaces": {}}, path="/databases/library/v1")
        assert answer.json() == {"status": {"keyspaces": ["default_keyspace"]}}
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(LONGEST_WAIT) == 0


def test_a_token_is_created_used_listed_and_revoked(program: Program) -> None:
    program.done("databases", "create", "library")
    token = program.done("tokens", "create", "shop").out.strip()
    assert token.startswith("AstraCS:")
    program.done("tokens", "create", "reader", "--read-only", "--database", "library")
    rights = program.done("tokens", "list", "--format", "json").rows
    assert [(row["read_only"], row["databases"]) for row in rights] == [(True, ["library"]), (False, "all")]
    program.done("tokens", "revoke", "reader")
    listed = program.done("tokens", "list", "--format", "json")
    assert [row["name"] for row in listed.rows] == ["shop"]
    assert token not in listed.out
    with serving() as server:
        assert server.post({"findKeyspaces": {}}, token).json() == {"status": {"keyspaces": ["default_keyspace"]}}
        program.done("tokens", "revoke", "shop")
        assert server.post({"findKeyspaces": {}}, token).status_code == 401
    assert program("tokens", "revoke", "shop").code == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--no-token", "--host", "0.0.0.0"], "on this machine only"),  # noqa: S104 - it is refused
        (["--port", "70000"], "--port is wrong"),
        (["--token", ""], "a blank token would keep nobody out"),
        (["--key", "key.pem"], "without a certificate"),
    ],
    ids=["open to all", "port", "blank token", "key"],
)
def test_wrong_words_are_refused(program: Program, argv: list[str], words: str) -> None:
    outcome = program("serve", *argv)
    assert outcome.code == 2
    assert words in outcome.err


def test_an_unknown_database_is_refused(program: Program) -> None:
    outcome = program("serve", "--port", "0", "--database", "nowhere")
    assert outcome.code == 1
    assert "There is no database 'nowhere'." in outcome.err


def test_info_shows_the_addresses(program: Program) -> None:
    program.done("databases", "create", "two words")
    rows = program.done("info", "--format", "json").rows
    facts = {row["subject"]: row["value"] for row in rows}
    assert facts["server"] == "http://127.0.0.1:8181"
    assert facts["database: two words"] == "http://127.0.0.1:8181/databases/two%20words"


def test_astra_host_names_are_told_and_the_authority_is_removed_with_one_command(program: Program) -> None:
    program.done("databases", "create", "library")
    assert "no authority yet" in program("authority", "show").err
    with serving("--token", TOKEN, "--astra-host-names", "--astra-port", "0") as server:
        server.process.send_signal(signal.SIGTERM)
        _, told = server.process.communicate(timeout=LONGEST_WAIT)
    row = program.done("databases", "list", "--format", "json").rows[0]
    name = f"{row['id']}-{row['region']}.apps.astra.datastax.com"
    assert f"library: https://{name}:" in told
    assert f"127.0.0.1 {name} {row['id']}.apps.astra.datastax.com" in told
    shown = program.done("authority", "show")
    file = Path(shown.out.strip())
    assert file.exists()
    assert f"SSL_CERT_FILE={file}" in shown.err
    program.done("authority", "remove")
    assert not file.parent.exists()


def test_ports_of_databases_are_told_and_shown(program: Program) -> None:
    program.done("databases", "create", "library")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with serving("--token", TOKEN, "--port-per-database", "--port", str(port)) as server:
        server.process.send_signal(signal.SIGTERM)
        _, told = server.process.communicate(timeout=LONGEST_WAIT)
    facts = {row["subject"]: row["value"] for row in program.done("info", "--format", "json").rows}
    assert f"library: {facts['own port: library']}\n" in told
