"""The server over HTTP: requests a second and how long they take, beside bare Starlette answering a constant.

Server, peer and client are processes of their own on one machine, so they share its processors; the ratio to the peer
in the same run says more than the numbers. The client writes HTTP itself: a general one would be the slowest part.

    python -m benchmarks.serve                    100,000 vectors of 384 numbers, 1, 8 and 32 connections
    python -m benchmarks.serve --rows 20000 --seconds 5
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
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
from numpy.typing import NDArray

from benchmarks.machine import machine_line

TOKEN = "benchmark"  # noqa: S105 - the server of this run accepts it
KEYSPACE = "/v1/default_keyspace"
DIMENSION = 384
_QUERIES = 50
_CONNECTIONS = (1, 8, 32)
_CLI = ("-m", "tui.cli")
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
        computing: Milliseconds of processor time that the server took for each; it says more on a busy machine.
    """

    rate: float
    milliseconds: Sequence[float]
    computing: float

    def percentile(self, share: float) -> float:
        """Return the time that a share of the requests stayed below."""
        return self.milliseconds[min(int(len(self.milliseconds) * share), len(self.milliseconds) - 1)]


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers at an address."""

    address: str
    pid: int


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
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nToken: {TOKEN}\r\n"
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
def data_folder() -> Iterator[dict[str, str]]:
    """Lend the environment of a server with a new data folder that has one database."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"ASTROLABE_DATA_DIR": folder, "ASTROLABE_SERVER__TOKEN": TOKEN}
        with process(*_CLI, "databases", "create", "bench", **variables) as (creating, _):
            creating.wait(30)
        yield variables


@contextmanager
def astrolabe_server(variables: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Lend a running server and its address."""
    with process(*_CLI, "serve", "--port", "0", **variables) as serving:
        yield serving


def megabytes(pid: int) -> str:
    """Return the memory of a process, or a dash where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return "-"
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":" in line)
    return f"{int(lines['VmRSS'].split()[0]) / 1000:.0f} MB"


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process had since the last call; nan where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return math.nan
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1000


def processor_time(pid: int) -> float:
    """Return the seconds that a process has computed; nan where the system does not tell."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return math.nan
    fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(server: Server, job: Job, connections: int, seconds: float) -> Measured:
    """Send one kind of request over some connections for some time; every answer must be a success."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def send() -> None:
        connection = Connection(server.address)
        await connection.open()
        while (began := time.perf_counter()) < end:
            answer = await connection.post(job.path, job.body())
            taken.append((time.perf_counter() - began) * 1000)
            if b'"errors"' in answer:
                raise RuntimeError(answer[:500].decode())
        await connection.close()

    began, computed = time.perf_counter(), processor_time(server.pid)
    await asyncio.gather(*(send() for _ in range(connections)))
    rate = len(taken) / (time.perf_counter() - began)
    return Measured(rate, sorted(taken), (processor_time(server.pid) - computed) * 1000 / len(taken))


async def load(address: str, rows: int) -> list[list[float]]:
    """Create the collection, insert documents with clustered vectors, and return queries of the same kind."""
    connection = Connection(address)
    await connection.open()
    options = {"vector": {"dimension": DIMENSION}}
    await connection.post(KEYSPACE, encoded({"createCollection": {"name": "docs", "options": options}}))
    await connection.post(KEYSPACE, encoded({"createCollection": {"name": "written"}}))
    vectors = _clustered(rows + _QUERIES)
    for start in range(0, rows, 100):
        documents = [
            {"_id": number, "n": number, "kind": f"k{number % 100}", "$vector": vectors[number].round(5).tolist()}
            for number in range(start, min(start + 100, rows))
        ]
        answer = await connection.post(f"{KEYSPACE}/docs", encoded({"insertMany": {"documents": documents}}))
        if b'"errors"' in answer:
            raise RuntimeError(answer[:500].decode())
    await connection.close()
    queries: list[list[float]] = vectors[rows:].round(5).tolist()
    return queries


def _clustered(rows: int) -> NDArray[np.float64]:
    """Return unit vectors in clusters, as texts about some subjects have them."""
    chance = np.random.default_rng(1)
    centres = chance.standard_normal((max(16, int(rows**0.5)), DIMENSION))
    found = centres[chance.integers(0, len(centres), rows)] + chance.standard_normal((rows, DIMENSION))
    unit: NDArray[np.float64] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def jobs(rows: int, queries: list[list[float]]) -> list[Job]:
    """Return what is measured; ``queries`` are vectors near those of the documents."""
    chance = random.Random(1)  # noqa: S311 - the same requests each time
    numbers = itertools.count()
    text = "words of a paragraph " * 10
    docs, written = f"{KEYSPACE}/docs", f"{KEYSPACE}/written"

    def command(verb: str, content: Callable[[], Any]) -> _Body:
        return lambda: encoded({verb: content()})

    def many() -> dict[str, Any]:
        return {"documents": [{"n": next(numbers), "text": text} for _ in range(50)]}

    def nearest() -> dict[str, Any]:
        return {"sort": {"$vector": chance.choice(queries)}, "options": {"limit": 10, "includeSimilarity": True}}

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
    to_bare = f"{measured.rate / peer.rate:9.2f}{measured.computing / peer.computing:13.1f}"
    print(f"{name:24}{connections:5}{measured.rate:11.0f}{times}{to_bare}{measured.computing:9.2f}")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each kind and number of connections")
    args = parser.parse_args()
    print(machine_line())
    with process("-c", _PEER) as (bare, peer), data_folder() as variables:
        began = time.perf_counter()
        with astrolabe_server(variables) as (server, address):
            asyncio.run(first_answer(address))
            print(f"from start to first answer: {time.perf_counter() - began:.2f} s")
            print(f"memory after it: {megabytes(server.pid)} (bare Starlette: {megabytes(bare.pid)})")
            asyncio.run(_all(Server(address, server.pid), Server(peer, bare.pid), args.rows, args.seconds))
            print(f"memory at the end: {megabytes(server.pid)}")
            from benchmarks.large_requests import measure_all  # noqa: PLC0415 - it needs what is in here

            asyncio.run(measure_all(address, server.pid, args.seconds))


async def first_answer(address: str) -> None:
    """Send the first command."""
    connection = Connection(address)
    await connection.open()
    await connection.post("/v1", b'{"findKeyspaces": {}}')
    await connection.close()


async def _all(server: Server, peer: Server, rows: int, seconds: float) -> None:
    began = time.perf_counter()
    queries = await load(server.address, rows)
    print(f"{rows:,} documents loaded in {time.perf_counter() - began:.1f} s; memory: {megabytes(server.pid)}")
    constant = Job("bare Starlette", "/v1", lambda: b'{"findKeyspaces": {}}')
    print(f"{'':24}{'conn.':>5}{'requests/s':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}", end="")
    print(f"{'to bare':>9}{'CPU to bare':>13}{'CPU ms':>9}")
    for connections in _CONNECTIONS:
        bare = await measure(peer, constant, connections, seconds)
        report(constant.name, connections, bare, bare)
        for job in jobs(rows, queries):
            await measure(server, job, connections, 0.3)  # warm: the index is read on the first search
            report(job.name, connections, await measure(server, job, connections, seconds), bare)


if __name__ == "__main__":
    main()
