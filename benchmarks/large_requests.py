"""Small reads beside requests of 20 MB, and of clauses without end: what a findOne by ``_id`` waits meanwhile.

    python -m benchmarks.large_requests           each kind of request, one after another, for some seconds
    python -m benchmarks.large_requests --only documents --seconds 10

``python -m benchmarks.serve`` ends with it. The wanted limit is 50 ms for 99 of 100 small reads. The large requests are
sent from a thread, and the small ones on one connection after another's answer; *idle* is the same without large ones.
*stretch* is the longest time that the server's event loop could not run, less what an idle process missed meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import simplejson

from benchmarks.concurrency import Watched
from benchmarks.machine import machine_line
from benchmarks.serve import KEYSPACE, TOKEN, Connection, data_folder, encoded, peak_megabytes, process

LARGE = 20_000_000
"""Bytes of a large request, about."""

_ROWS = 1000
_PAUSE = 0.005
_DOCS = f"{KEYSPACE}/large"


@dataclass(frozen=True, slots=True)
class Large:
    """A kind of large request.

    Attributes:
        name: What it is called in the table.
        body: Makes it.
    """

    name: str
    body: Callable[[], bytes]


@dataclass(slots=True)
class Sent:
    """What became of the large requests.

    Attributes:
        seconds: That each took.
        outcome: The first error's code, or the status; of the last.
    """

    seconds: list[float] = field(default_factory=list)
    outcome: str = ""


def _documents() -> bytes:
    text = "words of a long text " * 9_000
    return encoded({"insertMany": {"documents": [{"free": {"text": text, "n": number}} for number in range(100)]}})


def _nested() -> bytes:
    part = {"a": {"b": [1, 2.5, {"c": "some words " * 26, "d": [True, None]}]}}
    documents = [{"free": {"parts": [part] * 600}} for _ in range(100)]
    return encoded({"insertMany": {"documents": documents}})


def _values() -> bytes:
    part = {"a": {"b": [1, 2.5, {"c": "some words", "d": [True, None]}]}}
    return encoded({"insertMany": {"documents": [{"free": {"parts": [part] * 3000}} for _ in range(100)]}})


def _numbers() -> bytes:
    numbers = ",".join(["12345678.123456789"] * (LARGE // 20))
    return f'{{"insertOne": {{"document": {{"free": [{numbers}]}}}}}}'.encode()


def _vectors() -> bytes:
    chance = random.Random(4)  # noqa: S311 - the same each time
    vector = [round(chance.random(), 15) for _ in range(4096)]
    return encoded({"insertMany": {"documents": [{"$vector": vector, "free": "x" * 120_000} for _ in range(100)]}})


def _clause(verb: str, clause: Callable[[], Any]) -> Callable[[], bytes]:
    return lambda: encoded({verb: clause()})


KINDS = (
    Large("insertMany of long texts", _documents),
    Large("insertMany, nested", _nested),
    Large("insertMany, too many values", _values),
    Large("insertMany of long vectors", _vectors),
    Large("insertOne of a million numbers", _numbers),
    Large("one text", lambda: encoded({"findOne": {"filter": {"a": "x" * LARGE}}})),
    Large("no JSON", lambda: b'{"findOne": {"filter": [' + b"[1,2]," * (LARGE // 6)),
    Large("empty objects", lambda: b'{"find": {"filter": {"$or": [' + b"{}," * (LARGE // 3) + b"{}]}}}"),
    Large("$in of a million", _clause("findOne", lambda: {"filter": {"a": {"$in": ["x" * 15] * 900_000}}})),
    Large("sort of 100,000 fields", _clause("find", lambda: {"sort": {f"f{n}": 1 for n in range(100_000)}})),
    Large("sort of 64 fields", _clause("find", lambda: {"sort": {f"f{n}": 1 for n in range(64)}})),
    Large(
        "$set of 900,000 paths",
        _clause(
            "updateOne", lambda: {"filter": {"_id": 1}, "update": {"$set": {f"f{n}": "x" for n in range(900_000)}}}
        ),
    ),
    Large("unknown members", _clause("findOne", lambda: {f"f{n}": "x" for n in range(900_000)})),
)


async def small_reads(address: str, until: Callable[[], bool]) -> list[float]:
    """Send findOne after findOne; return how long each took, in milliseconds, sorted."""
    chance = random.Random(3)  # noqa: S311 - the same requests each time
    connection = Connection(address)
    await connection.open()
    taken: list[float] = []
    while not until():
        body = encoded({"findOne": {"filter": {"_id": chance.randrange(_ROWS)}}})
        began = time.perf_counter()
        answer = await connection.post(_DOCS, body)
        taken.append((time.perf_counter() - began) * 1000)
        if b'"errors"' in answer:
            raise RuntimeError(answer[:500].decode())
        await asyncio.sleep(_PAUSE)
    await connection.close()
    return sorted(taken)


def send(address: str, body: bytes, end: float, sent: Sent) -> None:
    """Send one large request after another until some time, the last one to its answer."""
    parts = urlsplit(address)
    head = f"POST {_DOCS} HTTP/1.1\r\nHost: x\r\nToken: {TOKEN}\r\nConnection: close\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    while time.perf_counter() < end:
        began = time.perf_counter()
        with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=300) as connection:
            connection.sendall(head.encode() + body)
            answer = b""
            while received := connection.recv(1 << 16):
                answer += received
        sent.seconds.append(time.perf_counter() - began)
        status, _, rest = answer.partition(b"\r\n")
        errors = simplejson.loads(rest.partition(b"\r\n\r\n")[2] or b"{}").get("errors")
        sent.outcome = errors[0]["errorCode"] if errors else status.decode().split()[1]


async def beside(address: str, large: Large | None, seconds: float) -> tuple[Sequence[float], Sent]:
    """Measure the small reads beside one kind of large request, or beside none."""
    sent = Sent()
    end = time.perf_counter() + seconds
    if large is None:
        return await small_reads(address, lambda: time.perf_counter() > end), sent
    body = large.body()
    end = time.perf_counter() + seconds
    sender = threading.Thread(target=send, args=(address, body, end, sent))
    sender.start()
    try:
        return await small_reads(address, lambda: not sender.is_alive()), sent
    finally:
        sender.join()


async def prepare(address: str) -> None:
    """Create the collection, and documents to be found."""
    connection = Connection(address)
    await connection.open()
    options = {"vector": {"dimension": 4096}, "indexing": {"deny": ["free"]}}
    await connection.post(KEYSPACE, encoded({"createCollection": {"name": "large", "options": options}}))
    for start in range(0, _ROWS, 100):
        documents = [{"_id": number, "n": number} for number in range(start, start + 100)]
        await connection.post(_DOCS, encoded({"insertMany": {"documents": documents}}))
    await connection.close()


async def measure_all(address: str, pid: int, seconds: float, only: str = "", watched: Watched | None = None) -> None:
    """Measure beside every kind and print the table.

    Args:
        address: Where the server answers.
        pid: Its process.
        seconds: For each kind.
        only: Part of the names of the kinds that are measured.
        watched: Knows how long the server's event loop could not run by its own doing; None where nobody watches.
    """
    await prepare(address)
    print(f"{'small reads beside':34}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}{'sent':>6}{'s each':>8}", end="")
    print(f"{'peak MB':>9}{'stretch ms':>12}  outcome")
    await beside(address, None, 0.5)
    for large in (None, *(kind for kind in KINDS if only in kind.name)):
        start = time.monotonic()
        taken, sent = await beside(address, large, seconds)
        stretch = watched.longest(start, time.monotonic())[0] if watched is not None else math.nan
        p50, p99 = (taken[min(int(len(taken) * share), len(taken) - 1)] for share in (0.5, 0.99))
        each = sum(sent.seconds) / len(sent.seconds) if sent.seconds else 0.0
        name = large.name if large is not None else "idle"
        print(f"{name:34}{p50:8.1f}{p99:8.1f}{taken[-1]:8.1f}{len(sent.seconds):6}{each:8.2f}", end="")
        print(f"{peak_megabytes(pid):9.0f}{stretch:12.1f}  {sent.outcome}", flush=True)


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each kind")
    parser.add_argument("--only", default="", help="part of the name of the kinds to run")
    args = parser.parse_args()
    print(machine_line())
    module = ("-m", "benchmarks.loop_stalls")
    with tempfile.TemporaryDirectory() as folder, data_folder() as variables:
        gaps, idle = Path(folder, "server"), Path(folder, "idle")
        with (
            process(*module, str(idle)),
            process(*module, str(gaps), "serve", "--port", "0", **variables) as (server, address),
        ):
            watched = Watched(address, gaps, idle)
            asyncio.run(measure_all(address, server.pid, args.seconds, args.only, watched))


if __name__ == "__main__":
    main()
