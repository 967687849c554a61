"""Astra DB's DevOps API, as its clients use it: a stand-in on loopback answers what it is documented to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from astrolabe.errors import NotFoundError
from astrolabe.portal.organization import DatabaseStatus
from astrolabe.remote.devops import DevOps
from astrolabe.remote.errors import EndpointError, EndpointFailure
from astrolabe.remote.line import Line
from astrolabe.remote.token import Token
from tests.support.fake_time import FakeTime
from tests.support.remote import TOKEN

Answered = tuple[int, Any]


def entry(number: int, status: str = "ACTIVE") -> dict[str, Any]:
    """A database object of the DevOps API."""
    info = {"name": f"db-{number:03}", "keyspaces": ["default_keyspace"], "cloudProvider": "AWS", "region": "us-east-2"}
    return {"id": f"{number:08}-id", "status": status, "creationTime": "2026-11-20T12:00:00Z", "info": info}


@asynccontextmanager
async def devops(answer: Callable[[str, dict[str, list[str]], str], Answered]) -> AsyncIterator[DevOps]:
    """Lend a client to a stand-in; ``answer`` gets path, query and the Authorization header."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = urlsplit(head.split(" ")[1])
        shown = next(line for line in head.splitlines() if line.lower().startswith("authorization:"))
        status, body = answer(target.path, parse_qs(target.query), shown.partition(": ")[2])
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {len(content)}\r\n\r\n".encode())
        writer.write(content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"
    time = FakeTime()
    line = Line(base, Token.of(SecretStr(TOKEN)), clock=time.clock, sleep=time.sleep)
    try:
        yield DevOps(line, base)
    finally:
        await line.close()
        server.close()
        await server.wait_closed()


async def test_all_pages_are_read_with_the_token_as_bearer() -> None:
    everything = [entry(number) for number in range(120)]

    def answer(path: str, query: dict[str, list[str]], shown: str) -> Answered:
        assert (path, shown) == ("/v2/databases", f"Bearer {TOKEN}")
        after = query.get("starting_after", [""])[0]
        return 200, [one for one in everything if one["id"] > after][: int(query["limit"][0])]

    async with devops(answer) as api:
        found = await api.databases()
    assert [one.database.name for one in found] == [f"db-{number:03}" for number in range(120)]
    assert found[0].database.cloud_provider == "aws"
    assert found[0].keyspaces == ("default_keyspace",)


async def test_an_endpoint_that_repeats_a_page_is_not_asked_for_ever() -> None:
    page = [entry(number) for number in range(50)]
    async with devops(lambda *_: (200, page)) as api:
        assert len(await api.databases()) >= 50


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("ACTIVE", DatabaseStatus.ACTIVE),
        ("INITIALIZING", DatabaseStatus.INITIALIZING),
        ("MAINTENANCE", DatabaseStatus.MAINTENANCE),
        ("HIBERNATED", DatabaseStatus.HIBERNATED),
        ("TERMINATING", DatabaseStatus.TERMINATING),
        ("SOMETHING_NEW", DatabaseStatus.UNKNOWN),
    ],
)
async def test_states_are_read(told: str, status: DatabaseStatus) -> None:
    async with devops(lambda *_: (200, entry(1, told))) as api:
        found = await api.database("00000001-id")
    assert (found.database.status, found.told) == (status, told)


async def test_what_is_missing_in_an_entry_hides_no_other() -> None:
    odd = [{}, {"id": "x", "info": None, "status": None}, entry(1)]
    async with devops(lambda *_: (200, odd)) as api:
        assert [one.database.name for one in await api.databases()] == ["", "db-001", "x"]


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (401, {"errors": [{"ID": 1, "message": f"invalid token {TOKEN}"}]}, EndpointFailure.TOKEN),
        (403, {"errors": [{"ID": 1, "message": "no rights"}]}, EndpointFailure.FORBIDDEN),
        (409, {"errors": [{"ID": 1, "message": "conflict"}]}, EndpointFailure.SERVER),
        (500, b"", EndpointFailure.SERVER),
        (200, b"<html>sign in</html>", EndpointFailure.NO_DATA_API),
        (200, 5, EndpointFailure.NO_DATA_API),
        (200, {"a": 1}, EndpointFailure.NO_DATA_API),
        (200, [entry(1), 5], EndpointFailure.NO_DATA_API),
    ],
)
async def test_refusals_say_what_they_mean(status: int, body: Any, failure: EndpointFailure) -> None:  # noqa: ANN401
    async with devops(lambda *_: (status, body)) as api:
        with pytest.raises(EndpointError) as caught:
            await api.databases()
    assert caught.value.failure is failure
    assert caught.value.hint
    assert TOKEN[12:] not in str(vars(caught.value))


async def test_a_server_error_that_passes_is_asked_again() -> None:
    answers = [(500, b""), (503, b""), (200, [entry(1)])]
    async with devops(lambda *_: answers.pop(0)) as api:
        assert len(await api.databases()) == 1


async def test_a_database_that_is_gone_is_not_found() -> None:
    async with devops(lambda *_: (404, {"errors": [{"ID": 1, "message": "not found"}]})) as api:
        with pytest.raises(NotFoundError):
            await api.database("x")
