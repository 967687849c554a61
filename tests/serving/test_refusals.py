"""Every answer that is not 200 says why, and reaches whoever sent the request."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.serving.options import LARGEST_REQUEST, ServerOptions
from astrolabe.serving.records import RequestRecord
from tests.support.served import TOKEN, Served, served
from tests.support.waiting import LONGEST_WAIT


def sent(server: Served, request: bytes) -> tuple[int, str, bytes]:
    """Return status, content type and body of the answer to bytes."""
    parts = urlsplit(server.address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=LONGEST_WAIT) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        with answer:
            return answer.status, answer.getheader("Content-Type") or "", answer.read()


@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_too_much_sees_the_reason(server: Served, chunked: bool) -> None:
    piece = b" " * 0x100000
    pieces = [piece] * (LARGEST_REQUEST // len(piece) + 40)
    content: object = iter(pieces) if chunked else b"".join(pieces)
    headers = {"Token": TOKEN, "Content-Type": "application/json"}
    answer = httpx.post(f"{server.address}/v1", content=content, headers=headers, timeout=LONGEST_WAIT)  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert [error["errorCode"] for error in answer.json()["errors"]] == ["REQUEST_TOO_LARGE"]


def test_who_waits_for_a_word_before_sending_too_much_gets_the_answer_at_once(server: Served) -> None:
    size = LARGEST_REQUEST + 1
    head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nExpect: 100-continue\r\nContent-Length: {size}\r\n\r\n"
    status, _, body = sent(server, head.encode())
    assert status == 413
    assert b"REQUEST_TOO_LARGE" in body


def test_what_is_no_http_is_told_so(server: Served) -> None:
    status, content_type, body = sent(server, b"nonsense\r\n\r\n")
    assert (status, content_type) == (400, "application/json;charset=UTF-8")
    assert b"REQUEST_NOT_HTTP" in body


def test_a_connection_too_many_gets_an_error_object(tmp_path: Path) -> None:
    with served(tmp_path / "data", ServerOptions(port=0, token=SecretStr(TOKEN), connections=8)) as server:
        parts = urlsplit(server.address)
        address = (str(parts.hostname), int(parts.port or 0))
        kept = [socket.create_connection(address, timeout=LONGEST_WAIT) for _ in range(8)]
        try:
            for connection in kept:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            for _ in range(3):
                status, content_type, body = sent(server, b"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                assert (status, content_type) == (503, "application/json;charset=UTF-8")
                assert b"TOO_MANY_CONNECTIONS" in body
                assert b"ASTROLABE_SERVER__CONNECTIONS" in body
        finally:
            for connection in kept:
                connection.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v2/databases", b"{"), ("/v2/databases", b" " * (LARGEST_REQUEST + 1)), ("/v2/nothing", b"{}")],
    ids=["not JSON", "too large", "nothing there"],
)
def test_the_devops_api_has_errors_of_its_own_form(server: Served, path: str, body: bytes) -> None:
    answer = server.post(path, body)
    assert answer.status_code in {400, 404, 413}
    (error,) = answer.json()["errors"]
    assert error["ID"] == answer.status_code
    assert error["message"]


def test_answers_name_their_characters_as_a_real_server_does(server: Served) -> None:
    assert server.post("/v1", json={"findKeyspaces": {}}).headers["Content-Type"] == "application/json;charset=UTF-8"
    assert httpx.get(f"{server.address}/v1").headers["Content-Type"] == "application/json;charset=UTF-8"
    refused = server.post("/v1", json={"findKeyspaces": {}}, headers={"Token": ""})
    assert (refused.status_code, refused.headers["Content-Type"]) == (401, "application/json")


def test_records_have_no_secret_in_their_repr() -> None:
    assert "sentinel" not in repr(RequestRecord("POST", "/v1", secrets=("sentinel",)))


def test_half_a_surrogate_pair_is_quoted_and_no_fault(server: Served) -> None:
    replication = '{"class": "\\ud800"}'
    command = f'{{"createKeyspace": {{"name": "spare", "options": {{"replication": {replication}}}}}}}'
    (error,) = server.post("/v1", command).json()["errors"]
    assert error["errorCode"] == "COMMAND_FIELD_VALUE_INVALID"
    assert "\\ud800" in error["message"]
