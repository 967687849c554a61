"""The engine's own cost: texts a second against a provider without think time, beside bare httpx.

The provider is a process of its own that answers at once. The peer sends the same requests with bare httpx, as many at
the same time, and reads the vectors out of the JSON. Both take turns; the median of the ratios counts. The engine runs
without a cache and with an empty one that every vector is written into.

    python -m benchmarks.embed                     9,600 texts in requests of 32, seven rounds
    python -m benchmarks.embed --dimension 1536 --rounds 5
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
from pydantic import SecretStr

from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.throttle.retry import EngineLimits
from benchmarks.machine import machine_line
from storage.embedding_cache.cache import EmbeddingCache
from storage.shapes import Matrix

_PROVIDER, _MODEL, _BATCH = "huggingfaceDedicated", "endpoint-defined-model", 32
_AT_ONCE = 4
_KEY = SecretStr("benchmark")
_SERVER = """\
import asyncio, json, random, sys
dimension, batch = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(1)
def entries():
    return [{"index": n, "embedding": [round(chance.gauss(0, 1), 7) for _ in range(dimension)]} for n in range(batch)]
body = json.dumps({"data": entries()}).encode()
answer = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body

async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\\r\\n")[0]))
            writer.write(answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("http://127.0.0.1:%d/embeddings" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


async def bare(client: httpx.AsyncClient, url: str, texts: Sequence[str], dimension: int) -> Matrix:
    """Embed with httpx alone."""
    result: Matrix = np.empty((len(texts), dimension), dtype=np.float32)
    starts = iter(range(0, len(texts), _BATCH))

    async def work() -> None:
        for start in starts:
            body = {"input": texts[start : start + _BATCH], "model": "tei"}
            headers = {"Authorization": f"Bearer {_KEY.get_secret_value()}"}
            response = await client.post(url, json=body, headers=headers)
            vectors = [entry["embedding"] for entry in response.json()["data"]]
            result[start : start + _BATCH] = np.asarray(vectors, dtype=np.float32)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return result


async def engine_run(url: str, texts: Sequence[str], dimension: int, cache: Path | None) -> tuple[float, Matrix]:
    """Embed with the engine, until every vector is there and written; return the seconds, too."""
    kept = EmbeddingCache(cache) if cache is not None else None
    limits = EngineLimits(concurrency=_AT_ONCE, first_concurrency=_AT_ONCE)
    engine = EmbeddingEngine(load_catalogue(), urls={_PROVIDER: url}, cache=kept, limits=limits)
    spec = EmbeddingSpec(_PROVIDER, _MODEL, dimension)
    await engine.embed(
        spec, ["warm"] * _BATCH if kept is None else [f"w{n}" for n in range(_BATCH)], Direction.STORE, _KEY
    )
    began = time.perf_counter()
    matrix = await engine.embed(spec, texts, Direction.STORE, _KEY)
    if kept is not None:
        await kept.settle()
    seconds = time.perf_counter() - began
    await engine.close()
    if kept is not None:
        await kept.close()
    return seconds, matrix


async def measure(count: int, dimension: int, rounds: int) -> dict[str, list[float]]:
    """Run everything in turns; return the seconds."""
    texts = [f"text number {n} of a paragraph that is about as long as a sentence usually is" for n in range(count)]
    seconds: dict[str, list[float]] = {"bare httpx": [], "engine": [], "engine, cold cache": []}
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SERVER, str(dimension), str(_BATCH)), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().strip()
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(rounds):
                await bare(client, url, texts[:_BATCH], dimension)
                began = time.perf_counter()
                expected = await bare(client, url, texts, dimension)
                seconds["bare httpx"].append(time.perf_counter() - began)
                with tempfile.TemporaryDirectory(prefix="astrolabe-bench-") as folder:
                    for name, cache in (("engine", None), ("engine, cold cache", Path(folder) / "embeddings.db")):
                        taken, matrix = await engine_run(url, texts, dimension, cache)
                        assert np.array_equal(matrix, expected)
                        seconds[name].append(taken)
    finally:
        server.terminate()
        await server.wait()
    return seconds


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=9600)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    seconds = asyncio.run(measure(options.texts, options.dimension, options.rounds))
    print(machine_line())
    print(f"{options.texts:,} texts, {_BATCH} a request, {_AT_ONCE} at once, {options.dimension} dimensions\n")
    print(f"{'':22}{'texts/s':>10}{'to bare httpx':>16}")
    for name, taken in seconds.items():
        ratio = statistics.median(peer / own for own, peer in zip(taken, seconds["bare httpx"], strict=True))
        print(f"{name:22}{options.texts / statistics.median(taken):>10,.0f}{ratio:>16.2f}")


if __name__ == "__main__":
    main()
