"""A load through a provider that allows 60 requests a minute and refuses a third of the calls, beside a naive client.

Time is scaled: by default a "minute" lasts 1.5 seconds. Every call counts against the limit, also each third one that
the provider refuses although it would be allowed; so the limit permits 40 answers a minute. The naive client sends with
a fixed number of requests at once and tries a refused request again after a fixed wait.

    python -m benchmarks.rate_limit                     20,000 texts in requests of 32
    python -m benchmarks.rate_limit --minute 3 --texts 5000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.throttle.retry import EngineLimits
from benchmarks.machine import machine_line

_PROVIDER, _MODEL, _DIMENSION, _BATCH, _LIMIT, _AT_ONCE = "huggingfaceDedicated", "endpoint-defined-model", 8, 32, 60, 8
_FLIGHT = 128


@dataclass
class Provider:
    """The loopback provider: windows of a scaled minute.

    Attributes:
        minute: Seconds of one.
        busy: Every so manieth allowed call is refused; 0 for none.
        hints: Whether answers say how many requests are left.
        texts: How often each text was embedded.
        calls: How many there were.
        over: Moments, from the first call on, of calls beyond the limit.
    """

    minute: float
    busy: int
    hints: bool
    texts: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    over: list[float] = field(default_factory=list)
    began: float = 0.0
    _since: float = float("-inf")
    _left: int = 0
    _allowed: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                body = await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                status, answer, headers = self._answer(json.loads(body)["input"])
                content = json.dumps(answer).encode()
                lines = [f"HTTP/1.1 {status} X", "content-type: application/json", f"content-length: {len(content)}"]
                writer.write("\r\n".join([*lines, *headers, "", ""]).encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()

    def _answer(self, texts: list[str]) -> tuple[int, object, list[str]]:
        now = time.monotonic()
        self.began = self.began or now
        if now - self._since >= self.minute:
            self._since, self._left = now, _LIMIT
        self.calls += 1
        reset = self._since + self.minute - now
        if self._left <= 0:
            self.over.append(now - self.began)
            return 429, {"message": "rate limit"}, [f"retry-after: {reset:.3f}"]
        self._left -= 1
        self._allowed += 1
        hint = [f"x-ratelimit-remaining-requests: {self._left}", f"x-ratelimit-reset-requests: {reset:.3f}s"]
        if self.busy and self._allowed % self.busy == 0:
            return 429, {"message": "busy"}, ["retry-after-ms: 5", *(hint if self.hints else ())]
        self.texts.update(texts)
        data = [{"index": n, "embedding": [1.0] * _DIMENSION} for n in range(len(texts))]
        return 200, {"data": data}, hint if self.hints else []


async def with_engine(url: str, texts: list[str], minute: float) -> None:
    """Load as the loader does: several commands of a few requests each at the same time."""
    limits = EngineLimits(rate_delay=minute / 60, longest_rate_delay=minute / 3)
    engine = EmbeddingEngine(load_catalogue(), urls={_PROVIDER: url}, limits=limits)
    starts = iter(range(0, len(texts), _FLIGHT))

    async def flight() -> None:
        for start in starts:
            spec = EmbeddingSpec(_PROVIDER, _MODEL, _DIMENSION)
            await engine.embed(spec, texts[start : start + _FLIGHT], Direction.STORE, SecretStr("benchmark"))

    await asyncio.gather(*(flight() for _ in range(4)))
    await engine.close()


async def naively(url: str, texts: list[str], minute: float) -> None:
    """Load with bare httpx, as many requests at once as ever, and a fixed wait after a refusal."""
    starts = iter(range(0, len(texts), _BATCH))
    async with httpx.AsyncClient() as client:

        async def work() -> None:
            for start in starts:
                body = {"input": texts[start : start + _BATCH]}
                while True:
                    response = await client.post(url, json=body)
                    if response.is_success:
                        break
                    await asyncio.sleep(minute / 60)

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


async def run(work: Callable[[str, list[str], float], Awaitable[None]], provider: Provider, texts: list[str]) -> float:
    """Run one load; every text must arrive exactly once. Return the seconds."""
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/embeddings"
        began = time.monotonic()
        await work(url, texts, provider.minute)
        seconds = time.monotonic() - began
    assert set(provider.texts.values()) == {1}, "a text arrived twice"
    assert len(provider.texts) == len(texts), "a text is missing"
    return seconds


async def _all(texts: list[str], minute: float) -> None:
    print(f"{'':44}{'calls':>7}{'over limit':>12}{'later':>7}{'seconds':>9}{'of the limit':>14}")
    for busy in (0, 3):
        for hints in (True, False):
            for name, work in (("engine", with_engine), ("naive client", naively)):
                provider = Provider(minute, busy, hints)
                seconds = await run(work, provider, texts)
                later = sum(moment > 3 * minute for moment in provider.over)
                requests = -(-len(texts) // _BATCH)
                permitted = requests / (_LIMIT * (1 - 1 / busy if busy else 1)) * minute
                words = f"{name}, {'quota told' if hints else 'retry-after only'}{', a third refused' if busy else ''}"
                line = f"{words:44}{provider.calls:>7}{len(provider.over):>12}{later:>7}{seconds:>9.1f}"
                print(f"{line}{permitted / seconds:>13.0%}", flush=True)


def main() -> None:
    """Run everything and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--minute", type=float, default=1.5, help="seconds that stand for a minute")
    options = parser.parse_args()
    print(machine_line())
    print(f"{options.texts:,} texts, {_BATCH} a request, {_LIMIT} requests per {options.minute:g} s\n")
    asyncio.run(_all([f"text {n}" for n in range(options.texts)], options.minute))


if __name__ == "__main__":
    main()
