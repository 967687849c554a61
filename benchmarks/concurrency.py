"""Small reads beside long ones: what a findOne waits while a scan of the whole collection runs, over HTTP.

A findOne by ``_id`` is sent every few milliseconds, first to an idle server, then while long commands run one after
another on other connections. What counts is the delay: the time above the idle median. The wanted limit is 50 ms.
Beside the delays stands the longest stretch in which the server's event loop could not run, less what an idle process
missed at the same time: on a machine that others use too, only that says what the server did itself.

    python -m benchmarks.concurrency                  100,000 documents of 384 numbers
    python -m benchmarks.concurrency --rows 20000 --seconds 3
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.loop_stalls import longest, read_gaps
from benchmarks.machine import machine_line
from benchmarks.serve import KEYSPACE, Connection, data_folder, encoded, load, process

_PAUSE = 0.005
"""Seconds between two small reads."""

_Command = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Scan:
    """A long command.

    Attributes:
        name: What it is called in the table.
        command: Makes the next one.
        at_once: On how many connections it runs.
        may_fail: The command is refused in the end, after the work that is measured.
    """

    name: str
    command: _Command
    at_once: int = 1
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """A server with a ticker in its event loop.

    Attributes:
        address: Where it answers.
        gaps: The file in which its ticker notes gaps.
        idle: The file of the idle process.
    """

    address: str
    gaps: Path
    idle: Path

    def longest(self, start: float, end: float) -> tuple[float, float]:
        """Return the longest stretch between two times, and what was computed in it; in milliseconds."""
        return longest(read_gaps(self.gaps), read_gaps(self.idle), start, end)


@dataclass(frozen=True, slots=True)
class Delays:
    """What the small reads took beside a long command.

    Attributes:
        small: Milliseconds of each, sorted.
        long: How many long commands ended meanwhile.
        stretch: Milliseconds of the longest stretch in which the server's event loop could not run, by its own doing.
        computed: Milliseconds of processor time that all threads of the server took in it.
    """

    small: Sequence[float]
    long: int
    stretch: float
    computed: float

    def percentile(self, share: float) -> float:
        """Return the time that a share of the small reads stayed below."""
        return self.small[min(int(len(self.small) * share), len(self.small) - 1)]


def scans(queries: list[list[float]]) -> list[Scan]:
    """Return the long commands; ``queries`` are vectors near those of the documents."""
    chance = random.Random(2)  # noqa: S311 - the same requests each time

    def query() -> list[float]:
        return chance.choice(queries)

    def unmatched() -> dict[str, Any]:
        # No two decimals of a kind: SQL cannot decide these, so every document is read and compared.
        return {"text": {"$eq": {"no": f"such {chance.random()}"}}}

    def nearest(limit: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a command
        return {"find": {"sort": {"$vector": query()}, "options": {"limit": limit}, **more}}

    some = {"kind": {"$in": [f"k{number}" for number in range(9)]}}
    return [
        Scan("filter that Python decides", lambda: {"findOne": {"filter": unmatched()}}),
        Scan("the same, 4 at once", lambda: {"findOne": {"filter": unmatched()}}, at_once=4),
        Scan("filter that SQL decides", lambda: {"findOne": {"filter": {"text": f"no {chance.random()}"}}}),
        Scan("count", lambda: {"countDocuments": {"filter": {"text": f"no {chance.random()}"}}}),
        Scan("sort of 9 %", lambda: {"find": {"filter": some, "sort": {"n": -1}}}),
        Scan("sort of all, refused", lambda: {"find": {"sort": {"n": -1}}}, may_fail=True),
        Scan("vector search", lambda: nearest(10)),
        Scan("vector search, 4 at once", lambda: nearest(10), at_once=4),
        Scan("vector search, new filter", lambda: nearest(10, filter={"n": {"$gt": chance.randrange(50_000)}})),
        Scan("vector search, 1000 with vectors", lambda: nearest(1000, projection={"*": 1})),
        Scan("page of 50 with vectors", lambda: {"find": {"projection": {"$vector": 1}}}),
        Scan("insertMany of 100", lambda: {"insertMany": {"documents": [{"$vector": query()} for _ in range(100)]}}),
    ]


async def small_reads(address: str, rows: int, seconds: float, ready: asyncio.Event) -> list[float]:
    """Send findOne after findOne and return how long each took, in milliseconds, sorted."""
    chance = random.Random(3)  # noqa: S311 - the same requests each time
    connection = Connection(address)
    await connection.open()
    await ready.wait()
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        body = encoded({"findOne": {"filter": {"_id": chance.randrange(rows)}}})
        answer = await connection.post(f"{KEYSPACE}/docs", body)
        taken.append((time.perf_counter() - began) * 1000)
        if b'"errors"' in answer:
            raise RuntimeError(answer[:500].decode())
        await asyncio.sleep(_PAUSE)
    await connection.close()
    return sorted(taken)


async def measure(server: Watched, rows: int, scan: Scan | None, seconds: float) -> Delays:
    """Measure the small reads beside one long command after another."""
    bodies = [encoded(scan.command()) for _ in range(20)] if scan is not None else []
    ready = asyncio.Event()
    start = time.monotonic()
    small = asyncio.create_task(small_reads(server.address, rows, seconds, ready))
    ended = 0

    async def repeat(long: Scan) -> None:
        nonlocal ended
        connection = Connection(server.address)
        await connection.open()
        while not small.done():
            ready.set()
            answer = await connection.post(f"{KEYSPACE}/docs", bodies[ended % len(bodies)])
            ended += 1
            if b'"errors"' in answer and not long.may_fail:
                raise RuntimeError(answer[:500].decode())
        await connection.close()

    if scan is None:
        ready.set()
    else:
        await asyncio.gather(*(repeat(scan) for _ in range(scan.at_once)))
    taken = await small
    return Delays(taken, ended, *server.longest(start, time.monotonic()))


async def _all(server: Watched, rows: int, seconds: float, only: str) -> None:
    queries = await load(server.address, rows)
    for scan in scans(queries):
        await measure(server, rows, scan, 0.1)  # warm: indexes are read on the first search
    idle = await measure(server, rows, None, seconds)
    print(f"{'':34}{'ended':>6}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'delay p99':>11}{'delay max':>11}", end="")
    print(f"{'stretch':>9}{'CPU in it':>11}{'load':>6}")
    report("idle", idle, idle)
    for scan in scans(queries):
        if only in scan.name:
            report(scan.name, await measure(server, rows, scan, seconds), idle)


def report(name: str, found: Delays, idle: Delays) -> None:
    """Print one line of the table."""
    p50, p99, most, normal = found.percentile(0.5), found.percentile(0.99), found.small[-1], idle.percentile(0.5)
    print(f"{name:34}{found.long:6}{p50:9.1f}{p99:9.1f}{most:9.1f}{p99 - normal:11.1f}{most - normal:11.1f}", end="")
    print(f"{found.stretch:9.1f}{found.computed:11.1f}{os.getloadavg()[0]:6.1f}")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each long command")
    parser.add_argument("--only", default="", help="part of the name of the long commands to run")
    args = parser.parse_args()
    print(machine_line())
    module = ("-m", "benchmarks.loop_stalls")
    with tempfile.TemporaryDirectory() as folder, data_folder() as variables:
        gaps, idle = Path(folder, "server"), Path(folder, "idle")
        with (
            process(*module, str(idle)),
            process(*module, str(gaps), "serve", "--port", "0", **variables) as (_, address),
        ):
            asyncio.run(_all(Watched(address, gaps, idle), args.rows, args.seconds, args.only))


if __name__ == "__main__":
    main()
