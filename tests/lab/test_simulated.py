"""The failure lab's answers: each provider fails in its own words, on the way that its real failures take."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.portal.failure_lab import lab_providers
from astrolabe.providers.catalogue.catalogue import EMBEDDED, load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.catalogue.wire_format import Envelope, WireFormat
from astrolabe.providers.simulated.answers import Replaced, _bodies, _wrong_vectors, other_dimension
from astrolabe.providers.simulated.rules import Rule, SimulatedFailure, find_trouble
from astrolabe.providers.throttle.retry import EngineLimits
from astrolabe.providers.wire.adapters import WireAdapter
from tests.providers.setup import KEY, SUBJECTS, Bench
from tests.support.provider_server import Answer, ProviderServer

EMBEDDED_SPEC = EmbeddingSpec(EMBEDDED, "wordllama-l2-supercat-256", 256)
FAILURES = {
    SimulatedFailure.UNAUTHORIZED: (ProviderFailure.AUTHENTICATION, 401, 1),
    SimulatedFailure.BILLING: (ProviderFailure.BILLING, 402, 1),
    SimulatedFailure.RATE_LIMITED: (ProviderFailure.RATE_LIMITED, 429, EngineLimits().patient_attempts),
    SimulatedFailure.LOADING: (ProviderFailure.LOADING, 503, EngineLimits().patient_attempts),
    SimulatedFailure.WRONG_DIMENSION: (ProviderFailure.BAD_RESPONSE, 200, 1),
    SimulatedFailure.TIMEOUT: (ProviderFailure.TIMEOUT, None, EngineLimits().attempts),
}


class OneRule:
    """A lab with one rule or none, that remembers how often it was taken."""

    def __init__(self) -> None:
        self.rule: Rule | None = None
        self.taken = 0

    async def active(self, provider: str) -> bool:
        rule = self.rule
        return rule is not None and provider == rule.provider and (rule.calls is None or self.taken < rule.calls)

    async def take(self, provider: str, *, creating: bool = False) -> Rule | None:
        if creating or not await self.active(provider):
            return None
        self.taken += 1
        return self.rule


class LabBench(Bench):
    """A bench whose engine asks a lab."""

    def __init__(self, server: ProviderServer) -> None:
        self.lab = OneRule()
        super().__init__(server, lab=self.lab)


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[LabBench]:
    async with ProviderServer(key=KEY) as server:
        bench = LabBench(server)
        yield bench
        await bench.close()


def in_trouble(bench: LabBench, rule: Rule) -> OneRule:
    bench.lab.rule = rule
    return bench.lab


@pytest.mark.parametrize("trouble", FAILURES)
@pytest.mark.parametrize("provider", SUBJECTS)
async def test_every_provider_fails_as_it_would_and_is_not_asked(
    bench: LabBench, provider: str, trouble: SimulatedFailure
) -> None:
    failure, status, attempts = FAILURES[trouble]
    lab = in_trouble(bench, Rule(provider, trouble))
    error = await bench.fail(SUBJECTS[provider])
    assert (error.failure, error.status, error.attempts) == (failure, status, attempts)
    assert error.simulated
    assert lab.taken == attempts
    assert bench.server.requests == []


@pytest.mark.parametrize(
    "trouble",
    [SimulatedFailure.UNAUTHORIZED, SimulatedFailure.BILLING, SimulatedFailure.RATE_LIMITED, SimulatedFailure.LOADING],
)
@pytest.mark.parametrize("provider", SUBJECTS)
async def test_the_words_stand_where_the_provider_puts_them(
    bench: LabBench, provider: str, trouble: SimulatedFailure
) -> None:
    in_trouble(bench, Rule(provider, trouble))
    error = await bench.fail(SUBJECTS[provider])
    assert error.words
    assert not error.words.startswith(("{", "["))  # else the pointer led nowhere, and this is the whole body
    assert "<" not in error.words


async def test_the_error_is_that_of_a_real_answer_letter_by_letter(bench: LabBench) -> None:
    subject = SUBJECTS["openai"]
    bench.server.script(Answer(401, subject.error_body("Incorrect API key provided.")))
    real = await bench.fail(subject)
    in_trouble(bench, Rule("openai", SimulatedFailure.UNAUTHORIZED))
    simulated = await bench.fail(subject)
    assert simulated.message.replace(simulated.words, real.words) == real.message
    assert (simulated.hint, simulated.owner, simulated.title) == (real.hint, real.owner, real.title)


async def test_a_rate_limit_is_waited_for_as_long_as_the_rule_says_and_then_the_provider_answers(
    bench: LabBench,
) -> None:
    lab = in_trouble(bench, Rule("openai", SimulatedFailure.RATE_LIMITED, delay=7, calls=2))
    vectors = await bench.embed(SUBJECTS["openai"])
    assert vectors.shape == (1, 64)
    assert [seconds for seconds, _ in bench.waits] == [7, 7]
    assert lab.taken == 2
    assert len(bench.server.requests) == 1


async def test_a_rule_without_a_delay_waits_as_long_as_the_trouble_does_by_itself(bench: LabBench) -> None:
    in_trouble(bench, Rule("huggingface", SimulatedFailure.LOADING, calls=1))
    await bench.embed(SUBJECTS["huggingface"])
    assert [seconds for seconds, _ in bench.waits] == [2]


async def test_a_timeout_takes_the_rules_time_and_names_the_real_limit(bench: LabBench) -> None:
    in_trouble(bench, Rule("voyageAI", SimulatedFailure.TIMEOUT, delay=0.25))
    started = bench.time.clock()
    error = await bench.fail(SUBJECTS["voyageAI"])
    # Two minutes in all, less three tries of the rule's quarter of a second and the waits after them (0.25, 0.5 and 1).
    assert "no complete answer in 117.5 seconds" in error.message
    assert bench.time.clock() - started < 5


async def test_each_request_of_many_counts_as_one_call(bench: LabBench) -> None:
    lab = in_trouble(bench, Rule("upstageAI", SimulatedFailure.RATE_LIMITED, delay=0, calls=3))
    await bench.embed(SUBJECTS["upstageAI"], ["one", "two", "three", "four"])  # one text in each request
    assert lab.taken == 3
    assert len(bench.server.requests) == 4


async def test_other_providers_answer_as_ever(bench: LabBench) -> None:
    in_trouble(bench, Rule("openai", SimulatedFailure.UNAUTHORIZED))
    assert (await bench.embed(SUBJECTS["mistral"])).shape == (1, 1024)


async def test_a_connection_test_finds_the_trouble_and_is_told_that_it_is_simulated(bench: LabBench) -> None:
    lab = in_trouble(bench, Rule("openai", SimulatedFailure.WRONG_DIMENSION))
    subject = SUBJECTS["openai"]
    probe = await bench.engine.probe(subject.spec, SecretStr(KEY))
    assert (probe.simulated, probe.dimension, probe.expected) == (True, 32, 64)
    lab.rule = Rule("openai", SimulatedFailure.BILLING)
    with pytest.raises(ProviderError, match="402") as caught:
        await bench.engine.probe(subject.spec, SecretStr(KEY))
    assert caught.value.simulated


@pytest.mark.parametrize("trouble", FAILURES)
async def test_the_model_on_this_machine_fails_too(bench: LabBench, trouble: SimulatedFailure) -> None:
    lab = in_trouble(bench, Rule(EMBEDDED, trouble, calls=1))
    with pytest.raises(ProviderError) as caught:
        await bench.engine.embed(EMBEDDED_SPEC, ["a text"], Direction.STORE, None)
    failure, status, _ = FAILURES[trouble]
    assert (caught.value.failure, caught.value.simulated) == (failure, True)
    assert caught.value.status in {status, None}
    assert lab.taken == 1
    vectors = await bench.engine.embed(EMBEDDED_SPEC, ["a text"], Direction.STORE, None)
    assert vectors.shape == (1, 256)


def test_every_provider_and_connector_has_an_answer_of_its_own_for_every_trouble() -> None:
    troubles = {
        SimulatedFailure.UNAUTHORIZED,
        SimulatedFailure.BILLING,
        SimulatedFailure.RATE_LIMITED,
        SimulatedFailure.LOADING,
    }
    keys = {provider.key for provider in lab_providers(load_catalogue())}
    assert keys >= {"openai", "embedded", "ollama", "google", "vertex"}
    assert {key: set(bodies) for key, bodies in _bodies().items()} == dict.fromkeys(keys, troubles), (
        "astrolabe/providers/simulated/failures.toml says what each answers in each trouble"
    )


@pytest.mark.parametrize("envelope", Envelope)
def test_vectors_of_a_wrong_dimension_come_in_the_providers_own_envelope(envelope: Envelope) -> None:
    provider = load_catalogue().get("openai")
    request = Replaced(provider, EmbeddingSpec("openai", "text-embedding-3-small", 64), 3, envelope, 5.0)
    adapter = WireAdapter(provider, WireFormat(envelope=envelope))
    assert adapter.parse(_wrong_vectors(request), 3).vectors.shape == (3, 32)


def test_troubles_are_known_by_name_and_by_status() -> None:
    assert find_trouble("429") is find_trouble("Rate_Limited") is SimulatedFailure.RATE_LIMITED
    assert find_trouble("503") is SimulatedFailure.LOADING
    assert find_trouble("418") is None
    assert find_trouble("None") is None


@pytest.mark.parametrize("dimension", [1, 2, 3, 1024])
def test_the_wrong_dimension_is_never_the_right_one(dimension: int) -> None:
    assert other_dimension(dimension) != dimension
    assert other_dimension(dimension) >= 1
