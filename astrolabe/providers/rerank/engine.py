"""The engine that asks reranking models how well passages answer a query."""

from __future__ import annotations

import asyncio
import random as random_module
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.address import AddressError, check
from astrolabe.providers.catalogue.provider_info import ProviderInfo
from astrolabe.providers.rerank.catalogue import RERANKING_KEY_HEADER, RerankerInfo, Rerankers, load_rerankers
from astrolabe.providers.throttle.retry import EngineLimits, Retries, RetryMeans, first_failure
from astrolabe.providers.throttle.throttle import Clock, Sleep, Throttle, retry_after
from astrolabe.providers.throttle.throttles import Throttles
from astrolabe.providers.wire.adapters.answers import check_json
from astrolabe.providers.wire.adapters.error_text import find_words
from astrolabe.providers.wire.adapters.protocol import AnswerError, Reply
from astrolabe.providers.wire.adapters.ranking import parse_rankings, ranking_call
from astrolabe.providers.wire.failures import (
    FailedAttempt,
    TransportError,
    bad_answer,
    from_answer,
    from_transport,
    make_error,
    sendable_key,
)
from astrolabe.providers.wire.redaction import without_key

if TYPE_CHECKING:
    import httpx

    from astrolabe.providers.wire.transport import Transport

_SUCCESS = range(200, 300)
_SPARE_BYTES = 64 * 1024
_BYTES_PER_PASSAGE = 512
_LEAST_SECONDS = 1.0

_HINTS: Mapping[ProviderFailure, str] = {
    ProviderFailure.AUTHENTICATION: "The key is wrong or expired. Correct it in the settings, or in the header.",
    ProviderFailure.PERMISSION: "The key is known but may not use this model. Use another.",
    ProviderFailure.NO_KEY: f"Set ASTROLABE_RERANKERS__<name>__KEY, or send the key in {RERANKING_KEY_HEADER}.",
    ProviderFailure.BAD_RESPONSE: "What listens at that address may not be a reranking model. Check the address.",
    ProviderFailure.TIMEOUT: "It is safe to try again. Fewer documents are asked about with smaller hybridLimits.",
    ProviderFailure.TOO_LONG: "Use smaller hybridLimits, or let 'rerankOn' name a shorter field.",
}
"""What to do, where the advice for embedding providers is another."""


@dataclass(frozen=True, slots=True)
class RerankerAccess:
    """How the settings reach a reranker.

    Attributes:
        url: The whole address that requests are posted to.
        key: Its key, used when no other comes with the request.
        forward_token: Whether the application token of a request is sent as the key when there is no other.
    """

    url: str
    key: SecretStr | None = None
    forward_token: bool = False


@dataclass(frozen=True, slots=True)
class RerankKeys:
    """What came with a request that may be a key: the reranker's own, and the application token."""

    header: SecretStr | None = None
    token: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """One call of the engine."""

    provider: ProviderInfo
    info: RerankerInfo
    model: str
    query: str
    url: str
    secret: SecretStr | None
    retrying: RetryMeans
    deadline: float


class RerankingEngine:
    """Scores passages through the rerankers that the settings reach.

    Args:
        rerankers: The catalogue.
        access: By key of the reranker, in any letter case; those that are missing cannot be used.
        allow_plain_http: Whether ``http://`` may be used to other machines than this one.
        client: HTTP client to use and not to close; by default one is made at the first request.
        limits: Time limits, attempts and concurrency.
        clock: Seconds that never go back.
        sleep: Waits.
        random: A number in [0, 1), for the jitter of waits.
    """

    def __init__(
        self,
        rerankers: Rerankers | None = None,
        *,
        access: Mapping[str, RerankerAccess] | None = None,
        allow_plain_http: bool = False,
        client: httpx.AsyncClient | None = None,
        limits: EngineLimits | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.rerankers = rerankers or load_rerankers()
        self._access = {key.casefold(): found for key, found in (access or {}).items()}
        self._allow_plain_http = allow_plain_http
        self._client = client
        self._limits = limits or EngineLimits(total_seconds=60.0)
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._transport: Transport | None = None
        self._throttles = Throttles()

    def reaches(self, provider: str) -> bool:
        """Return whether the settings have an address for a reranker."""
        return provider.casefold() in self._access

    async def score(
        self, provider: str, model: str, query: str, passages: Sequence[str], keys: RerankKeys | None = None
    ) -> list[float]:
        """Return how well each passage answers the query, in their order; only the order of the scores means something.

        Args:
            provider: A reranker that the settings reach.
            model: One of its models.
            query: Not blank.
            passages: None of them blank; there may be any number.
            keys: What came with the request.

        Raises:
            ProviderError: The scores could not be had; says who failed, what was said and what to do.
        """
        if not passages:
            return []
        try:
            job = self._job(provider, model, query, keys or RerankKeys())
            return await self._run(job, [_clean(passage) for passage in passages])
        except ProviderError as error:
            error.hint = _HINTS.get(error.failure, error.hint)
            raise

    async def close(self) -> None:
        """Close the connections; the engine may not be used afterwards."""
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    async def _run(self, job: _Job, passages: Sequence[str]) -> list[float]:
        size = job.info.passages
        batches = [passages[start : start + size] for start in range(0, len(passages), size)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._batch(job, batch)) for batch in batches]
        except BaseExceptionGroup as failures:
            raise first_failure(failures) from None
        return [score for task in tasks for score in task.result()]

    async def _batch(self, job: _Job, passages: Sequence[str]) -> list[float]:
        retries = Retries(job.provider, job.retrying, job.deadline)
        outcome = await retries.run(partial(self._once, job, passages))
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    async def _once(self, job: _Job, passages: Sequence[str]) -> list[float] | FailedAttempt:
        call = ranking_call(job.url, job.model, job.query, passages)
        seconds = min(self._limits.query_seconds, max(job.deadline - self._clock(), _LEAST_SECONDS))
        most_bytes = _SPARE_BYTES + len(passages) * _BYTES_PER_PASSAGE
        try:
            reply = await self._open().post(call, job.secret, seconds=seconds, most_bytes=most_bytes)
        except TransportError as failure:
            return from_transport(job.provider, job.url, failure)
        if reply.status not in _SUCCESS:
            return self._refusal(job, reply)
        job.retrying.throttle.succeeded(reply.headers)
        try:
            check_json(reply)
            return parse_rankings(reply.body, len(passages))
        except AnswerError as problem:
            words = _words(job, reply) if problem.quote else ""
            what = without_key(str(problem), job.secret)  # which may quote a header
            return FailedAttempt(bad_answer(job.provider, what, status=reply.status, words=words, hint=problem.hint))

    def _refusal(self, job: _Job, reply: Reply) -> FailedAttempt:
        wait = retry_after(reply.headers)
        words = _words(job, reply)
        failed_attempt = from_answer(job.provider, reply.status, reply.body, words, retry_after=wait, credential=None)
        if failed_attempt.error.failure is ProviderFailure.AUTHENTICATION and job.secret is None:
            message = f"{job.provider.label} wants a key, and none was given. {failed_attempt.error.message}"
            return FailedAttempt(make_error(job.provider, ProviderFailure.NO_KEY, message))
        return failed_attempt

    def _job(self, provider: str, model: str, query: str, keys: RerankKeys) -> _Job:
        info = self.rerankers.find(provider)
        access = self._access.get(provider.casefold())
        if info is None or access is None:
            raise ProviderError(
                f"No address is set for the reranker '{provider}'.",
                provider=provider,
                failure=ProviderFailure.UNAVAILABLE,
                hint=f"Set ASTROLABE_RERANKERS__{provider}__URL to the address that ranking requests are posted to.",
                owner=Owner.MACHINE,
            )
        shown = info.as_provider
        try:
            check(access.url, allow_plain_http=self._allow_plain_http)
        except AddressError as error:
            raise make_error(
                shown, ProviderFailure.UNAVAILABLE, error.message, hint=error.hint, owner=Owner.MACHINE
            ) from error
        secret = _key(shown, access, keys)
        throttle = self._throttle(access.url, secret)
        retrying = RetryMeans(throttle, self._limits, self._clock, self._sleep, self._random)
        deadline = self._clock() + self._limits.total_seconds
        return _Job(shown, info, model, _clean(query), access.url, secret, retrying, deadline)

    def _throttle(self, url: str, secret: SecretStr | None) -> Throttle:
        start, most = self._limits.first_concurrency, self._limits.concurrency
        return self._throttles.find(
            url, secret, most, lambda: Throttle(start=start, most=most, clock=self._clock, sleep=self._sleep)
        )

    def _open(self) -> Transport:
        if self._transport is None:
            # Imported at the first request: httpx takes a twentieth of a second that the console's start can spare.
            from astrolabe.providers.wire.transport import Transport  # noqa: PLC0415

            self._transport = Transport(self._client)
        return self._transport


def _key(provider: ProviderInfo, access: RerankerAccess, keys: RerankKeys) -> SecretStr | None:
    """Return the key of the request, of the settings, or the token where it may be sent on; else None."""
    candidates = (keys.header, access.key, keys.token if access.forward_token else None)
    given = next((key for key in candidates if key is not None and key.get_secret_value().strip()), None)
    return sendable_key(provider, given) if given is not None else None


def _words(job: _Job, reply: Reply) -> str:
    """The provider's words, without the key: some quote it back."""
    return without_key(find_words(job.info.words, reply.content_type, reply.body), job.secret)


def _clean(text: str) -> str:
    """Return the text without lone surrogates, which no encoding carries."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
