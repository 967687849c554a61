"""The server over HTTP: requests a second and how long they take, beside bare Starlette answering a constant.

Server, peer and client are processes of their own on one machine, so they share its processors; the ratio to the peer
in the same run says more than the numbers. The client writes HTTP itself: a general one would be the slowest part.

    python -m benchmarks.serve                    20,000 vectors of 384 numbers, 1, 8 and 32 connections
    python -m benchmarks.serve --rows 100000 --seconds 5
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import simplejson

from benchmarks.machine import machine_line

_TOKEN = "benchmark"  # noqa: S105 - the server of this run accepts it
KEYSPACE = "/v1/default_keyspace"
DIMENSION = 384
_CONNECTIONS = (1, 8, 32)
_PEER = """\
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

async def answer(request):
    await request.body()
    return Response(b'{"status":{"ok":1}}', media_type="application/json")

listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sends at once on sockets that say so
listener.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
app = Starlette(routes=[Route("/v1", answer, methods=["POST"])])
uvicorn.Server(uvicorn.Config(app, http="h11", access_log=False, log_level="critical")).run([listener])
"""

_Body = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of request.

    Attributes:
        name: What it is called in the table.
        path: Where it is posted.
        body: Makes the next body.
    """

    name: str
    path: str
    body: _Body


@dataclass(frozen=True, slots=True)
class Measured:
    """What one kind of request took.

    Attributes:
        rate: Requests a second.
        milliseconds: Of each, sorted.
    """

    rate: float
    milliseconds: Sequence[float]

    def percentile(self, share: float) -> float:
        """Return the time that a share of the requests stayed below."""
        return self.milliseconds[min(int(len(self.milliseconds) * share), len(self.milliseconds) - 1)]


class Connection:
    """A kept-alive HTTP/1.1 connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def post(self, path: str, body: bytes) -> bytes:
        """Return the body of the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nToken: {_TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length:")[1].split(b"\r\n")[0])
        return await self._reader.readexactly(length)

    async def close(self) -> None:
        """Disconnect."""
        self._writer.close()
        await self._writer.wait_closed()


@contextmanager
def process(*words: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Lend a running server and the address that it prints first."""
    started = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, *words],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    try:
        yield started, started.stdout.readline().strip()
    finally:
        started.terminate()
        started.wait(20)
        started.stdout.close()


@contextmanager
def astrolabe_server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Lend a server on a new data folder with one database, and its address."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"ASTROLABE_DATA_DIR": folder, "ASTROLABE_SERVER__TOKEN": _TOKEN}
        cli = ("-m", "tui.cli")
        with process(*cli, "databases", "create", "bench", **variables) as (creating, _):
            creating.wait(30)
        with process(*cli, "serve", "--port", "0", **variables) as serving:
            yield serving


def megabytes(pid: int) -> str:
    """Return the memory of a process, or a dash where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return "-"
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":" in line)
    return f"{int(lines['VmRSS'].split()[0]) / 1000:.0f} MB"


async def measure(address: str, job: Job, connections: int, seconds: float) -> Measured:
    """Send one kind of request over some connections for some time; every answer must be a success."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def send() -> None:
        connection = Connection(address)
        await connection.open()
        while (began := time.perf_counter()) < end:
            answer = await connection.post(job.path, job.body())
            taken.append((time.perf_counter() - began) * 1000)
            if b'"errors"' in answer:
                raise RuntimeError(answer[:500].decode())
        await connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(connections)))
    return Measured(len(taken) / (time.perf_counter() - began), sorted(taken))


async def load(address: str, rows: int) -> None:
    """Create the collection and insert the vectors."""
    connection = Connection(address)
    await connection.open()
    options = {"vector": {"dimension": DIMENSION}}
    await connection.post(KEYSPACE, encoded({"createCollection": {"name": "docs", "options": options}}))
    await connection.post(KEYSPACE, encoded({"createCollection": {"name": "written"}}))
    vectors = np.random.default_rng(1).standard_normal((rows, DIMENSION)).astype(np.float32).round(4)
    for start in range(0, rows, 100):
        documents = [
            {"_id": number, "n": number, "kind": f"k{number % 100}", "$vector": vectors[number].tolist()}
            for number in range(start, min(start + 100, rows))
        ]
        answer = await connection.post(f"{KEYSPACE}/docs", encoded({"insertMany": {"documents": documents}}))
        if b'"errors"' in answer:
            raise RuntimeError(answer[:500].decode())
    await connection.close()


def jobs(rows: int) -> list[Job]:
    """Return what is measured."""
    chance = random.Random(1)  # noqa: S311 - the same requests each time
    numbers = itertools.count()
    query = [[round(chance.gauss(0, 1), 4) for _ in range(DIMENSION)] for _ in range(50)]
    text = "words of a paragraph " * 10
    docs, written = f"{KEYSPACE}/docs", f"{KEYSPACE}/written"

    def command(verb: str, content: Callable[[], Any]) -> _Body:
        return lambda: encoded({verb: content()})

    def many() -> dict[str, Any]:
        return {"documents": [{"n": next(numbers), "text": text} for _ in range(50)]}

    def nearest() -> dict[str, Any]:
        return {"sort": {"$vector": chance.choice(query)}, "options": {"limit": 10, "includeSimilarity": True}}

    return [
        Job("find by _id", docs, command("findOne", lambda: {"filter": {"_id": chance.randrange(rows)}})),
        Job("find by filter", docs, command("find", lambda: {"filter": {"kind": "k7"}, "options": {"limit": 20}})),
        Job(f"find by vector, {rows:,}", docs, command("find", nearest)),
        Job("insertOne", written, command("insertOne", lambda: {"document": {"n": next(numbers), "text": text}})),
        Job("insertMany of 50", written, command("insertMany", many)),
    ]


def encoded(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return the body of a request."""
    return str(simplejson.dumps(value)).encode()


def report(name: str, connections: int, measured: Measured, peer: Measured) -> None:
    """Print one line of the table."""
    times = "".join(f"{measured.percentile(share):9.1f}" for share in (0.5, 0.95, 0.99))
    print(f"{name:24}{connections:5}{measured.rate:11.0f}{times}{measured.rate / peer.rate:10.2f}")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each kind and number of connections")
    args = parser.parse_args()
    print(machine_line())
    with tempfile.TemporaryDirectory() as folder:
        variables = {"ASTROLABE_DATA_DIR": folder, "ASTROLABE_SERVER__TOKEN": _TOKEN}
        cli = ("-m", "tui.cli")
        with process(*cli, "databases", "create", "bench", **variables) as (creating, _):
            creating.wait(30)
        began = time.perf_counter()
        with process(*cli, "serve", "--port", "0", **variables) as (server, address), process("-c", _PEER) as peer:
            print(f"from start to address: {time.perf_counter() - began:.2f} s; memory: {megabytes(server.pid)}")
            asyncio.run(_all(address, peer[1], args.rows, args.seconds))
            print(f"memory at the end: {megabytes(server.pid)}")


async def _all(address: str, peer: str, rows: int, seconds: float) -> None:
    await load(address, rows)
    constant = Job("bare Starlette", "/v1", lambda: b'{"findKeyspaces": {}}')
    print(f"{'':24}{'conn.':>5}{'requests/s':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'to bare':>10}")
    for connections in _CONNECTIONS:
        bare = await measure(peer, constant, connections, seconds)
        report(constant.name, connections, bare, bare)
        for job in jobs(rows):
            await measure(address, job, connections, 0.3)  # warm: the index is read on the first search
            report(job.name, connections, await measure(address, job, connections, seconds), bare)


if __name__ == "__main__":
    main()
