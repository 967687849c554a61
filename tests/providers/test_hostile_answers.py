"""Answers that are made to hurt: compressed to almost nothing, of millions of parts, with cookies for somebody else."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from pydantic import SecretStr

from astrolabe.errors import ProviderFailure
from astrolabe.providers.wire.adapters import Call
from astrolabe.providers.wire.bodies import LARGEST_BODY, Body, BodyError
from astrolabe.providers.wire.failures import TransportError
from astrolabe.providers.wire.foreign_json import counted, finite_number, read_json
from astrolabe.providers.wire.transport import LARGEST_REFUSAL, Transport
from tests.providers.setup import SUBJECTS, Bench
from tests.support.provider_server import Answer, ProviderServer, vector_of

DEDICATED = SUBJECTS["huggingfaceDedicated"]
JSON = {"content-type": "application/json"}
MEGABYTE = 1024 * 1024
LIMIT = 48 * MEGABYTE
"""What an answer may take at most while it is read: what is let through, a copy of it, and a little."""


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    " deflate ": raw_deflate,
    "identity": bytes,
    "identity, gzip": gzip.compress,
    "": bytes,
}


@cache
def bomb(encoding: str) -> bytes:
    """Return 64 MB of zeros, compressed as an encoding says; made bit by bit."""
    if "," in encoding:
        return gzip.compress(bomb("gzip"))
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS if encoding == "deflate" else 16 + zlib.MAX_WBITS)
    return b"".join([*(packer.compress(b"0" * MEGABYTE) for _ in range(64)), packer.flush()])


@pytest.fixture
def memory() -> Iterator[Callable[[], int]]:
    """Return what says how many bytes were in use at most since the test began."""
    bomb("gzip, gzip"), bomb("deflate")
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    yield lambda: tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", PACKED)
async def test_an_answer_in_one_layer_is_read(bench: Bench, server: ProviderServer, encoding: str) -> None:
    vector = vector_of("a text", 48)
    body = json.dumps({"data": [{"index": 0, "embedding": vector}]}).encode()
    server.always(Answer(200, PACKED[encoding](body), JSON | {"content-encoding": encoding}))
    assert (await bench.embed(DEDICATED)).tolist() == [vector]


@pytest.mark.parametrize(
    ("encoding", "problem"),
    [
        ("gzip, gzip", "compressed more than once"),
        ("deflate,gzip,gzip", "compressed more than once"),
        ("br", "encoded in a way that was not asked for"),
        ("zstd", "encoded in a way that was not asked for"),
        ("gzip", "larger than"),
        ("deflate", "larger than"),
    ],
)
async def test_a_small_answer_that_becomes_a_large_one_is_refused(
    bench: Bench, server: ProviderServer, memory: Callable[[], int], encoding: str, problem: str
) -> None:
    server.always(
        Answer(200, bomb("gzip" if encoding in {"br", "zstd"} else encoding), JSON | {"content-encoding": encoding})
    )
    error = await bench.fail(DEDICATED)
    assert error.failure is ProviderFailure.BAD_RESPONSE
    assert problem in error.message
    assert error.attempts == 1
    assert memory() < LIMIT


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_an_error_is_read_as_far_as_it_says_something(
    server: ProviderServer, memory: Callable[[], int], status: int
) -> None:
    server.always(Answer(status, bomb("gzip"), {"content-encoding": "gzip"}))
    transport = Transport()
    reply = await transport.post(
        Call(f"{server.url}/v1/embeddings", {}, b"{}"), SecretStr("key"), seconds=10, most_bytes=LARGEST_BODY
    )
    await transport.close()
    assert reply.status == status
    assert reply.body == b"0" * LARGEST_REFUSAL
    assert memory() < LIMIT


async def test_nothing_is_larger_than_thirty_two_megabytes_whatever_was_asked_for(server: ProviderServer) -> None:
    server.always(Answer(200, bomb("gzip"), {"content-encoding": "gzip"}))
    transport = Transport()
    with pytest.raises(TransportError, match=f"larger than {LARGEST_BODY:,} bytes"):
        await transport.post(Call(f"{server.url}/embeddings", {}, b"{}"), None, seconds=10, most_bytes=10**9)
    await transport.close()


def test_a_compressed_answer_that_ends_too_early_is_refused() -> None:
    body = Body("gzip", 1000)
    body.feed(gzip.compress(b"[[1.0]]")[:-3])
    with pytest.raises(BodyError, match="incomplete"):
        body.content()


def test_what_is_not_compressed_although_it_says_so_is_refused() -> None:
    with pytest.raises(BodyError, match="cannot be decompressed"):
        Body("gzip", 1000).feed(b"[[1.0]]")


def test_an_empty_body_may_say_that_it_is_compressed() -> None:
    assert Body("gzip", 1000).content() == b""


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 2_000_000 + b"1]",
        b"[" + b"[]," * 2_000_000 + b"1]",
        b"[" + b'{"":0},' * 1_000_000 + b"1]",
        b"[" + b'"ab",' * 2_000_000 + b"1]",
        b"[" + b"0.1," * 4_000_000 + b"1]",
        b"{" + b",".join(b'"%d":1' % n for n in range(500_000)) + b"}",
        ('["' + "x" * 20_000_000 + '\N{GRINNING FACE}"]').encode(),
        b"[" * 1_000_000,
        b"[" * 50_000,
    ],
    ids=["objects", "lists", "members", "texts", "numbers", "names", "wide letters", "nested", "nested a little"],
)
def test_a_document_of_millions_of_parts_is_not_taken_apart(body: bytes, memory: Callable[[], int]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of which kind says nothing
        read_json(body)
    assert memory() < 80 * MEGABYTE


def test_the_largest_answer_that_is_asked_for_is_taken_apart() -> None:
    rows = [[0.1234567890123] * 4096] * 50
    body = json.dumps({"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]}).encode()
    assert read_json(body) == {"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]}


@pytest.mark.parametrize("value", [True, False, None, "1", [], {}, float("nan"), float("inf"), 10**400])
def test_what_is_no_number_is_none(value: object) -> None:
    assert finite_number(value) is None
    assert counted(value) is None


@pytest.mark.parametrize(("value", "whole"), [(0, 0), (7, 7), (7.0, 7), (7.5, None), (-1, None), (-0.0, 0)])
def test_what_counts_is_whole_and_not_negative(value: float, whole: int | None) -> None:
    assert counted(value) == whole
    assert finite_number(value) == value


async def test_cookies_are_not_kept(bench: Bench, server: ProviderServer) -> None:
    cookies = {"set-cookie": "account=ada; Path=/; Max-Age=1000"}
    vector = {"data": [{"index": 0, "embedding": vector_of("a text", 48)}]}
    server.script(Answer(200, vector, cookies), Answer(429, {"message": "slow"}, cookies | {"retry-after": "1"}))
    for _ in range(3):
        await bench.embed(DEDICATED)
    assert len(server.requests) == 4
    assert not any("cookie" in request.headers for request in server.requests)
