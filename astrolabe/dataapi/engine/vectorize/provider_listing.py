"""The answers of findEmbeddingProviders and findRerankingProviders, with exactly the keys that the clients know."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.language.commands.general import ProviderOptions
from astrolabe.dataapi.protocol import Json
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import (
    AuthenticationMode,
    AuthenticationType,
    ModelInfo,
    ModelStatus,
    ParameterInfo,
    ProviderInfo,
)
from astrolabe.providers.rerank.catalogue import RerankerInfo, Rerankers


def list_providers(catalogue: Catalogue, statuses: frozenset[ModelStatus]) -> Json:
    """Return every provider by key, each with its models of the wanted statuses; the list may be empty."""
    return {provider.key: _provider(provider, statuses) for provider in catalogue.providers}


def list_rerankers(rerankers: Rerankers, statuses: frozenset[ModelStatus]) -> Json:
    """Return every reranking provider by key, each with its models of the wanted statuses; the list may be empty."""
    return {provider.key: _reranker(provider, statuses) for provider in rerankers.providers}


def wanted_statuses(options: ProviderOptions | None) -> frozenset[ModelStatus]:
    """Return the life cycles of the models to list: supported ones unless the command has options."""
    if options is None:
        return frozenset({ModelStatus.SUPPORTED})
    wanted = options.filter_model_status
    return frozenset({ModelStatus(wanted.upper())}) if wanted else frozenset(ModelStatus)


def _reranker(provider: RerankerInfo, statuses: frozenset[ModelStatus]) -> Json:
    return {
        "isDefault": provider.is_default,
        "displayName": provider.display_name,
        "supportedAuthentication": _authentication(provider.authentication),
        "models": [
            {
                "name": model.name,
                "apiModelSupport": _support(model.status, model.status_message),
                "isDefault": model.is_default,
                "url": None,
                "properties": None,
            }
            for model in sorted(provider.models, key=lambda model: model.name)
            if model.status in statuses
        ],
    }


def _authentication(modes: Mapping[AuthenticationType, AuthenticationMode]) -> Json:
    return {
        kind.value: {
            "enabled": mode.enabled,
            "tokens": [{"accepted": token.accepted, "forwarded": token.forwarded} for token in mode.tokens],
        }
        for kind, mode in modes.items()
    }


def _support(status: ModelStatus, message: str) -> Json:
    return {"status": status.value, "message": message} if message else {"status": status.value}


def _provider(provider: ProviderInfo, statuses: frozenset[ModelStatus]) -> Json:
    models = sorted((model for model in provider.models if model.status in statuses), key=lambda model: model.name)
    return {
        "displayName": provider.display_name or provider.label,
        "url": provider.listed_url,
        "supportedAuthentication": _authentication(provider.authentication),
        "parameters": [_provider_parameter(parameter) for parameter in provider.parameters],
        "models": [_model(model) for model in models],
    }


def _model(model: ModelInfo) -> Json:
    parameters = [_parameter(parameter) for parameter in model.parameters]
    if model.dimension is None:
        parameters.insert(0, _dimension_parameter(model))
    return {
        "name": model.name,
        "apiModelSupport": _support(model.status, model.status_message),
        "vectorDimension": model.dimension,
        "parameters": parameters,
    }


def _dimension_parameter(model: ModelInfo) -> Json:
    validation: Json = {}
    if model.dimension_options:
        validation = {"options": [str(option) for option in model.dimension_options]}
    elif model.dimension_range is not None:
        validation = {"numericRange": list(model.dimension_range)}
    return {
        "name": "vectorDimension",
        "type": "number",
        "required": True,
        "defaultValue": str(model.default_dimension) if model.default_dimension is not None else None,
        "validation": validation,
        "help": "Length of the vectors: give it as the dimension of the collection or column.",
    }


def _provider_parameter(parameter: ParameterInfo) -> Json:
    """A provider's own parameter: its type is spelled in upper case, and it has the words for a form."""
    body = _parameter(parameter)
    label = parameter.listed_label or parameter.label
    return body | {"type": body["type"].upper(), "displayName": label, "hint": parameter.hint}


def _parameter(parameter: ParameterInfo) -> Json:
    validation: Json = {}
    if parameter.numeric_range is not None:
        validation = {"numericRange": list(parameter.numeric_range)}
    elif parameter.options:
        validation = {"options": list(parameter.options)}
    return {
        "name": parameter.name,
        "type": parameter.type.value,
        "required": parameter.required,
        "defaultValue": parameter.listed_default or parameter.default,
        "validation": validation,
        "help": parameter.help,
    }
