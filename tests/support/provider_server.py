"""A loopback server that speaks what embedding providers speak, records every request, and fails on demand.

    async with ProviderServer() as server:
        server.script(Answer(429, {"message": "slow down"}, {"retry-after": "1"}))
        ...                      # the first embeddings request is refused, the next is answered with vectors
        assert server.requests[0].json == {"input": ["a text"]}

    with provider_server_in_thread() as server:      # the same for synchronous tests and other event loops
        ...

Routes: ``POST /embeddings``, ``/v1/embeddings`` and anything else that ends in ``/embeddings`` (OpenAI's envelope, as
Text Embeddings Inference and seven of the providers answer), ``POST /embed``, ``/`` and
``/hf-inference/models/<model>/pipeline/feature-extraction`` (bare arrays), ``/api/embed`` (Ollama),
``…:batchEmbedContents`` (Gemini), ``…:predict`` (Vertex AI) and ``/token`` (Google's exchange of a service account),
``POST /ranking`` (a reranking model, whose logit is the number of the query's words in a passage), ``GET /info``,
``/health``, ``/ping``.

A text's vector is a unit vector made from its words: the same text always has the same vector, and texts that share
words are closer than texts that do not.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

ROUTER_DIMENSIONS = {
    "sentence-transformers/all-MiniLM-L6-v2": 384,
    "intfloat/multilingual-e5-large": 1024,
    "intfloat/multilingual-e5-large-instruct": 1024,
    "BAAI/bge-small-en-v1.5": 384,
    "BAAI/bge-base-en-v1.5": 768,
    "BAAI/bge-large-en-v1.5": 1024,
}
_ROUTER = re.compile(r"/hf-inference/models/(.+)/pipeline/feature-extraction")
_GOOGLE = re.compile(r":(batchEmbedContents|predict)$")
TOKEN = "ya29.a-token-of-the-loopback"
_JSON = {"content-type": "application/json"}


@lru_cache(maxsize=50_000)
def _word_vector(word: str, dimension: int) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(dimension)


def vector_of(text: str, dimension: int) -> list[float]:
    """Return the unit vector that the server answers for ``text``."""
    words = re.findall(r"\w+", text.lower()) or [text]
    total = sum((_word_vector(word, dimension) for word in words), np.zeros(dimension))
    numbers: list[float] = (total / np.linalg.norm(total)).astype(np.float32).tolist()
    return numbers


@dataclass(frozen=True)
class Recorded:
    """A request as it came in; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - a body is any JSON
        """The parsed body."""
        return json.loads(self.body)

    @property
    def texts(self) -> list[str]:
        if "requests" in self.json:  # Gemini
            return [part["text"] for one in self.json["requests"] for part in one["content"]["parts"]]
        if "instances" in self.json:  # Vertex AI
            return [one["content"] for one in self.json["instances"]]
        given = self.json.get("input", self.json.get("inputs"))
        return [given] if isinstance(given, str) else list(given)


@dataclass(frozen=True)
class Answer:
    """One scripted answer: ``body`` is sent as it is (text, bytes) or as JSON (anything else); None sends vectors.

    ``delay`` seconds pass first. ``fault`` breaks the protocol instead: ``reset`` cuts the connection halfway through
    the answer, ``close`` before it, ``endless`` never stops sending, ``hang`` never starts.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fault: str = ""

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        if isinstance(self.body, bytes):
            return self.body, dict(self.headers)
        if isinstance(self.body, str):
            return self.body.encode(), {"content-type": "text/plain"} | dict(self.headers)
        return json.dumps(self.body).encode(), _JSON | dict(self.headers)


class ProviderServer:
    """The server; see the module.

    Attributes:
        url: ``http://127.0.0.1:port``, once started.
        requests: Every POST that came in, in order; GETs are in ``visits``.
        dimension: Of the vectors, where neither the request nor the router's model decides it.
        max_batch: More texts than that in one request are refused as TEI refuses them; None for no limit.
        key: When set, requests with another key (as a bearer, ``api-key`` or ``x-goog-api-key``) get an empty 401.
        reverse: Whether OpenAI-style answers list their entries backwards, with the right ``index``.
        most_at_once: Most requests that were under way at the same time.
        arrived: Set whenever a POST comes in; clear it to wait for the next.
    """

    def __init__(self, *, dimension: int = 384, max_batch: int | None = None, key: str | None = None) -> None:
        self.url = ""
        self.requests: list[Recorded] = []
        self.visits: list[Recorded] = []
        self.dimension = dimension
        self.max_batch = max_batch
        self.key = key
        self.reverse = False
        self.most_at_once = 0
        self._under_way = 0
        self.arrived = asyncio.Event()
        self._script: deque[Answer] = deque()
        self._always: Answer | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def script(self, *answers: Answer) -> None:
        """Give these answers to the next embeddings requests, one each; afterwards vectors again."""
        self._script.extend(answers)

    def always(self, answer: Answer | None) -> None:
        """Give this answer to every embeddings request that no script covers; None for vectors."""
        self._always = answer

    @property
    def texts(self) -> list[str]:
        """Every text that was sent, in the order of the requests."""
        return [text for request in self.requests for text in request.texts]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (request := await _read_request(reader)) is not None:
                if not await self._serve(request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, request: Recorded, writer: asyncio.StreamWriter) -> bool:
        if request.method != "POST":
            self.visits.append(request)
            await _send(writer, self._visited(request.path))
            return True
        self.requests.append(request)
        self.arrived.set()
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            answer = self._script.popleft() if self._script else self._always or Answer()
            await asyncio.sleep(answer.delay)
            if answer.fault:
                await _break(answer.fault, writer)
                return False
            await _send(writer, self._success(request) if answer.body is None and answer.status == 200 else answer)
        finally:
            self._under_way -= 1
        return True

    def _visited(self, path: str) -> Answer:
        if path == "/info":
            return Answer(body={
                "model_id": "loopback", "model_type": {"embedding": {"pooling": "mean"}}, "version": "1.9.3",
                "max_input_length": 512, "max_client_batch_size": self.max_batch or 32, "auto_truncate": True,
            })  # fmt: skip
        return Answer(body=b"") if path in {"/health", "/ping", "/"} else Answer(404, "Not Found")

    def _success(self, request: Recorded) -> Answer:
        if not self._accepts(request):
            return Answer(401, b"")
        return _ranked(request.json) if request.path.endswith("/ranking") else self._vectors(request)

    def _vectors(self, request: Recorded) -> Answer:
        if request.path == "/token":
            return Answer(body={"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
        router, google = _ROUTER.fullmatch(request.path), _GOOGLE.search(request.path)
        openai = request.path.endswith("/embeddings")
        if not openai and router is None and google is None and request.path not in {"/embed", "/", "/api/embed"}:
            return Answer(404, "Not Found")
        texts = request.texts
        if self.max_batch is not None and len(texts) > self.max_batch:
            return _too_many(len(texts), self.max_batch, openai=openai)
        dimension = ROUTER_DIMENSIONS.get(router[1], self.dimension) if router else self._asked_dimension(request)
        vectors = [vector_of(text, dimension) for text in texts]
        if google is not None:
            return Answer(body=_google_body(google[1], vectors))
        return Answer(body=self._openai_body(request, vectors) if openai else _bare_body(request, vectors))

    def _accepts(self, request: Recorded) -> bool:
        given = {request.headers.get(name, "") for name in ("authorization", "api-key", "x-goog-api-key")}
        return self.key is None or self.key in {value.removeprefix("Bearer ") for value in given}

    def _openai_body(self, request: Recorded, vectors: list[list[float]]) -> Any:  # noqa: ANN401 - any JSON
        entries = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)]
        data = entries[::-1] if self.reverse else entries
        tokens = _tokens(request)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        model = request.json.get("model", "loopback")
        return {"id": "embd-1", "object": "list", "data": data, "model": model, "usage": usage}

    def _asked_dimension(self, request: Recorded) -> int:
        body = request.json
        if "requests" in body:
            return int(body["requests"][0].get("outputDimensionality") or self.dimension)
        return int(body.get("dimensions") or body.get("output_dimension") or self.dimension)


@contextmanager
def provider_server_in_thread(
    *, dimension: int = 384, max_batch: int | None = None, key: str | None = None
) -> Iterator[ProviderServer]:
    """Run a server on an event loop of its own, for tests that have none or another one."""
    server = ProviderServer(dimension=dimension, max_batch=max_batch, key=key)
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(5), "the provider server did not start"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()


def _ranked(body: Any) -> Answer:  # noqa: ANN401 - any JSON
    words = body["query"]["text"].lower().split()
    logits = [sum(passage["text"].lower().split().count(word) for word in words) for passage in body["passages"]]
    rankings = [{"index": n, "logit": float(logit)} for n, logit in enumerate(logits)]
    rankings.sort(key=lambda ranking: -ranking["logit"])
    return Answer(body={"rankings": rankings, "usage": {"prompt_tokens": 1, "total_tokens": 1}})


async def _read_request(reader: asyncio.StreamReader) -> Recorded | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Recorded(method, unquote(parts.path), parts.query, headers, body, time.monotonic())


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    body, headers = answer.encoded()
    lines = [f"HTTP/1.1 {answer.status} Scripted", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()


async def _break(fault: str, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    match fault:
        case "reset":
            writer.write(head + b"content-length: 1000\r\n\r\n[[0.1, 0.2")
            await writer.drain()
        case "endless":
            writer.write(head + b"transfer-encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"4000\r\n" + b"0.125,  " * 2048 + b"\r\n")
                await writer.drain()
        case "hang":
            await asyncio.Event().wait()
        case "close":
            pass
        case _:
            raise AssertionError(f"unknown fault {fault}")
    writer.transport.abort()


def _tokens(request: Recorded) -> int:
    return sum(len(text.split()) for text in request.texts)


def _bare_body(request: Recorded, vectors: list[list[float]]) -> Any:  # noqa: ANN401 - any JSON
    if request.path != "/api/embed":
        return vectors
    return {"model": request.json["model"], "embeddings": vectors, "prompt_eval_count": _tokens(request)}


def _google_body(method: str, vectors: list[list[float]]) -> Any:  # noqa: ANN401 - any JSON
    if method == "batchEmbedContents":
        return {"embeddings": [{"values": vector} for vector in vectors]}
    statistics = {"token_count": 3, "truncated": False}
    return {"predictions": [{"embeddings": {"values": vector, "statistics": statistics}} for vector in vectors]}


def _too_many(count: int, limit: int, *, openai: bool) -> Answer:
    text = f"batch size {count} > maximum allowed batch size {limit}"
    if openai:
        return Answer(422, {"message": text, "code": 422, "type": "Validation"})
    return Answer(422, {"error": text, "error_type": "Validation"})
