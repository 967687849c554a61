"""One embedding job on its way: batches, retries, waits, and the checks on what comes back."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.call_health import Gauge
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec, ProviderInfo
from astrolabe.providers.simulated.answers import Replaced, reply_to
from astrolabe.providers.simulated.rules import Lab, Rule
from astrolabe.providers.throttle.quota import quota_headers, request_id, requests_left
from astrolabe.providers.throttle.retry import EngineLimits, OnWait, Retries, RetryMeans, first_failure
from astrolabe.providers.throttle.throttle import Clock, Sleep, Throttle, retry_after
from astrolabe.providers.wire.adapters import Adapter, AnswerError, Parsed, Reply
from astrolabe.providers.wire.adapters.answers import check_json, check_vectors
from astrolabe.providers.wire.failures import (
    FailedAttempt,
    TransportError,
    bad_answer,
    from_answer,
    from_transport,
    naming_text,
)
from astrolabe.providers.wire.redaction import without_key
from storage.shapes import Matrix

if TYPE_CHECKING:
    from astrolabe.providers.wire.transport import Transport  # brings httpx, which a start without embedding can spare

OnVectors = Callable[[range, Matrix], None]
"""Called with the positions of some texts and their vectors."""

Exchange = Callable[[], Awaitable[SecretStr]]
"""Gets a token for a while; one that is still valid is given again."""

_SPLITTABLE = frozenset({ProviderFailure.TOO_MANY, ProviderFailure.TOO_LONG})
_AFTER_THE_END = frozenset({ProviderFailure.NOT_FOUND, ProviderFailure.WRONG_MODEL, ProviderFailure.BAD_REQUEST})
"""How providers may answer about a model that they have ended."""

_SUCCESS = range(200, 300)
_BYTES_PER_NUMBER = 32
_SPARE_BYTES = 64 * 1024
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be embedded, where, and with which key.

    Attributes:
        provider: Who embeds.
        spec: With which model.
        texts: What is sent.
        direction: Whether they are stored or searched with.
        url: The filled address.
        secret: The key.
        credential: Its name, for messages.
        on_wait: Told of waits.
        numbers: The texts' numbers among all of the call, for messages; empty when they are all of them.
        total: How many texts the call has.
        on_vectors: Told of each batch's vectors and positions as they arrive; they are kept even if another one fails.
        exchange: Gets the token that goes out in the secret's place; asked when a request is sent, and not before.
    """

    provider: ProviderInfo
    spec: EmbeddingSpec
    texts: Sequence[str]
    direction: Direction
    url: str
    secret: SecretStr | None
    credential: str | None = None
    on_wait: OnWait | None = None
    numbers: Sequence[int] = ()
    total: int = 0
    on_vectors: OnVectors | None = None
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What a job is delivered with."""

    transport: Transport
    adapter: Adapter
    throttle: Throttle
    limits: EngineLimits
    clock: Clock
    sleep: Sleep
    random: Callable[[], float]
    gauge: Gauge
    lab: Lab | None = None

    @property
    def retrying(self) -> RetryMeans:
        """What decides when a request is tried again."""
        return RetryMeans(self.throttle, self.limits, self.clock, self.sleep, self.random)


class Delivery:
    """Carries one job out."""

    def __init__(self, job: Job, means: Means) -> None:
        self._job = job
        self._means = means
        self._sent = job.secret
        self._urgent = job.direction is Direction.QUERY
        end = means.clock() + means.limits.total_seconds
        self._retries = Retries(job.provider, means.retrying, end, job.on_wait, urgent=self._urgent)
        self._result: Matrix = np.empty((len(job.texts), job.spec.dimension), dtype=np.float32)

    async def run(self, batches: Sequence[range]) -> Matrix:
        """Embed all batches, several at once, and return the vectors in the order of the texts.

        Raises:
            ProviderError: One batch failed for good; the others are given up.
        """
        waiting = deque(batches)
        workers = min(len(waiting), self._means.limits.concurrency)
        if workers == 1:
            await self._work(waiting)
            return self._result
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(waiting))
        except BaseExceptionGroup as failures:
            raise first_failure(failures) from None
        return self._result

    async def ask(self, texts: Sequence[str]) -> tuple[Reply, Parsed] | ProviderError:
        """Send one request, once, for a connection test; the dimension is not checked.

        While the model is being loaded it is waited for, if somebody listens and may be tired of it.
        """
        return await self._retries.run_while_loading(partial(self.exchange, texts, any_dimension=True))

    async def exchange(
        self, texts: Sequence[str], *, any_dimension: bool = False
    ) -> tuple[Reply, Parsed] | FailedAttempt:
        """Send one request, once, read and check its answer, and take note of what came of it."""
        rule = await self._means.lab.take(self._job.provider.key) if self._means.lab is not None else None
        outcome = await self._exchange(texts, rule, any_dimension=any_dimension)
        gauge = self._means.gauge
        if isinstance(outcome, FailedAttempt):
            outcome.error.simulated = rule is not None
            gauge.failed(outcome.error)
        else:
            reply, parsed = outcome
            tokens = parsed.usage.total_tokens
            gauge.succeeded(reply.seconds, texts=len(texts), tokens=tokens, headers=reply.headers)
        return outcome

    async def _exchange(
        self, texts: Sequence[str], rule: Rule | None, *, any_dimension: bool
    ) -> tuple[Reply, Parsed] | FailedAttempt:
        job, started = self._job, time.perf_counter()
        try:
            reply = await self._reply(texts, rule)
        except TransportError as failure:
            return self._with_particulars(from_transport(job.provider, job.url, failure), time.perf_counter() - started)
        if reply.status not in _SUCCESS:
            wait = retry_after(reply.headers)
            words = self._words(reply)
            failed_attempt = from_answer(
                job.provider, reply.status, reply.body, words, retry_after=wait, credential=job.credential
            )
            return self._with_particulars(failed_attempt, reply.seconds, reply.headers)
        try:
            parsed = self._parsed(reply, len(texts))
            check_vectors(parsed.vectors, parsed.vectors.shape[1] if any_dimension else job.spec.dimension)
        except AnswerError as problem:
            return self._with_particulars(self._unusable(reply, problem), reply.seconds, reply.headers)
        return reply, parsed

    def _with_particulars(
        self, failed_attempt: FailedAttempt, seconds: float, headers: Mapping[str, str] | None = None
    ) -> FailedAttempt:
        """Put into the error what else is known of the request."""
        error, headers = failed_attempt.error, headers or {}
        error.seconds = seconds
        error.request_id = self.without_key(request_id(headers))
        error.quota = {name: self.without_key(value) for name, value in quota_headers(headers).items()}
        model = self._job.provider.known_model(self._job.spec.model)
        if model is not None and model.ends is not None and error.failure in _AFTER_THE_END:
            error.meaning = f"{error.meaning} {model.ending}".strip()
            error.hint = f"{error.meaning} {error.step}".strip()
        return failed_attempt

    def without_key(self, text: str) -> str:
        """Return what a provider sent, without the key: some send it back."""
        return without_key(text, self._sent)

    async def _reply(self, texts: Sequence[str], rule: Rule | None) -> Reply:
        """Return the provider's answer, or the one that the failure lab gives in its place."""
        job, means = self._job, self._means
        call = means.adapter.call(job.url, job.spec, texts, job.direction)
        seconds = means.limits.query_seconds if self._urgent else means.limits.call_seconds
        seconds = min(seconds, max(self._retries.deadline - means.clock(), _LEAST_SECONDS))
        if rule is not None:
            replaced = Replaced(job.provider, job.spec, len(texts), means.adapter.envelope, seconds)
            return await reply_to(rule, replaced, means.sleep)
        most_bytes = _SPARE_BYTES + len(texts) * max(job.spec.dimension, 4096) * _BYTES_PER_NUMBER
        if job.exchange is not None:
            self._sent = await job.exchange()
        return await means.transport.post(call, self._sent, seconds=seconds, most_bytes=most_bytes)

    async def _work(self, waiting: deque[range]) -> None:
        while waiting:
            await self._deliver(waiting.popleft())

    async def _deliver(self, positions: range) -> None:
        """Embed one batch; where it is too much for the provider, in halves, down to the one text at fault."""
        pending = [positions]
        while pending:
            current = pending.pop()
            texts = [self._job.texts[position] for position in current]
            outcome = await self._retries.run(partial(self._once, texts))
            if isinstance(outcome, ProviderError):
                pending += self._halves(current, outcome)
            else:
                self._result[current.start : current.stop] = outcome
                if self._job.on_vectors is not None:
                    self._job.on_vectors(current, outcome)

    def _halves(self, positions: range, error: ProviderError) -> tuple[range, range]:
        if error.failure not in _SPLITTABLE:
            raise error
        if len(positions) == 1:
            job = self._job
            number = job.numbers[positions.start] if job.numbers else positions.start + 1
            raise naming_text(job.provider, error, number, job.total or len(job.texts))
        middle = positions.start + (len(positions) + 1) // 2
        if error.failure is ProviderFailure.TOO_MANY:
            throttle = self._means.throttle
            throttle.batch_limit = min(throttle.batch_limit or len(positions), middle - positions.start)
        return range(middle, positions.stop), range(positions.start, middle)

    async def _once(self, texts: Sequence[str]) -> Matrix | FailedAttempt:
        outcome = await self.exchange(texts)
        if isinstance(outcome, FailedAttempt):
            return outcome
        reply, parsed = outcome
        self._means.throttle.succeeded(reply.headers, left=requests_left(reply.headers))
        return parsed.vectors

    def _parsed(self, reply: Reply, count: int) -> Parsed:
        check_json(reply)
        return self._means.adapter.parse(reply.body, count)

    def _unusable(self, reply: Reply, problem: AnswerError) -> FailedAttempt:
        words = self._words(reply) if problem.quote else ""
        error = bad_answer(
            self._job.provider,
            self.without_key(str(problem)),  # which may quote a header
            status=reply.status,
            words=words,
            meaning=problem.meaning,
            hint=problem.hint,
        )
        return FailedAttempt(error)

    def _words(self, reply: Reply) -> str:
        """The provider's words, without the key: some quote it back."""
        words = self._means.adapter.words(reply.status, reply.content_type, reply.body)
        return self.without_key(words)
