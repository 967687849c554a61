"""What a provider in the failure lab answers: its own error format, word for word where the provider's words are known.

The answers are data: ``failures.toml`` beside this module.
"""

from __future__ import annotations

import json
import logging
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, ProviderInfo
from astrolabe.providers.catalogue.wire_format import Envelope
from astrolabe.providers.simulated.rules import Rule, SimulatedFailure
from astrolabe.providers.wire.adapters import AnswerError, Reply
from astrolabe.providers.wire.adapters.answers import check_vectors
from astrolabe.providers.wire.failures import TransportError, bad_answer, from_answer, make_error

if TYPE_CHECKING:
    from astrolabe.providers.throttle.throttle import Sleep

_JSON = {"content-type": "application/json"}
_STATUS = {
    SimulatedFailure.UNAUTHORIZED: 401,
    SimulatedFailure.BILLING: 402,
    SimulatedFailure.RATE_LIMITED: 429,
    SimulatedFailure.LOADING: 503,
}
_OK = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Replaced:
    """The request that is not sent.

    Attributes:
        provider: Who would have been asked.
        spec: Model and dimension.
        count: How many texts.
        envelope: The shape of a successful answer.
        limit: Seconds that the request would have been given.
    """

    provider: ProviderInfo
    spec: EmbeddingSpec
    count: int
    envelope: Envelope
    limit: float


async def reply_to(rule: Rule, request: Replaced, sleep: Sleep) -> Reply:
    """Return the answer that comes in place of the provider's.

    Raises:
        TransportError: The rule says that none comes.
    """
    _note(rule, request.provider)
    if rule.trouble is SimulatedFailure.TIMEOUT:
        await sleep(rule.seconds)
        detail = f"no complete answer in {request.limit:g} seconds"
        raise TransportError(ProviderFailure.TIMEOUT, detail, transient=True)
    if rule.trouble is SimulatedFailure.WRONG_DIMENSION:
        return Reply(_OK, _JSON, _wrong_vectors(request), simulated=True)
    return _error_reply(rule, request.provider, request.spec)


async def local_failure(rule: Rule, provider: ProviderInfo, spec: EmbeddingSpec, sleep: Sleep) -> ProviderError:
    """Return how a model on this machine fails in the trouble, as if it were asked over HTTP."""
    _note(rule, provider)
    error = await _local_failure(rule, provider, spec, sleep)
    error.simulated = True
    return error


async def _local_failure(rule: Rule, provider: ProviderInfo, spec: EmbeddingSpec, sleep: Sleep) -> ProviderError:
    if rule.trouble is SimulatedFailure.TIMEOUT:
        await sleep(rule.seconds)
        return make_error(provider, ProviderFailure.TIMEOUT, f"{provider.label} did not answer in time.")
    if rule.trouble is SimulatedFailure.WRONG_DIMENSION:
        return _wrong_dimension(provider, spec)
    reply = _error_reply(rule, provider, spec)
    words = json.loads(reply.body)["error"]
    wait = rule.seconds if rule.trouble is SimulatedFailure.RATE_LIMITED else None
    return from_answer(provider, reply.status, reply.body, words, retry_after=wait, credential=None).error


def _note(rule: Rule, provider: ProviderInfo) -> None:
    """Leave a trace, so that nobody who reads the log takes it for a real failure."""
    log.warning("failure lab: %s of %s is simulated", rule.trouble.value, provider.key)


def _wrong_dimension(provider: ProviderInfo, spec: EmbeddingSpec) -> ProviderError:
    try:
        check_vectors(np.ones((1, other_dimension(spec.dimension)), dtype=np.float32), spec.dimension)
    except AnswerError as problem:
        return bad_answer(provider, str(problem), meaning=problem.meaning, hint=problem.hint)
    raise AssertionError("another dimension was accepted")


def other_dimension(dimension: int) -> int:
    """Return the dimension of the vectors that come back when another one is wanted: half of it, like a cut one."""
    return max(dimension // 2, 1) if dimension > 1 else 2


def _wrong_vectors(request: Replaced) -> bytes:
    length = other_dimension(request.spec.dimension)
    vectors = [[1 / math.sqrt(length)] * length for _ in range(request.count)]
    return json.dumps(_answer(request, vectors)).encode()


def _answer(request: Replaced, vectors: list[list[float]]) -> Any:  # noqa: ANN401 - any JSON
    """Return a successful answer in the provider's envelope."""
    match request.envelope:
        case Envelope.BARE:
            return vectors
        case Envelope.OLLAMA:
            return {"model": request.spec.model, "embeddings": vectors}
        case Envelope.GOOGLE:
            return {"embeddings": [{"values": vector} for vector in vectors]}
        case Envelope.VERTEX:
            return {"predictions": [{"embeddings": {"values": vector}} for vector in vectors]}
        case Envelope.OPENAI:
            data = [{"object": "embedding", "index": place, "embedding": one} for place, one in enumerate(vectors)]
            usage = {"prompt_tokens": request.count, "total_tokens": request.count}
            return {"object": "list", "data": data, "model": request.spec.model, "usage": usage}


def _error_reply(rule: Rule, provider: ProviderInfo, spec: EmbeddingSpec) -> Reply:
    body = _filled(_bodies()[provider.key][rule.trouble.value], rule, spec)
    headers = dict(_JSON)
    if rule.trouble is SimulatedFailure.RATE_LIMITED or (
        rule.trouble is SimulatedFailure.LOADING and "estimated_time" not in body
    ):
        headers["retry-after"] = f"{rule.seconds:g}"
    return Reply(_STATUS[rule.trouble], headers, json.dumps(body).encode(), simulated=True)


@cache
def _bodies() -> Mapping[str, Mapping[str, Any]]:
    """Return the body of each answer, by provider and trouble."""
    text = resources.files(__package__).joinpath("failures.toml").read_text(encoding="utf-8")
    return {
        provider: {trouble: json.loads(body) for trouble, body in bodies.items()}
        for provider, bodies in tomllib.loads(text).items()
    }


def _filled(value: Any, rule: Rule, spec: EmbeddingSpec) -> Any:  # noqa: ANN401 - any JSON
    """Put the model and the seconds where the answer names them."""
    if isinstance(value, dict):
        return {name: _filled(inner, rule, spec) for name, inner in value.items()}
    if value == "<seconds>":
        return rule.seconds
    if isinstance(value, str):
        return value.replace("<model>", spec.model).replace("<seconds>", f"{rule.seconds:g}")
    return value
