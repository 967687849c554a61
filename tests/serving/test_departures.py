"""Clients that go before they are answered: the work for them ends, and a write is whole or not there."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from astrolabe.dataapi.engine import finding
from astrolabe.dataapi.engine.handlers import inserting
from storage.documents import items, scanning
from storage.gil_yield import StoppedError, give_way
from tests.support.served import KEYSPACE, TOKEN, Served
from tests.support.waiting import LONGEST_WAIT, wait_until

DOCS = f"/v1/{KEYSPACE}/docs"
STORED = 100
MANY = {"insertMany": {"documents": [{"_id": f"new {number}", "text": "words " * 100} for number in range(100)]}}


@pytest.fixture
def docs(server: Served) -> Iterator[Served]:
    server.post(f"/v1/{KEYSPACE}", json={"createCollection": {"name": "docs"}})
    documents = [{"_id": number, "o": {"b": 1}} for number in range(STORED)]
    assert "errors" not in server.post(DOCS, json={"insertMany": {"documents": documents}}).json()
    yield server
    server.post(f"/v1/{KEYSPACE}", json={"deleteCollection": {"name": "docs"}})


class Endless:
    """Work on the first of many values that takes turn after turn, until it is stopped."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.reached = threading.Event()
        self.stopped = threading.Event()
        self._work = work

    def __call__(self, *values: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        """Do it in the end, if nobody stops it."""
        self.reached.set()
        end = time.monotonic() + LONGEST_WAIT
        try:
            while time.monotonic() < end:
                give_way()
        except StoppedError:
            self.stopped.set()
            raise
        return self._work(*values, **named)


def sent(server: Served, command: object) -> socket.socket:
    """Send a command, and return the connection on which its answer will come."""
    parts = urlsplit(server.address)
    body = json.dumps(command).encode()
    connection = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=LONGEST_WAIT)
    head = f"POST {DOCS} HTTP/1.1\r\nHost: 127.0.0.1\r\nToken: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def count(server: Served) -> int:
    return int(server.post(DOCS, json={"countDocuments": {}}).json()["status"]["count"])


@pytest.mark.parametrize(
    ("module", "name", "command"),
    [
        (scanning, "parse_body", {"findOne": {"filter": {"o": {"$eq": {"b": 2}}}}}),
        (finding, "parse_body", {"find": {"sort": {"o.b": 1}}}),
        (inserting, "prepare_document", MANY),
    ],
    ids=["a scan", "a sort", "an insert that has not begun to write"],
)
def test_work_ends_when_its_client_leaves(
    docs: Served, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, command: object
) -> None:
    endless = Endless(getattr(module, name))
    with monkeypatch.context() as held:
        held.setattr(module, name, endless)
        with sent(docs, command):
            assert endless.reached.wait(LONGEST_WAIT)
        assert endless.stopped.wait(LONGEST_WAIT / 2)
    assert count(docs) == STORED


def test_a_write_that_has_begun_is_whole_though_its_client_left(docs: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()
    real = items.insert_items

    async def slow(*values: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        reached.set()
        assert go_on.wait(LONGEST_WAIT)
        give_way()  # nobody may stop it here
        return await real(*values, **named)

    monkeypatch.setattr(items, "insert_items", slow)
    with sent(docs, MANY):
        assert reached.wait(LONGEST_WAIT)
    go_on.set()
    wait_until(lambda: count(docs) == STORED + 100, "the write was not finished")
