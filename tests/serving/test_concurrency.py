"""Many requests at once: long ones do not hold up small ones, and writers that wait too long are told so."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.documents import scanning
from storage.filters import matching
from storage.filters.tree import Filter
from storage.sqlite import store_file as connection
from tests.support.served import KEYSPACE, Served
from tests.support.waiting import LONGEST_WAIT

DOCS = f"/v1/{KEYSPACE}/docs"
SCAN = {"findOne": {"filter": {"o": {"$eq": {"b": 2}}}}}
"""What objects hold is for Python to decide, so every document is read."""


@pytest.fixture
def docs(server: Served) -> Iterator[Served]:
    server.post(f"/v1/{KEYSPACE}", json={"createCollection": {"name": "docs"}})
    documents = [{"_id": number, "o": {"b": 1}} for number in range(100)]
    assert "errors" not in server.post(DOCS, json={"insertMany": {"documents": documents}}).json()
    yield server
    server.post(f"/v1/{KEYSPACE}", json={"deleteCollection": {"name": "docs"}})


class HeldUp:
    """A filter that waits in the middle of a scan until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.go_on = threading.Event()

    def matcher(self, where: Filter) -> Callable[[Any], bool]:
        """Return what waits, and then decides as ever."""
        decides = matching.matcher(where)

        def matches(document: Any) -> bool:  # noqa: ANN401 - a document
            self.reached.release()
            assert self.go_on.wait(20)
            return decides(document)

        return matches


def test_small_reads_and_writes_are_answered_while_long_scans_are_under_way(
    docs: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldUp()
    monkeypatch.setattr(scanning, "matcher", held.matcher)
    with ThreadPoolExecutor(12) as pool:
        scans = [pool.submit(docs.post, DOCS, json=SCAN) for _ in range(12)]
        assert held.reached.acquire(timeout=LONGEST_WAIT)
        assert held.reached.acquire(timeout=LONGEST_WAIT)
        try:
            for number in range(10):
                found = docs.post(DOCS, json={"findOne": {"filter": {"_id": number}}}).json()
                assert found["data"]["document"] == {"_id": number, "o": {"b": 1}}
            assert docs.post(DOCS, json={"insertOne": {"document": {"_id": "new"}}}).json()["status"]
            assert docs.post(DOCS, json={"estimatedDocumentCount": {}}).json() == {"status": {"count": 101}}
            assert len(docs.post(DOCS, json={"find": {}}).json()["data"]["documents"]) == 50
            assert not any(scan.done() for scan in scans)
        finally:
            held.go_on.set()
        assert all(scan.result().json() == {"data": {"document": None}} for scan in scans)


def database_file(server: Served) -> Path:
    (path,) = (server.workspace.options.data_dir / "databases").rglob("*.db")
    return path


def insert(server: Served, number: int) -> httpx.Response:
    return server.post(DOCS, json={"insertOne": {"document": {"n": number}}})


def test_a_writer_waits_for_another_program_and_is_told_when_that_takes_too_long(
    docs: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = docs.run(docs.workspace.databases.list())[0]
    opened = docs.workspace._stores._slots[store.id].opened
    assert opened is not None
    monkeypatch.setattr(opened.store.file, "busy_timeout", 0.05)
    other = sqlite3.connect(database_file(docs), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = insert(docs, 1)
    other.execute("ROLLBACK")
    other.close()
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert (error["errorCode"], error["family"], error["scope"]) == ("TIMEOUT_WRITING_DATA", "SERVER", "DATABASE")
    assert "others have been writing" in error["message"]
    assert insert(docs, 2).json()["status"]["insertedIds"]
    assert docs.post(DOCS, json={"countDocuments": {"filter": {"n": 1}}}).json() == {"status": {"count": 0}}


def test_writers_of_one_server_queue_and_the_queue_has_an_end(docs: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(database_file(docs), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(insert, docs, 0)
        wait_until_writing(docs, first)
        monkeypatch.setattr(connection, "QUEUE_TIMEOUT", 0.05)
        queued = [pool.submit(insert, docs, number) for number in range(1, 6)]
        refused = [future.result().json()["errors"][0]["errorCode"] for future in wait(queued).done]
        assert refused == ["TIMEOUT_WRITING_DATA"] * 5
        assert not first.done()
        other.execute("ROLLBACK")
        other.close()
        assert first.result().json()["status"]["insertedIds"]
    monkeypatch.undo()
    with ThreadPoolExecutor(6) as pool:
        answers = [future.result().json() for future in [pool.submit(insert, docs, number) for number in range(30)]]
    assert all("errors" not in answer for answer in answers)


def wait_until_writing(server: Served, writing: Future[httpx.Response]) -> None:
    (slot,) = server.workspace._stores._slots.values()
    while slot.opened is None or not slot.opened.store.file._write_lock.locked():
        assert not writing.done()
        time.sleep(0.005)
