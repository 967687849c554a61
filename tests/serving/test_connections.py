"""Connections: a budget below the descriptors, 503 for whoever comes beyond it, and an end to every standstill."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from astrolabe.serving.connections import ConnectionBudget, LimitedProtocol
from astrolabe.serving.listener import BoundedListener, Places
from astrolabe.serving.options import ServerOptions
from tests.support.served import TOKEN, Served, served
from tests.support.waiting import LONGEST_WAIT

BODY = b'{"findKeyspaces": {}}'
HEAD = f"POST /v1 HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
UNAVAILABLE = b"HTTP/1.1 503 "
MOST = 8


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Served]:
    """A server that takes :data:`MOST` connections, and waits for the request of one more."""
    with served(tmp_path / "data", ServerOptions(port=0, token=SecretStr(TOKEN), connections=MOST)) as running:
        yield running


def opened(server: Served) -> socket.socket:
    parts = urlsplit(server.address)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=LONGEST_WAIT)


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            received += part
    return received


def first_line(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answer:
        return answer.readline()


@pytest.mark.parametrize(
    ("most", "descriptors", "expected"), [(1000, None, 1000), (1000, 20_000, 1000), (1000, 1024, 512), (1000, 256, 128)]
)
def test_connections_leave_half_of_the_descriptors_to_the_databases(
    most: int, descriptors: int | None, expected: int
) -> None:
    budget = ConnectionBudget(most, descriptors, lambda: 0.0)
    assert budget.most == expected
    assert budget.whole <= expected * 9 / 8


def test_idle_connections_do_not_keep_a_request_from_its_503(small: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedProtocol, "silence", 1e9)
    with contextlib.ExitStack() as idle:
        for _ in range(MOST):
            idle.enter_context(opened(small))
        with opened(small) as waited_for, opened(small) as turned_away:
            assert everything(turned_away).startswith(UNAVAILABLE)
            waited_for.sendall(HEAD + BODY)
            assert everything(waited_for).startswith(UNAVAILABLE)
    assert small.post("/v1", BODY).status_code in {200, 503}


def test_a_connection_that_never_asked_makes_room_for_one_that_does(
    small: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "silence", 0.0)
    with contextlib.ExitStack() as idle:
        silent = [idle.enter_context(opened(small)) for _ in range(MOST)]
        assert small.post("/v1", BODY).status_code == 200
        assert everything(silent[0]) == b""


def test_connections_that_have_asked_are_kept(small: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedProtocol, "silence", 0.0)
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(opened(small)) for _ in range(MOST)]
        for connection in kept:
            connection.sendall(HEAD + BODY)
            assert first_line(connection).startswith(b"HTTP/1.1 200 ")
        with opened(small) as refused:
            refused.sendall(HEAD + BODY)
            assert everything(refused).startswith(UNAVAILABLE)


def test_a_process_without_descriptors_still_says_503(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.accept
    states = iter([False, True])  # none to be had, then the one that was kept for this

    def accept(self: socket.socket) -> tuple[socket.socket, object]:
        if next(states):
            return real(self)
        raise OSError(errno.EMFILE, "Too many open files")

    places = Places(5)
    with BoundedListener(socket.AF_INET, socket.SOCK_STREAM, 0, places=places) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname(), timeout=LONGEST_WAIT) as waiting:
            monkeypatch.setattr(socket.socket, "accept", accept)
            with pytest.raises(BlockingIOError):
                listener.accept()
            monkeypatch.undo()
            assert everything(waiting).startswith(UNAVAILABLE)
        with socket.create_connection(listener.getsockname(), timeout=LONGEST_WAIT):
            accepted, _ = listener.accept()
            assert places.opened == 1
            accepted.close()
            accepted.close()
            assert places.opened == 0


def test_a_body_that_drips_has_an_end(tmp_path: Path) -> None:
    options = ServerOptions(port=0, token=SecretStr(TOKEN), patience=30, body_seconds=0.2)
    with served(tmp_path / "data", options) as server, opened(server) as connection:
        connection.sendall(HEAD)
        connection.settimeout(0.01)
        answer = b""
        while not answer:  # a byte at a time, for as long as it is taken
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_an_answer_that_is_not_taken_has_an_end(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedProtocol, "taken_in_time", 0.05)
    assert server.post("/v1/default_keyspace", json={"createCollection": {"name": "taken"}}).status_code == 200
    document = {"_id": 1, "parts": ["x" * 7000] * 500}
    server.post("/v1/default_keyspace/taken", json={"insertOne": {"document": document}})
    command = b'{"find": {}}'
    head = HEAD.replace(b"/v1 ", b"/v1/default_keyspace/taken ").replace(b": %d" % len(BODY), b": %d" % len(command))
    before, answered = open_connections(server), server.server.traffic.requests
    with opened(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head + command)
        while server.server.traffic.requests == answered:
            time.sleep(0.005)
        while open_connections(server) > before:
            time.sleep(0.005)


def open_connections(server: Served) -> int:
    """Return how many connections the server has, as its event loop sees them."""

    async def count() -> int:
        await asyncio.sleep(0)
        return server.server.connections

    return server.run(count())
