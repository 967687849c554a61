"""The one engine that search, loads and connection tests embed with, whatever the provider."""

from __future__ import annotations

import asyncio
import random as random_module
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.call_health import CallHealth, Gauge
from astrolabe.providers.catalogue.address import AddressError, check, fill
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec, Hosting, ProviderInfo
from astrolabe.providers.catalogue.wire_format import WireFormat
from astrolabe.providers.embedding.batching import BatchLimits, plan
from astrolabe.providers.embedding.cache_lookup import CacheLookup, Counts, VectorCache, context_of
from astrolabe.providers.embedding.embedding_run import Delivery, Exchange, Job, Means
from astrolabe.providers.embedding.local_runner import LocalRunner
from astrolabe.providers.simulated.answers import local_failure
from astrolabe.providers.simulated.rules import Lab
from astrolabe.providers.throttle.quota import quota_headers, request_id
from astrolabe.providers.throttle.retry import EngineLimits, OnWait
from astrolabe.providers.throttle.throttle import Clock, Sleep, Throttle
from astrolabe.providers.throttle.throttles import Throttles
from astrolabe.providers.wire.adapters import Usage, WireAdapter
from astrolabe.providers.wire.failures import make_error, sendable_key
from storage.shapes import Matrix

if TYPE_CHECKING:
    import httpx

    from astrolabe.providers.wire.google_tokens import GoogleTokens
    from astrolabe.providers.wire.transport import Transport

_PROBE_TEXT = "A short text to test the connection."


@dataclass(frozen=True, slots=True)
class Probe:
    """What one request of a connection test found.

    Attributes:
        seconds: From sending to the last byte.
        dimension: Of the vector that came back.
        expected: Of the collection.
        status: HTTP status; None for a model on this machine.
        usage: What the provider says it cost.
        quota: Its headers about rate limits and waiting, names in lower case; foreign text.
        norm: Length of the vector; 1 where the model normalizes.
        request_id: The provider's number of the request; foreign text, empty when it gives none.
        simulated: Whether the failure lab answered in the provider's place.
    """

    seconds: float
    dimension: int
    expected: int
    status: int | None = None
    usage: Usage = field(default_factory=Usage)
    quota: Mapping[str, str] = field(default_factory=dict)
    norm: float | None = None
    request_id: str = ""
    simulated: bool = False


class EmbeddingEngine:
    """Turns texts into vectors through the providers of a catalogue.

    Args:
        catalogue: The providers.
        urls: Addresses that stand in for a provider's own, by provider key in any letter case: the whole address
            that requests are posted to, template parameters allowed.
        keys: Keys of the settings, by provider key in any letter case; used when no other key is given.
        allow_plain_http: Whether ``http://`` may be used to other machines than this one.
        cache: Vectors of texts that were embedded before; None embeds every text anew.
        client: HTTP client to use and not to close; by default one is made at the first request.
        limits: Time limits, attempts and concurrency.
        clock: Seconds that never go back.
        sleep: Waits.
        random: A number in [0, 1), for the jitter of waits.
        lab: Says which calls are to fail; None where nothing is simulated.
        now: The time of day, for the weather.

    Attributes:
        weather: What the requests came to, by provider and credential.
        recalled: Texts that were in the cache, and texts that were not, since the engine was made.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        urls: Mapping[str, str] | None = None,
        keys: Mapping[str, SecretStr] | None = None,
        allow_plain_http: bool = False,
        cache: VectorCache | None = None,
        client: httpx.AsyncClient | None = None,
        limits: EngineLimits | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
        lab: Lab | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._urls = {key.casefold(): url for key, url in (urls or {}).items()}
        self._keys = {key.casefold(): secret for key, secret in (keys or {}).items()}
        self._allow_plain_http = allow_plain_http
        self._cache = cache
        self.recalled = Counts()
        self._client = client
        self._limits = limits or EngineLimits()
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._lab = lab
        self._transport: Transport | None = None
        self._throttles = Throttles()
        self._local = LocalRunner(catalogue.local_models)
        self._google: GoogleTokens | None = None
        self.weather = CallHealth(now)

    async def embed(
        self,
        spec: EmbeddingSpec,
        texts: Sequence[str],
        direction: Direction,
        secret: SecretStr | None,
        *,
        on_wait: OnWait | None = None,
        credential: str | None = None,
        own_key: bool = False,
    ) -> Matrix:
        """Return one vector per text, in their order: shape ``(len(texts), spec.dimension)``, float32, finite.

        Args:
            spec: Provider, model, dimension and parameters.
            texts: None of them blank; there may be any number.
            direction: Whether the texts will be stored or searched with.
            secret: The key; None for hosted providers.
            on_wait: Called before each wait with its seconds and its reason.
            credential: Name of the credential the key came from, to be named when the key is refused.
            own_key: Whether the key came along with the request: what is known of other keys is not looked at then.

        Raises:
            ProviderError: The vectors could not be had; says who failed, what was said and what to do.
        """
        provider = self._usable(spec)
        cleaned = [_clean(provider, text, number, len(texts)) for number, text in enumerate(texts, start=1)]
        if not cleaned:
            return np.empty((0, spec.dimension), dtype=np.float32)
        wire = self._wire(spec)
        if wire is None:
            recall = await self._recall(provider, spec, cleaned, context_of(spec, direction))
            self.weather.gauge(spec.provider, None).found(recall.hits)
            if not recall.missing:
                return recall.filled(np.empty((0, spec.dimension), dtype=np.float32))
            return recall.filled(await self._embed_here(provider, spec, recall.missing, recall=recall))
        job = self._job(
            provider, wire, spec, cleaned, direction=direction, secret=secret, on_wait=on_wait, credential=credential
        )
        means = self._means(job, wire, self.weather.gauge(spec.provider, credential))
        request = means.adapter.call(job.url, spec, [""], direction)
        context = context_of(spec, direction, request, secret if own_key else None)
        recall = await self._recall(provider, spec, cleaned, context)
        means.gauge.found(recall.hits)
        job = replace(job, texts=recall.missing, numbers=recall.numbers, total=len(cleaned), on_vectors=recall.keep)
        batches = plan(recall.missing, self._batch_limits(job, wire, means.throttle))
        return recall.filled(await Delivery(job, means).run(batches))

    async def probe(
        self,
        spec: EmbeddingSpec,
        secret: SecretStr | None,
        *,
        credential: str | None = None,
        trial: bool = False,
        on_wait: OnWait | None = None,
    ) -> Probe:
        """Embed one short text, without a second try, and return what came back.

        Args:
            spec: Provider, model, dimension and parameters.
            secret: The key; None for hosted providers.
            credential: Name of the credential the key came from.
            trial: The key is only being tried out: what comes of it is no part of the credential's weather.
            on_wait: Called before each wait for a model that is being loaded; without it, loading is a failure.

        Raises:
            ProviderError: There was no usable answer. A vector of another dimension than expected is no error here.
        """
        provider = self._usable(spec)
        wire = self._wire(spec)
        gauge = self.weather.gauge(spec.provider, credential, kept=not trial)
        if wire is None:
            started = self._clock()
            vectors = await self._embed_here(provider, spec, [_PROBE_TEXT])
            return Probe(self._clock() - started, vectors.shape[1], spec.dimension, norm=_norm(vectors))
        store, text = Direction.STORE, [_PROBE_TEXT]
        job = self._job(
            provider, wire, spec, text, direction=store, secret=secret, credential=credential, on_wait=on_wait
        )
        delivery = Delivery(job, self._means(job, wire, gauge))
        outcome = await delivery.ask(job.texts)
        if isinstance(outcome, ProviderError):
            raise outcome
        reply, parsed = outcome
        return Probe(
            reply.seconds,
            parsed.vectors.shape[1],
            spec.dimension,
            reply.status,
            parsed.usage,
            {name: delivery.without_key(value) for name, value in quota_headers(reply.headers).items()},
            _norm(parsed.vectors),
            delivery.without_key(request_id(reply.headers)),
            simulated=reply.simulated,
        )

    async def close(self) -> None:
        """Close the connections; the engine may not be used afterwards."""
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    def _usable(self, spec: EmbeddingSpec) -> ProviderInfo:
        provider = spec.route.provider if spec.route is not None else self._catalogue.find(spec.provider)
        model = provider.known_model(spec.model) if provider is not None else None
        if provider is None or model is None:
            message = f"The model '{spec.model}' for service provider '{spec.provider}' is not supported."
            raise ProviderError(
                message,
                provider=spec.provider,
                failure=ProviderFailure.UNAVAILABLE,
                hint="It is no longer in the catalogue. Create a collection with another model.",
                owner=Owner.REQUEST,
            )
        if not provider.available:
            raise make_error(provider, ProviderFailure.UNAVAILABLE, provider.unavailable_reason)
        if not model.available:
            raise make_error(provider, ProviderFailure.UNAVAILABLE, model.unavailable_reason)
        return provider

    def _wire(self, spec: EmbeddingSpec) -> WireFormat | None:
        return spec.route.wire if spec.route is not None else self._catalogue.wire(spec.provider)

    def _exchange(self, provider: ProviderInfo, account: SecretStr) -> Exchange:
        """Return what gets the token that a service account is given for a while."""

        async def exchange() -> SecretStr:
            if self._google is None:
                # Imported at the first exchange: few need it.
                from astrolabe.providers.wire.google_tokens import GoogleTokens  # noqa: PLC0415

                self._google = GoogleTokens(allow_plain_http=self._allow_plain_http)
            return await self._google.token(provider, account, self._open(), seconds=self._limits.query_seconds)

        return exchange

    async def _recall(
        self, provider: ProviderInfo, spec: EmbeddingSpec, texts: Sequence[str], context: bytes
    ) -> CacheLookup:
        """Look up what is known; not where the model is faster, or where it would hide a simulated failure."""
        model = provider.model(spec.model)
        cache = self._cache if model is not None and model.cached else None
        if cache is not None and self._lab is not None and await self._lab.active(provider.key):
            cache = None
        return await CacheLookup.look(cache, context, texts, spec.dimension, self.recalled)

    async def _embed_here(
        self, provider: ProviderInfo, spec: EmbeddingSpec, texts: Sequence[str], *, recall: CacheLookup | None = None
    ) -> Matrix:
        """Run a model on this machine, unless the failure lab has it fail."""
        gauge = self.weather.gauge(provider.key, None)
        rule = await self._lab.take(provider.key) if self._lab is not None else None
        if rule is not None:
            failure = await local_failure(rule, provider, spec, self._sleep)
            gauge.failed(failure)
            raise failure
        result = await self._local.embed(provider, spec, texts, on_slice=gauge.succeeded)
        if recall is not None:
            recall.keep(range(len(texts)), result)
        return result

    def _job(
        self,
        provider: ProviderInfo,
        wire: WireFormat,
        spec: EmbeddingSpec,
        texts: Sequence[str],
        *,
        direction: Direction,
        secret: SecretStr | None,
        on_wait: OnWait | None = None,
        credential: str | None = None,
    ) -> Job:
        url = self._url(provider, wire, spec)
        if secret is not None and spec.route is not None and spec.route.token:
            exchange = self._exchange(provider, secret)
            return Job(provider, spec, texts, direction, url, secret, credential, on_wait, exchange=exchange)
        key = self._key(provider, secret)
        return Job(provider, spec, texts, direction, url, key, credential, on_wait)

    def _key(self, provider: ProviderInfo, secret: SecretStr | None) -> SecretStr | None:
        """The key without surrounding blanks; refused when a header could not carry it."""
        secret = secret or self._keys.get(provider.key.casefold())
        if secret is None or not secret.get_secret_value().strip():
            if provider.hosting is Hosting.HOSTED or provider.keyless:
                return None
            message = f"There is no {provider.credential_noun} for {provider.label}."
            raise make_error(provider, ProviderFailure.NO_KEY, message)
        return sendable_key(provider, secret)

    def _url(self, provider: ProviderInfo, wire: WireFormat, spec: EmbeddingSpec) -> str:
        own = wire.model_urls.get(spec.model, provider.url or "")
        if spec.route is None or spec.route.replaceable:
            own = self._urls.get(provider.key.casefold(), own if spec.route is None else spec.route.url)
        else:
            own = spec.route.url
        try:
            url = fill(own, spec.model, spec.parameters)
            check(url, allow_plain_http=self._allow_plain_http)
        except AddressError as error:
            failure = ProviderFailure.UNKNOWN_HOST if error.parameter else ProviderFailure.UNAVAILABLE
            raise make_error(provider, failure, error.message, hint=error.hint, owner=Owner.REQUEST) from error
        return url

    def _means(self, job: Job, wire: WireFormat, gauge: Gauge) -> Means:
        limits = self._limits
        most = (job.spec.route.concurrency if job.spec.route is not None else None) or limits.concurrency
        start = min(limits.first_concurrency, most)
        throttle = self._throttles.find(
            job.url, job.secret, most, lambda: Throttle(start=start, most=most, clock=self._clock, sleep=self._sleep)
        )
        adapter = WireAdapter(job.provider, wire)
        means = (self._clock, self._sleep, self._random, gauge, self._lab)
        return Means(self._open(), adapter, throttle, limits, *means)

    def _open(self) -> Transport:
        if self._transport is None:
            # Imported at the first request: httpx takes a twentieth of a second that the console's start can spare.
            from astrolabe.providers.wire.transport import Transport  # noqa: PLC0415

            self._transport = Transport(self._client)
        return self._transport

    def _batch_limits(self, job: Job, wire: WireFormat, throttle: Throttle) -> BatchLimits:
        if wire.joining_parameter and job.spec.parameters.get(wire.joining_parameter):
            return BatchLimits(1)
        by_answer = max(self._limits.answer_numbers // max(job.spec.dimension, 1), 1)
        model = job.provider.known_model(job.spec.model)
        most = min(job.provider.batch_limit, (model and model.request_texts) or job.provider.batch_limit)
        texts = min(most, throttle.batch_limit or most, by_answer)
        return BatchLimits(texts, (model and model.request_tokens) or wire.request_tokens, wire.request_bytes)


def _norm(vectors: Matrix) -> float:
    return float(np.linalg.norm(vectors[0]))


def _clean(provider: ProviderInfo, text: str, number: int, total: int) -> str:
    """Return the text without lone surrogates, which no encoding carries; refuse a blank one."""
    if not text.strip():
        message = f"Text {number} of {total} is empty, and {provider.label} cannot embed an empty text."
        raise make_error(provider, ProviderFailure.BAD_REQUEST, message, hint="Leave empty texts out.")
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
