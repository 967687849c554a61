"""A load into a collection elsewhere whose connections are cut again and again: every row is stored once."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.remote.door import RemoteDataApi
from astrolabe.remote.line import Line
from astrolabe.remote.token import Token
from tests.support.fake_time import FakeTime
from tests.support.remote import CATALOGUE, TOKEN, beside

KEYSPACE = "default_keyspace"
ROWS = 400
CUTS = 24
LONGEST = 12_000
"""Bytes, in either direction, after which a connection is cut at the latest."""


class Cutter:
    """Passes bytes on between a client and a server, and cuts the first connections after some bytes."""

    def __init__(self, host: str, port: int, allowances: list[int]) -> None:
        self._there = host, port
        self._allowances = allowances
        self.cut = 0
        self._under_way: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        left = [self._allowances.pop(0)] if self._allowances else []
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        try:
            ways = [self._pass(reader, there_writer, left), self._pass(there_reader, writer, left)]
            done, rest = await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)
            for one in rest:
                one.cancel()
            await asyncio.gather(*done, *rest, return_exceptions=True)
        finally:
            for one_writer in (writer, there_writer):
                one_writer.transport.abort()
            self._under_way.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int]) -> None:
        while data := await reader.read(1024):
            if left:
                left[0] -= len(data)
                if left[0] <= 0:
                    self.cut += 1
                    return
            writer.write(data)
            await writer.drain()

    async def ended(self) -> None:
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


@asynccontextmanager
async def cut_off(address: str) -> AsyncIterator[tuple[Cutter, str]]:
    """Stand between a client and the server at an address."""
    chance = random.Random(20261128)  # noqa: S311 - no secret: the same cuts every time
    parts = urlsplit(address)
    cutter = Cutter(parts.hostname or "", parts.port or 0, [chance.randrange(LONGEST) for _ in range(CUTS)])
    server = await asyncio.start_server(cutter.connected, "127.0.0.1", 0)
    try:
        yield cutter, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await cutter.ended()
        await server.wait_closed()


async def test_every_row_is_stored_once(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps({"n": n, "text": f"row {n}" * 4}) for n in range(ROWS)))
    time = FakeTime()
    async with beside(tmp_path / "data") as both, cut_off(both.address) as (cutter, address):
        there = DatabaseClient(both.there)
        await there.create_collection(KEYSPACE, "rows")
        [info] = await there.collections(KEYSPACE)
        line = Line(address, Token.of(SecretStr(TOKEN)), clock=time.clock, sleep=time.sleep)
        try:
            rows = DatabaseClient(RemoteDataApi(line, address, CATALOGUE)).collection(KEYSPACE, "rows")
            plan = LoadPlan(file, address, info, elsewhere=True)
            runs = 1
            while not (summary := await run_load(plan, rows, both.workspace.ledger)).complete:
                runs += 1
                assert runs <= CUTS
        finally:
            await line.close()
        stored = [one["n"] async for one in there.collection(KEYSPACE, "rows").find_all()]
    assert summary.failed == 0
    assert cutter.cut >= 3, "what is sent is more than three connections let through"
    assert sorted(stored) == list(range(ROWS))
