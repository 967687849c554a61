"""Who is let in: tokens in every form and with every letter, and, without a token, programs of this machine alone."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.errors import UsageError
from astrolabe.serving.options import ServerOptions
from tests.support.served import Served, served
from tests.support.waiting import LONGEST_WAIT

BODY = b'{"findKeyspaces": {}}'
ANSWER = b'{"status":{"keyspaces":["default_keyspace"]}}'
OTHER_LETTERS = "schlüssel-à"
"""In UTF-8 its last byte is one that Unicode counts among the blanks."""


def code(response: httpx.Response) -> str:
    """Return the code of the only error."""
    (error,) = response.json()["errors"]
    return str(error["errorCode"])


def send(server: Served, *headers: bytes, path: str = "/v1") -> bytes:
    """Post with these header lines, byte for byte, and return what comes until the server closes."""
    parts = urlsplit(server.address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=LONGEST_WAIT) as connection:
        lines = [f"POST {path} HTTP/1.1".encode(), *headers, b"Connection: close", b"Content-Length: %d" % len(BODY)]
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + BODY)
        with connection.makefile("rb") as answer:
            return answer.read()


@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_a_blank_token_is_refused_at_the_start(tmp_path: Path, token: str) -> None:
    options = ServerOptions(port=0, token=SecretStr(token))
    with pytest.raises(UsageError, match="keep nobody out"), served(tmp_path / "data", options):
        pass


@pytest.mark.parametrize("sent", ["Cassandra::", "Cassandra:dXNlcg==:", "Cassandra::IA==", "Cassandra:"])
def test_an_empty_password_is_never_let_in(server: Served, sent: str) -> None:
    answer = server.post("/v1", BODY, headers={"Token": sent})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED_REQUEST")


@pytest.fixture(scope="module")
def lettered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    options = ServerOptions(port=0, token=SecretStr(OTHER_LETTERS))
    with served(tmp_path_factory.mktemp("lettered") / "data", options) as running:
        yield running


def password(encoding: str) -> bytes:
    return b"Cassandra:" + base64.b64encode(b"user") + b":" + base64.b64encode(OTHER_LETTERS.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("form", [b"Token: %s", b"X-Cassandra-Token: %s", b"Authorization: Bearer %s"])
def test_a_token_with_other_letters_works_in_every_form(lettered: Served, form: bytes, encoding: str) -> None:
    for sent in (OTHER_LETTERS.encode(encoding), password(encoding)):
        assert send(lettered, b"Host: x", form % sent).endswith(ANSWER)
    assert send(lettered, b"Host: x", form % OTHER_LETTERS.encode(encoding)[:-1]).startswith(b"HTTP/1.1 401 ")


def test_a_token_that_looks_like_a_password_is_taken_as_it_is(tmp_path: Path) -> None:
    token = f"Cassandra:a:{base64.b64encode(b'other').decode()}"
    with served(tmp_path / "data", ServerOptions(port=0, token=SecretStr(token))) as server:
        assert send(server, b"Host: x", b"Token: " + token.encode()).endswith(ANSWER)
        assert send(server, b"Host: x", b"Token: other").startswith(b"HTTP/1.1 401 ")


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    options = ServerOptions(port=0, require_token=False, host_names=("Box.internal",))
    with served(tmp_path_factory.mktemp("trusting") / "data", options) as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8181", "localhost.", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:8181"),
        *("library.localhost", "a.b.localhost:8181", "box.internal", "BOX.INTERNAL:8181"),
    ],
)
def test_without_a_token_the_names_of_this_machine_are_answered(trusting: Served, host: str) -> None:
    assert send(trusting, b"Host: " + host.encode()).endswith(ANSWER)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8181", "192.0.2.1", ""),
        *("[::1].evil.example", "localhost:80:evil", "localhost@evil.example", "notlocalhost", "[2001:db8::1]"),
    ],
)
def test_without_a_token_another_host_name_is_refused(trusting: Served, host: str) -> None:
    for path in ("/v1", "/databases/library/v1/default_keyspace"):
        answer = send(trusting, b"Host: " + host.encode(), path=path)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b'"errorCode":"UNAUTHORIZED_ACCESS"' in answer
    assert send(trusting, b"Host: " + host.encode(), path="/v2/databases").startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_without_a_token_what_a_browser_sent_is_refused(trusting: Served, site: str) -> None:
    answer = trusting.post("/v1", BODY, headers={"Token": "", "Sec-Fetch-Site": site})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHORIZED_ACCESS")


def test_node_says_how_it_fetches_and_is_no_browser(trusting: Served) -> None:
    answer = trusting.post("/v1", BODY, headers={"Token": "", "Sec-Fetch-Mode": "cors"})
    assert answer.content == ANSWER


def test_with_a_token_any_host_name_and_browser_is_answered(server: Served) -> None:
    headers = {"Host": "evil.example", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert server.post("/v1", BODY, headers=headers).content == ANSWER
