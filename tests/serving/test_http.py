"""Paths, methods, tokens, content types and bodies: status codes and errors as the contract has them."""

from __future__ import annotations

import asyncio
import base64
import http.client
import logging
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.errors import AstrolabeError
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.serving import replies
from astrolabe.serving.bodies import DEEPEST
from astrolabe.serving.connections import LimitedProtocol
from astrolabe.serving.options import LARGEST_REQUEST, ServerOptions
from astrolabe.serving.server import ServerError
from astrolabe.workspace import Workspace
from tests.support.served import DATABASE, TOKEN, Served, served
from tests.support.waiting import LONGEST_WAIT

FIND_KEYSPACES: dict[str, object] = {"findKeyspaces": {}}
ANSWER = {"status": {"keyspaces": ["default_keyspace"]}}
PREFIXES = ("/v1", "/api/json/v1", f"/databases/{DATABASE}/v1", f"/databases/{DATABASE}/api/json/v1")


def code(response: httpx.Response) -> str:
    """Return the code of the only error."""
    (error,) = response.json()["errors"]
    return str(error["errorCode"])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_leads_to_the_three_levels(server: Served, prefix: str) -> None:
    assert server.post(prefix, json=FIND_KEYSPACES).json() == ANSWER
    assert server.post(f"{prefix}/", json=FIND_KEYSPACES).json() == ANSWER
    listed = server.post(f"{prefix}/default_keyspace", json={"findCollections": {}})
    assert listed.status_code == 200
    assert "collections" in listed.json()["status"]
    assert code(server.post(f"{prefix}/default_keyspace/none", json={"findOne": {}})) == "UNKNOWN_COLLECTION_OR_TABLE"


@pytest.mark.parametrize("path", ["/", "/v2x", "/v1/a/b/c", "/api/v1", "/v1//b", "/databases"])
def test_other_paths_are_not_found(server: Served, path: str) -> None:
    answer = server.post(path, json=FIND_KEYSPACES)
    assert (answer.status_code, code(answer)) == (404, "UNKNOWN_PATH")


def test_a_database_that_is_not_there_is_told_with_those_that_are(server: Served) -> None:
    answer = server.post("/databases/none/v1", json=FIND_KEYSPACES)
    assert (answer.status_code, code(answer)) == (404, "UNKNOWN_DATABASE")
    assert "'none'" in answer.text
    assert "library" in answer.text
    stranger = server.post("/databases/none/v1", json=FIND_KEYSPACES, headers={"Token": "AstraCS:other"})
    assert "library" not in stranger.text


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("PUT", 404), ("DELETE", 404), ("PATCH", 404)])
def test_other_methods_are_refused(server: Served, method: str, status: int) -> None:
    for path in ("/v1", "/v1/ks", "/v1/ks/books"):
        answer = httpx.request(method, server.address + path)
        assert answer.status_code == status
        assert code(answer) == ("UNSUPPORTED_METHOD" if status == 405 else "UNKNOWN_PATH")


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/stargate/health", "/stargate/health/live", "/stargate/health/ready"]
)
def test_the_server_says_that_it_is_up_without_a_token(server: Served, path: str) -> None:
    answer = httpx.get(server.address + path)
    assert (answer.status_code, answer.json()) == (200, {"status": "UP", "checks": []})


def test_the_log_names_the_code_of_an_error(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="astrolabe.serving.access"):
        server.post("/v1/default_keyspace/none", json={"findOne": {}})
        httpx.get(server.address + "/v1")
    lines = [record.getMessage() for record in caplog.records if record.name == "astrolabe.serving.access"]
    assert " 200 UNKNOWN_COLLECTION_OR_TABLE " in lines[0]
    assert " 405 UNSUPPORTED_METHOD " in lines[1]


def test_one_brace_too_many_is_passed_over_and_nothing_else(server: Served) -> None:
    assert "keyspaces" in server.post("/v1", '{"findKeyspaces":{}}}').json()["status"]
    assert code(server.post("/v1", '{"findKeyspaces":{}} x')) == "REQUEST_NOT_JSON"
    assert code(server.post("/v1", '{"findKeyspaces":{}}}}')) == "REQUEST_NOT_JSON"


def test_without_a_token_nothing_is_answered(server: Served) -> None:
    answer = server.post("/v1", json=FIND_KEYSPACES, headers={"Token": ""})
    assert (answer.status_code, code(answer)) == (401, "MISSING_AUTHENTICATION_TOKEN")
    wrong = server.post("/v1", json=FIND_KEYSPACES, headers={"Token": "AstraCS:other"})
    assert (wrong.status_code, code(wrong)) == (401, "UNAUTHENTICATED_REQUEST")
    assert "AstraCS:other" not in wrong.text


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Token": "", "X-Cassandra-Token": TOKEN},
        {"Token": "", "Authorization": f"Bearer {TOKEN}"},
        {"Token": f"Cassandra:{encoded('cassandra')}:{encoded(TOKEN)}"},
    ],
    ids=["legacy", "bearer", "password"],
)
def test_the_token_is_taken_in_every_form_that_clients_send(server: Served, headers: dict[str, str]) -> None:
    assert server.post("/v1", json=FIND_KEYSPACES, headers=headers).json() == ANSWER


def test_a_wrong_password_is_refused(server: Served) -> None:
    headers = {"Token": f"Cassandra:{encoded('cassandra')}:{encoded('cassandra')}"}
    assert server.post("/v1", json=FIND_KEYSPACES, headers=headers).status_code == 401


@pytest.mark.parametrize("content_type", ["", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_accepted_however_it_is_announced(server: Served, content_type: str) -> None:
    answer = server.post("/v1", b'{"findKeyspaces": {}}', headers={"Content-Type": content_type})
    assert answer.json() == ANSWER


def test_another_content_type_is_refused(server: Served) -> None:
    answer = server.post("/v1", b'{"findKeyspaces": {}}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_CONTENT_TYPE")


BODIES = {
    "": "COMMAND_FIELD_VALUE_INVALID",
    " \n": "COMMAND_FIELD_VALUE_INVALID",
    "null": "COMMAND_FIELD_VALUE_INVALID",
    "{": "REQUEST_NOT_JSON",
    '{"findKeyspaces": {}} # all of them': "REQUEST_NOT_JSON",
    '{"findKeyspaces": {}, "findKeyspaces": {}}': "REQUEST_NOT_JSON",
    '{"findKeyspaces": NaN}': "REQUEST_NOT_JSON",
    '"findKeyspaces"': "REQUEST_STRUCTURE_MISMATCH",
    "[]": "REQUEST_STRUCTURE_MISMATCH",
    "{}": "REQUEST_STRUCTURE_MISMATCH",
    '{"findKeyspaces": {}, "createKeyspace": {"name": "a"}}': "REQUEST_STRUCTURE_MISMATCH",
    '{"findEverything": {}}': "COMMAND_UNKNOWN",
    '{"findKeyspaces": {"name": "a"}}': "COMMAND_FIELD_UNKNOWN",
    '{"findKeyspaces": {"options": {"a": ' + "1" * 101 + "}}}": "SHRED_DOC_LIMIT_VIOLATION",
    '{"findKeyspaces": {"options": {"a": 1e' + "0" * 99 + "}}}": "SHRED_DOC_LIMIT_VIOLATION",
    "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1): "SHRED_DOC_LIMIT_VIOLATION",
    "[" * 100_000: "SHRED_DOC_LIMIT_VIOLATION",
    '{"a":' * 100_000: "SHRED_DOC_LIMIT_VIOLATION",
}


@pytest.mark.parametrize(("body", "expected"), BODIES.items(), ids=[body[:40] for body in BODIES])
def test_bodies_that_are_no_command(server: Served, body: str, expected: str) -> None:
    answer = server.post("/v1", body)
    assert (answer.status_code, code(answer)) == (200, expected)


def test_a_body_that_is_not_utf8_is_not_json(server: Served) -> None:
    assert code(server.post("/v1", b'{"findKeyspaces": "\xff"}')) == "REQUEST_NOT_JSON"


def test_a_hundred_digits_are_accepted_and_come_back_as_they_were(server: Served) -> None:
    number = "0." + "1234567890" * 9 + "12345678"
    path = "/v1/default_keyspace/digits"
    assert server.post("/v1/default_keyspace", json={"createCollection": {"name": "digits"}}).json() == {
        "status": {"ok": 1}
    }
    assert "errors" not in server.post(path, f'{{"insertOne": {{"document": {{"n": {number}, "m": 1.10}}}}}}').json()
    found = server.post(path, json={"findOne": {"projection": {"_id": 0}}})
    assert found.text == f'{{"data":{{"document":{{"n":{number},"m":1.1}}}}}}'


def test_a_long_row_of_digits_inside_a_text_is_no_number(server: Served) -> None:
    answer = server.post("/v1", json={"createKeyspace": {"name": "1" * 101}})
    assert code(answer) == "UNSUPPORTED_SCHEMA_NAME"


def test_a_body_that_says_it_is_too_long_is_not_read(server: Served) -> None:
    with raw(server) as connection:
        head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nContent-Length: {LARGEST_REQUEST + 1}\r\n\r\n"
        connection.sendall(head.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, answer.getheader("Connection")) == (413, "close")
        answer.close()


def test_a_body_that_turns_out_too_long_is_not_kept(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "MOST_DRAINED", 1_000_000)
    with raw(server) as connection:
        head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        sent = 0
        try:
            while sent < 3 * LARGEST_REQUEST:
                connection.sendall(chunk)
                sent += 0x100000
        except OSError:
            pass
        assert sent < 2 * LARGEST_REQUEST
    assert server.post("/v1", json=FIND_KEYSPACES).json() == ANSWER


def test_a_body_of_nearly_20_mb_is_read(server: Served) -> None:
    body = b'{"findKeyspaces": {}}' + b" " * (LARGEST_REQUEST - 30)
    assert server.post("/v1", body).json() == ANSWER


def raw(server: Served) -> socket.socket:
    """Open a bare connection."""
    parts = urlsplit(server.address)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=LONGEST_WAIT)


def test_a_slow_sender_is_let_go(tmp_path: Path) -> None:
    options = ServerOptions(port=0, token=SecretStr(TOKEN), patience=0.05)
    with served(tmp_path / "data", options) as server, raw(server) as connection:
        head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nContent-Length: 100\r\n\r\n{{"
        connection.sendall(head.encode())
        with connection.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"POST /v1 HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a head"])
def test_a_connection_without_a_request_is_closed(server: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(LimitedProtocol, "patience", 0.05)
    with raw(server) as connection:
        connection.sendall(sent)
        assert connection.recv(1000) == b""


def test_a_half_closed_connection_harms_nobody(server: Served) -> None:
    with raw(server) as connection:
        connection.sendall(b"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: a\r\nContent-Length: 100\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)
    with raw(server) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert server.post("/v1", json=FIND_KEYSPACES).json() == ANSWER


def test_unknown_headers_are_ignored(server: Served) -> None:
    headers = {"Feature-Flag-tables": "true", "X-Anything": "x", "User-Agent": "mine"}
    assert server.post("/v1", json=FIND_KEYSPACES, headers=headers).json() == ANSWER


def test_databases_are_told_apart(tmp_path: Path) -> None:
    async def prepare(workspace: Workspace) -> None:
        for name in ("one", "two words", "three"):
            database = await workspace.create_database(DatabaseDraft(name))
            await (await workspace.client(database)).create_keyspace(f"of_{name[:3]}")

    def keyspaces(path: str, host: str = "") -> list[str]:
        answer = server.post(path, json=FIND_KEYSPACES, headers={"Host": host})
        found: list[str] = answer.json()["status"]["keyspaces"]
        return [name for name in found if name != "default_keyspace"]

    options = ServerOptions(port=0, token=SecretStr(TOKEN), database="three")
    with served(tmp_path / "data", options, prepare=prepare) as server:
        one = server.run(server.workspace.databases.find("one"))
        assert keyspaces("/v1") == ["of_thr"]
        assert keyspaces("/v1", "one.localhost:8181") == ["of_one"]
        assert keyspaces("/v1", f"{one.id}-{one.region}.apps.example.com") == ["of_one"]
        assert keyspaces("/databases/two%20words/v1") == ["of_two"]
        assert keyspaces(f"/databases/{one.id}/api/json/v1", "three.localhost") == ["of_one"]


def test_with_several_databases_and_no_default_the_path_must_say(tmp_path: Path) -> None:
    async def prepare(workspace: Workspace) -> None:
        for name in ("one", "two"):
            await workspace.create_database(DatabaseDraft(name))

    with served(tmp_path / "data", prepare=prepare) as server:
        answer = server.post("/v1", json=FIND_KEYSPACES)
        assert answer.status_code == 404
        assert "/databases/<name>/v1" in answer.text


def test_a_stored_token_is_accepted_until_it_is_revoked(tmp_path: Path) -> None:
    with served(tmp_path / "data", ServerOptions(port=0)) as server:
        token, secret = server.run(server.workspace.tokens.create("shop"))
        headers = {"Token": secret.get_secret_value()}
        assert server.post("/v1", json=FIND_KEYSPACES, headers=headers).json() == ANSWER
        assert server.post("/v1", json=FIND_KEYSPACES).status_code == 401
        server.run(server.workspace.tokens.revoke(token.name))
        assert server.post("/v1", json=FIND_KEYSPACES, headers=headers).status_code == 401


def test_without_tokens_only_on_loopback(tmp_path: Path) -> None:
    with served(tmp_path / "data", ServerOptions(port=0, require_token=False)) as server:
        assert server.post("/v1", json=FIND_KEYSPACES, headers={"Token": ""}).json() == ANSWER
        page = server.post("/v1", json=FIND_KEYSPACES, headers={"Token": "", "Origin": "https://example.com"})
        assert (page.status_code, code(page)) == (401, "UNAUTHORIZED_ACCESS")
    refused = ServerOptions(host="0.0.0.0", port=0, require_token=False)  # noqa: S104 - it is refused
    with pytest.raises(AstrolabeError, match="on this machine only"), served(tmp_path / "other", refused):
        pass


def test_a_port_that_is_taken_is_said(server: Served, tmp_path: Path) -> None:
    port = int(urlsplit(server.address).port or 0)
    taken = served(tmp_path / "data", ServerOptions(port=port))
    with pytest.raises(ServerError, match=f"port {port}: Address already in use"), taken:
        pass


def test_the_access_log_has_no_secret(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="astrolabe.serving.access"):
        server.post("/v1?token=in-the-query", json=FIND_KEYSPACES, headers={"X-Embedding-Api-Key": "key-sentinel"})
        server.post("/v1", json=FIND_KEYSPACES, headers={"Token": "wrong-sentinel"})
    lines = [record.getMessage() for record in caplog.records if record.name == "astrolabe.serving.access"]
    assert [line.split()[:3] for line in lines] == [["POST", "/v1", "200"], ["POST", "/v1", "401"]]
    assert not any(word in caplog.text for word in ("sentinel", "in-the-query", TOKEN))


def test_a_stop_lets_a_request_that_has_begun_finish(tmp_path: Path) -> None:
    body = b'{"findKeyspaces": {}}'
    with served(tmp_path / "data") as server, raw(server) as connection:
        head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:5])
        assert server.post("/v1", json=FIND_KEYSPACES).json() == ANSWER  # so the first one has arrived
        stopping = asyncio.run_coroutine_threadsafe(server.server.stop(), server.loop)
        while not refused(server):
            time.sleep(0.005)
        assert not stopping.done()
        connection.sendall(body[5:])
        with connection.makefile("rb") as answer:
            assert answer.read().endswith(b'{"status":{"keyspaces":["default_keyspace"]}}')
        stopping.result(LONGEST_WAIT)


def refused(server: Served) -> bool:
    """Tell whether no new connection is accepted."""
    try:
        raw(server).close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_starts_again(tmp_path: Path) -> None:
    with served(tmp_path / "data") as running:
        running.run(running.server.stop())
        running.run(running.server.start())
        assert running.server.running
        assert httpx.get(running.server.address + "/v1").status_code == 405
