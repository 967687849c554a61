"""The connection test: one short embedding from the provider, with each model and parameters that matter.

It is never required, and it never raises what the provider did: a refusal is a result.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from astrolabe.errors import AstrolabeError, ProviderError, ProviderFailure, RuleError
from astrolabe.portal.organization import Dependent
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, ModelInfo, ModelStatus, ProviderInfo
from astrolabe.providers.embedding.engine import Probe
from astrolabe.providers.embedding.waiting import WaitListener

MOST_QUESTIONS = 5
"""Different models and parameters that one connection test tries; each is a request to the provider."""

_POINTLESS = frozenset({ProviderFailure.AUTHENTICATION, ProviderFailure.PERMISSION, ProviderFailure.BILLING})
"""After one of these the provider is not asked again with the same key."""


class Prober(Protocol):
    """What this needs of the embedding engine."""

    async def probe(
        self,
        spec: EmbeddingSpec,
        secret: SecretStr | None,
        *,
        credential: str | None = None,
        trial: bool = False,
        on_wait: WaitListener | None = None,
    ) -> Probe:
        """Embed one short text; raises ProviderError."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What a provider is asked in a connection test.

    Attributes:
        spec: Provider, model, dimension and parameters.
        expected: The dimension that has to come back; None where nothing says which.
        used_by: The collections and columns that ask the same.
    """

    spec: EmbeddingSpec
    expected: int | None
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of one question: ``probe`` or ``error``.

    Attributes:
        model: The model asked for.
        expected: The dimension that had to come back; None where nothing said which.
        probe: What came back.
        error: Why nothing usable did.
        used_by: The collections and columns that ask the same.
    """

    model: str
    expected: int | None
    probe: Probe | None = None
    error: AstrolabeError | None = None
    used_by: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether vectors came back, of the right dimension."""
        return self.probe is not None and self.right_dimension

    @property
    def right_dimension(self) -> bool:
        """Whether the dimension found is the one configured; also where none is configured, or none was found."""
        return self.probe is None or self.expected is None or self.probe.dimension == self.expected

    @property
    def dimension(self) -> int | None:
        """The dimension found."""
        return self.probe.dimension if self.probe is not None else None

    @property
    def seconds(self) -> float | None:
        """How long the request took, answered or not; None when none was made."""
        if self.probe is not None:
            return self.probe.seconds
        return self.error.seconds if isinstance(self.error, ProviderError) else None


Ask = Callable[[Question, WaitListener | None], Awaitable[Tested]]
"""Asks one question; told of waits. A refusal is a result; what is raised concerns the test itself."""


async def ask(
    engine: Prober,
    question: Question,
    secret: SecretStr | None,
    *,
    credential: str | None = None,
    trial: bool = False,
    on_wait: WaitListener | None = None,
) -> Tested:
    """Ask a provider one question.

    Args:
        engine: Talks to the provider.
        question: What to ask.
        secret: The key; None for a provider that needs none.
        credential: The name of the credential it belongs to, or will.
        trial: Whether the key is only being tried out.
        on_wait: Told of waits for a model that is being loaded.
    """
    model, expected = question.spec.model, question.expected
    try:
        probe = await engine.probe(question.spec, secret, credential=credential, trial=trial, on_wait=on_wait)
    except ProviderError as error:
        return Tested(model, expected, error=error, used_by=question.used_by)
    return Tested(model, expected, probe, used_by=question.used_by)


async def ask_all(questions: Sequence[Question], one: Callable[[Question], Awaitable[Tested]]) -> list[Tested]:
    """Ask question after question, until one is answered in a way that makes the others pointless."""
    done: list[Tested] = []
    for question in questions:
        done.append(await one(question))
        if is_pointless_after(done[-1]):
            break
    return done


def is_pointless_after(tested: Tested) -> bool:
    """Return whether other questions with the same key would only be refused again."""
    return isinstance(tested.error, ProviderError) and tested.error.failure in _POINTLESS


def questions_of(provider: ProviderInfo, used: Sequence[Dependent]) -> list[Question]:
    """Return what the collections and columns ask a provider, each once, with those that ask it."""
    found: dict[tuple[str, int, tuple[tuple[str, str], ...]], tuple[EmbeddingSpec, list[str]]] = {}
    for one in used:
        spec = EmbeddingSpec(provider.key, one.service.model, one.dimension, one.service.parameters)
        key = (spec.model, spec.dimension, tuple(sorted((name, repr(v)) for name, v in spec.parameters.items())))
        found.setdefault(key, (spec, []))[1].append(one.label)
    return [Question(spec, spec.dimension, tuple(labels)) for spec, labels in found.values()][:MOST_QUESTIONS]


def question_about(provider: ProviderInfo, model: ModelInfo, parameters: Mapping[str, Any]) -> Question:
    """Return the question for a model that no collection uses yet."""
    configured = model.dimension or model.default_dimension
    dimension = configured or (model.dimension_range or (1, 1))[0]
    return Question(EmbeddingSpec(provider.key, model.name, dimension, parameters), configured)


def models_to_ask(provider: ProviderInfo) -> list[ModelInfo]:
    """Return the models that a connection test may be made with, the first of them by default."""
    supported = [model for model in provider.models if model.status is ModelStatus.SUPPORTED]
    return supported or list(provider.models)


class NothingToAskError(RuleError):
    """A credential cannot be tried: nothing uses it, and its provider has to be told for what."""


def first_question(provider: ProviderInfo, parameters: Mapping[str, Any], *, unknown: str = "") -> Question:
    """Return something to ask a provider for where no collection says what.

    Args:
        provider: The provider.
        parameters: Its parameters.
        unknown: What could not be read, and might say what to ask; empty when everything was read.

    Raises:
        NothingToAskError: The provider has no model, or needs parameters that are not given.
    """
    missing = [info.name for info in provider.parameters if info.required and info.name not in parameters]
    model = next(iter(models_to_ask(provider)), None)
    if missing or model is None:
        raise NothingToAskError(
            f"There is nothing to test with: no collection{' that could be read' if unknown else ''} uses it yet, and "
            f"{provider.label} needs to be told {', '.join(missing) or 'a model'}. {unknown}".rstrip(),
            field="test",
            hint="Go on without the test, or create a collection with it first.",
        )
    return question_about(provider, model, parameters)


def parameter_text(value: object) -> str:
    """Return a parameter's value as a form has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def known_parameters(provider: ProviderInfo, used: Sequence[Dependent]) -> dict[str, str]:
    """Return the parameters that a collection of the provider has, to begin a form with; empty when there is none."""
    names = [info.name for info in provider.parameters]
    for one in used:
        given = {name: parameter_text(one.service.parameters[name]) for name in names if name in one.service.parameters}
        if given:
            return given
    return {}
