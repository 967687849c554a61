"""A server under many different requests, and under many different keys: its memory stays what it was.

python -m tests.hard.requests [--count 50000] [--keys 100000] [--seed N]

Every key comes with a header and leads to a provider of its own call; every other request is a mutated one of
:mod:`tests.serving.fuzz`. Server and provider are processes of their own, so that what is measured is the server's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.serving.fuzz import FAULTS, PATHS, SEEDS, Fuzzer

COUNT = 50_000
KEYS = 100_000
WARM_UP = 2_000
MOST_GROWTH = 30
"""Megabytes that the server may be larger at the end of each part than when it was warm."""

_TOKEN = "hard"
_AT_ONCE = 4
_DIMENSION = 8
_COLLECTION = "/v1/default_keyspace/with_keys"
_CLI = ("-m", "tui.cli")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def provide() -> None:
    """Answer every POST as OpenAI does, for ever; print the port first."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            """Answer."""
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            vectors = [{"index": place, "embedding": [0.5] * _DIMENSION} for place in range(len(asked))]
            body = json.dumps({"data": vectors, "usage": {"prompt_tokens": 1, "total_tokens": 1}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    _say(f"http://127.0.0.1:{server.server_address[1]}")
    server.serve_forever()


@contextmanager
def running(*words: str, **variables: str) -> Iterator[tuple[int, str]]:
    """Run a program of ours; yield its process id and the first line that it prints."""
    process = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, *words], env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        first = process.stdout.readline().strip()
        if not first and process.wait():
            raise RuntimeError(process.stderr.read())
        yield process.pid, first
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
        process.stderr.close()


@contextmanager
def server() -> Iterator[tuple[int, str]]:
    """Serve a new data folder with one database, whose OpenAI is on this machine; yield process id and address."""
    with tempfile.TemporaryDirectory() as folder, running("-m", "tests.hard.requests", "--provide") as (_, provider):
        variables = {
            "ASTROLABE_DATA_DIR": folder,
            "ASTROLABE_SERVER__TOKEN": _TOKEN,
            "ASTROLABE_PROVIDERS__openai__BASE_URL": f"{provider}/v1",
        }
        with running(*_CLI, "databases", "create", "hard", **variables):
            pass
        with running(*_CLI, "serve", "--port", "0", "--log-level", "error", **variables) as serving:
            yield serving


def resident(pid: int) -> float:
    """Return the megabytes that a process has in memory."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _post(client: httpx.Client, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> list[str]:
    """Return the codes of the errors.

    Raises:
        AssertionError: A fault of the program.
    """
    answer = client.post(path, content=body, headers=dict(headers or {}))
    codes = [str(error["errorCode"]) for error in answer.json().get("errors", ())]
    assert not FAULTS & set(codes), f"{path} {body[:2000]!r}: {answer.text[:500]}"
    return codes or ["ok"]


def vary(client: httpx.Client, numbers: range, seed: int) -> Counter[str]:
    """Send mutated requests of every kind."""
    fuzzer, codes = Fuzzer(seed + numbers.start), Counter[str]()
    for number in numbers:
        if number % 500 == 0:
            client.post(PATHS[1], json=SEEDS[3][1])
            client.post(PATHS[2], json={"deleteMany": {}})
        path, body = fuzzer.request()
        codes.update(_post(client, path, body))
    return codes


def with_keys(client: httpx.Client, numbers: range, seed: int) -> Counter[str]:
    """Send searches, each with a key and a text of its own."""
    codes = Counter[str]()
    for number in numbers:
        body = json.dumps({"find": {"sort": {"$vectorize": f"text {seed} {number}"}, "options": {"limit": 1}}}).encode()
        codes.update(_post(client, _COLLECTION, body, {"x-embedding-api-key": f"sk-{seed}-{number:012}"}))
    return codes


def spread(address: str, work: Callable[[httpx.Client, range, int], Counter[str]], numbers: range, seed: int) -> str:
    """Do the work for the numbers from several connections at once; return what it came to."""
    headers = {"Token": _TOKEN, "Content-Type": "application/json"}
    share = -(-len(numbers) // _AT_ONCE)
    parts = [numbers[start : start + share] for start in range(0, len(numbers), share)]

    def one(part: range) -> Counter[str]:
        with httpx.Client(base_url=address, headers=headers, timeout=120) as client:
            return work(client, part, seed)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return str(dict(sum(pool.map(one, parts), Counter[str]()).most_common(4)))


def main(argv: list[str] | None = None) -> int:
    """Run the part; return 0 when the server stayed small."""
    parser = argparse.ArgumentParser(description="Send a server requests and keys without end.")
    parser.add_argument("--count", type=int, default=COUNT, help="varied requests")
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - printed, to be used again
    parser.add_argument("--provide", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.provide:
        provide()
        return 0
    _say(f"requests: seed {args.seed}")
    held = True
    with server() as (pid, address):
        service = {"provider": "openai", "modelName": "text-embedding-3-small"}
        options = {"vector": {"dimension": _DIMENSION, "service": service}}
        body = json.dumps({"createCollection": {"name": "with_keys", "options": options}}).encode()
        with httpx.Client(base_url=address, headers={"Token": _TOKEN}, timeout=120) as client:
            assert _post(client, "/v1/default_keyspace", body) == ["ok"]
        for name, work, count in (("keys", with_keys, args.keys), ("varied requests", vary, args.count)):
            spread(address, work, range(count, count + WARM_UP), args.seed)
            start = resident(pid)
            came = spread(address, work, range(count), args.seed)
            end = resident(pid)
            _say(f"requests: {count} {name}: {came}; {start:.0f} MB when warm, {end:.0f} MB at the end")
            held = held and end - start < MOST_GROWTH
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
