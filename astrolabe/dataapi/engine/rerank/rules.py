"""Which reranking model is used: the rules of ``rerank.service``, in a collection's options and in a command's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.commands.collection_commands import RerankService
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import DataApiError
from astrolabe.providers.catalogue.provider_info import ModelStatus
from astrolabe.providers.rerank.catalogue import RerankerInfo, Rerankers, RerankModel

Refusal = Callable[[str], DataApiError]
"""Makes the error of a service that cannot be used; the argument says why."""


@dataclass(frozen=True, slots=True)
class RerankChoice:
    """A reranking model: provider and name."""

    provider: str
    model: str

    @classmethod
    def read(cls, definition: Mapping[str, Any]) -> RerankChoice | None:
        """Return what a collection's stored definition says; None when reranking is off."""
        rerank = definition.get("rerank") or {}
        service = rerank.get("service") or {}
        return cls(str(service["provider"]), str(service["modelName"])) if rerank.get("enabled") and service else None

    def to_json(self) -> Json:
        """Return the JSON form of the service."""
        return {"provider": self.provider, "modelName": self.model}


def default_choice(rerankers: Rerankers) -> RerankChoice:
    """Return the model of those who choose none."""
    provider, model = rerankers.default
    return RerankChoice(provider.key, model.name)


def check_choice(service: RerankService, rerankers: Rerankers, refusal: Refusal) -> RerankChoice:
    """Check a service that is being chosen.

    Raises:
        DataApiError: ``refusal``'s, ``DEPRECATED_AI_MODEL`` or ``END_OF_LIFE_AI_MODEL``.
    """
    if service.provider is None:
        raise refusal("Provider name is required for reranking service configuration")
    provider = rerankers.find(service.provider)
    if provider is None:
        known = ", ".join(info.key for info in rerankers.providers)
        raise refusal(f"Reranking provider '{cut(service.provider)}' is not supported. Supported are: {known}")
    if service.model_name is None:
        raise refusal(f"Model name is required for reranking provider '{provider.key}'")
    model = provider.model(service.model_name)
    if model is None:
        known = ", ".join(found.name for found in provider.models)
        problem = f"Model '{cut(service.model_name)}' is not supported by reranking provider '{provider.key}'"
        raise refusal(f"{problem}. Supported are: {known}")
    if model.status is not ModelStatus.SUPPORTED:
        raise _not_supported(provider, model)
    if service.authentication:
        raise refusal(
            f"Reranking provider '{provider.key}' currently only supports 'NONE' or 'HEADER' authentication types. "
            "No authentication parameters should be provided"
        )
    if service.parameters:
        raise refusal(
            f"Reranking provider '{provider.key}' currently doesn't support any parameters. "
            "No parameters should be provided"
        )
    return RerankChoice(provider.key, model.name)


def check_alive(choice: RerankChoice, rerankers: Rerankers) -> None:
    """Refuse the model of an existing collection only if it has reached its end of life.

    Raises:
        DataApiError: ``END_OF_LIFE_AI_MODEL``.
    """
    provider = rerankers.find(choice.provider)
    model = provider.model(choice.model) if provider is not None else None
    if provider is not None and model is not None and model.status is ModelStatus.END_OF_LIFE:
        raise _not_supported(provider, model)


def invalid_override(problem: str) -> DataApiError:
    """Make the error of a command's ``rerank`` that cannot be used."""
    return data_api_error(
        "INVALID_RERANK_OVERRIDE",
        f"The 'rerank' option of findAndRerank is not valid: {problem}.\n\nCorrect it, or leave it out to use the "
        "collection's own reranking model, and resend the command.",
    )


def _not_supported(provider: RerankerInfo, model: RerankModel) -> DataApiError:
    code = "DEPRECATED_AI_MODEL" if model.status is ModelStatus.DEPRECATED else "END_OF_LIFE_AI_MODEL"
    reason = model.status_message or f"The model is {model.status.value}."
    return data_api_error(
        code,
        f"The model is: {model.name}. It is at {model.status.value} status. {reason}\n"
        f"Choose a supported reranking model of '{provider.key}' and send the command again.",
    )
