"""Hostile answers of providers and rerankers: the process stays small, and each is refused with an error of ours.

python -m tests.hard.answers [--count 200] [--seed N]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import gzip
import json
import random
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pydantic import SecretStr

from astrolabe.errors import ProviderError
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.rerank.engine import RerankerAccess, RerankingEngine
from astrolabe.providers.throttle.retry import EngineLimits

KEY = "sk-proj-SENTINELofHostileAnswers0123456789"
COUNT = 200
WARM_UP = 20
MOST_GROWTH = 30
"""Megabytes that the process may be larger at the end than after it was warm."""
MOST_EVER = 300
"""Megabytes that it may have at any moment."""

_MEGABYTE = 1024 * 1024
_JSON = {"Content-Type": "application/json"}
_RERANKER = "nvidia/llama-3.2-nv-rerankqa-1b-v2"

Made = tuple[int, dict[str, str], bytes]
"""Status, headers and body of an answer."""


def _bomb(megabytes: int = 256) -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return b"".join([*(packer.compress(b"[" * _MEGABYTE) for _ in range(megabytes)), packer.flush()])


def _odd_wait(dice: random.Random) -> Made:
    wait = dice.choice(["-5", "inf", "nan", "864000", "9" * 400, "Fri, 20 Nov 99999999999999 12:00:00 GMT", "\xe9"])
    return 429, _JSON | {"Retry-After": wait}, b'{"error": {"message": "slow down"}}'


def _echo(dice: random.Random) -> Made:
    said = dice.choice([KEY, KEY[12:20], KEY.encode().hex(":"), "".join(f"&#{ord(one)};" for one in KEY)])
    return 401, _JSON, json.dumps({"error": {"message": f"the key {said} is unknown"}}).encode()


def _always(made: Made) -> Callable[[random.Random], Made]:
    return lambda _: made


def _kinds() -> dict[str, Callable[[random.Random], Made]]:
    bomb = _bomb()
    packed = {"gzip": bomb, "gzip, gzip": gzip.compress(bomb), "br": bomb, "deflate": zlib.compress(b"[" * _MEGABYTE)}
    bodies = {
        "objects": b"[" + b"{}," * 2_000_000 + b"1]",
        "members": b"[" + b'{"":0},' * 1_000_000 + b"1]",
        "texts": b"[" + b'"ab",' * 2_000_000 + b"1]",
        "wide letters": ('["' + "x" * 8 * _MEGABYTE + '\N{GRINNING FACE}"]').encode(),
        "nested": b"[" * 100_000,
        "true": b'{"data": [{"index": 0, "embedding": [true, 1.0]}]}',
        "negative": b'{"data": [{"index": -1, "embedding": [0.5, 1.0]}]}',
        "large numbers": b'{"data": [{"index": 0, "embedding": [1' + b"0" * 4000 + b"]}]}",
        "no number": b'{"rankings": [{"index": 0, "logit": true}]}',
    }
    kinds: dict[str, Callable[[random.Random], Made]] = {"odd wait": _odd_wait, "echo": _echo}
    for name, body in packed.items():
        headers = _JSON | {"Content-Encoding": name}
        kinds |= {f"packed as {name}": _always((200, headers, body)), f"error as {name}": _always((500, headers, body))}
    for name, body in bodies.items():
        kinds[name] = _always((200, _JSON | {"Set-Cookie": f"a={'c' * 2000}; Max-Age=9999"}, body))
    return kinds


def serve(seed: int) -> None:
    """Answer every POST with something hostile, for ever; print the port first."""
    dice, kinds = random.Random(seed), _kinds()  # noqa: S311 - the same answers each time
    order = sorted(kinds)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            """Answer."""
            self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, body = kinds[dice.choice(order)](dice)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the client has seen enough
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    _say(str(server.server_address[1]))
    server.serve_forever()


@contextmanager
def hostile_server(seed: int) -> Iterator[str]:
    """Run the server in a process of its own, so that what it holds is not ours; yield its address."""
    command = [sys.executable, "-m", "tests.hard.answers", "--serve", "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def megabytes(what: str) -> float:
    """Return a figure of this process's memory: ``VmRSS`` now, or ``VmHWM`` at most so far."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


async def ask(url: str, count: int) -> Counter[str]:
    """Send requests of both kinds, two at once, and return what they came to.

    Raises:
        AssertionError: One succeeded, or an error repeats a part of the key.
    """
    limits = EngineLimits(call_seconds=20, query_seconds=20, attempts=1, patient_attempts=1)
    engine = EmbeddingEngine(load_catalogue(), urls={"openai": f"{url}/v1/embeddings"}, limits=limits)
    reranker = RerankingEngine(access={"nvidia": RerankerAccess(f"{url}/ranking", SecretStr(KEY))}, limits=limits)
    spec = EmbeddingSpec("openai", "text-embedding-3-small", 2)
    outcomes: Counter[str] = Counter()

    async def one(number: int) -> None:
        try:
            if number % 3:
                await engine.embed(spec, [f"text {number}"] * 40, Direction.STORE, SecretStr(KEY))
            else:
                await reranker.score("nvidia", _RERANKER, "query", ["passage"])
        except ProviderError as error:
            told = f"{error} {error.hint} {error.words} {error.quota}"
            assert not any(KEY[start : start + 8] in told for start in range(8, len(KEY) - 7)), told
            outcomes[error.failure.value] += 1
        else:
            raise AssertionError("a hostile answer was taken for a good one")

    try:
        for number in range(0, count, 2):
            await asyncio.gather(one(number), one(number + 1))
    finally:
        await engine.close()
        await reranker.close()
    return outcomes


def main(argv: list[str] | None = None) -> int:
    """Run the part; return 0 when the process stayed small."""
    parser = argparse.ArgumentParser(description="Send requests to a server whose every answer is hostile.")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - printed, to be used again
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.serve:
        serve(args.seed)
        return 0
    _say(f"answers: seed {args.seed}")
    with hostile_server(args.seed) as url:
        asyncio.run(ask(url, WARM_UP))
        gc.collect()
        start = megabytes("VmRSS")
        outcomes = asyncio.run(ask(url, args.count))
        gc.collect()
    end, most = megabytes("VmRSS"), megabytes("VmHWM")
    _say(f"answers: {args.count} hostile answers, {dict(outcomes)}")
    _say(f"answers: {start:.0f} MB at the start, {end:.0f} MB at the end, {most:.0f} MB at most")
    return 0 if end - start < MOST_GROWTH and most < MOST_EVER else 1


if __name__ == "__main__":
    sys.exit(main())
