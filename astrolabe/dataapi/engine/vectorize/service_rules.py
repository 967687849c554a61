"""The rules of ``vector.service``, for collections and for the vector columns of tables.

They are checked in the order of the contract and the first one that is broken is the answer: a wrong credential hides
a wrong model. The provider is never called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from astrolabe.dataapi.language.commands.schema import Service
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.provider_errors import missing_model
from astrolabe.dataapi.language.service import CREDENTIAL_KEY, stored_credential
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError
from astrolabe.portal.organization import ServiceConfig
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import (
    AuthenticationType,
    ModelInfo,
    ModelStatus,
    ParameterInfo,
    ParameterType,
    ProviderInfo,
)

DEDICATED = "huggingfaceDedicated"
"""The provider whose endpoint decides the model, so that the dimension has to be given."""

DEDICATED_MODEL = "endpoint-defined-model"
"""The only model name of that provider."""

CredentialCheck = Callable[[str, str], Awaitable[bool]]
"""Whether the database may use a provider's credential, by provider key and credential name."""

ModelsOf = Callable[[str], Awaitable[tuple[ModelInfo, ...]]]
"""The models that a connection string leads to, by its identifier."""

_TYPES: dict[ParameterType, tuple[type, ...]] = {
    ParameterType.STRING: (str,),
    ParameterType.NUMBER: (int, float, Decimal),
    ParameterType.BOOLEAN: (bool,),
}


@dataclass(frozen=True, slots=True)
class CheckedService:
    """A service that may be kept: normalised, with the dimension of its vectors."""

    service: ServiceConfig
    dimension: int


async def check_service(
    service: Service,
    dimension: int | None,
    catalogue: Catalogue,
    usable: CredentialCheck,
    models_of: ModelsOf | None = None,
    *,
    region: str,
) -> CheckedService:
    """Check a service and fill in what the model decides.

    Args:
        service: As it came.
        dimension: As it came; None takes the model's.
        catalogue: The providers.
        usable: Answers whether the credential exists and covers the database.
        models_of: Answers what a connection string leads to; None where there are none.
        region: The database's; a hosted provider may be offered in some regions only.

    Raises:
        DataApiError: The first rule that is broken.
    """
    if service.provider is None:
        raise invalid_options("'provider' in required property for 'vector.service' Object value")
    model_name = _model_name(service)
    provider = catalogue.find(service.provider)
    if provider is None:
        known = ", ".join(sorted(info.key for info in catalogue.providers))
        raise invalid_options(f"Service provider '{service.provider}' is not supported. Supported are: {known}")
    if not provider.offered_in(region):
        offered = ", ".join(provider.regions)
        problem = f"Service provider '{provider.key}' is not supported in the region '{region}' of this database"
        raise invalid_options(f"{problem}. It is offered in: {offered}")
    credential = await _check_authentication(provider, service.authentication or {}, usable)
    if provider.open_model is not None:
        found = await models_of(_name_of(credential)) if models_of is not None else ()
        provider = replace(provider, models=found, open_model=None)
    if provider.key == DEDICATED and dimension is None:
        raise invalid_options(_dimension_needed(provider))
    if model_name is None:
        raise invalid_options(f"'modelName' is needed for provider {provider.key}")
    model = provider.model(model_name)
    if model is None and provider.known_model(model_name) is not None:
        problem = f"Model name '{model_name}' for provider '{provider.key}' is not supported: Astra DB does not list it"
        raise invalid_options(f"{problem}. The setting 'unlisted_models' offers it here")
    if model is None:
        listed = ", ".join(info.name for info in provider.models)
        problem = f"Model name '{model_name}' for provider '{provider.key}' is not supported. Supported are: {listed}"
        raise invalid_options(problem)
    checked = _check_dimension(model, dimension)
    _check_status(provider, model)
    if not model.available:
        raise missing_model(provider.key, model.unavailable_reason)
    _check_parameters(provider, model, service.parameters or {})
    config = ServiceConfig(provider.key, model.name, credential, dict(service.parameters or {}))
    return CheckedService(config, checked)


def invalid_options(problem: str) -> DataApiError:
    """Make the error of options that createCollection (and createTable, and alterTable) refuse."""
    return data_api_error(
        "INVALID_CREATE_COLLECTION_OPTIONS",
        f"The options of createCollection are not valid: {problem}.\nCorrect them and send the command again.",
    )


def invalid_credential(provider: str, credential: str) -> DataApiError:
    """Make the error of a credential that does not exist or does not cover the database."""
    return data_api_error(
        "VECTORIZE_CREDENTIAL_INVALID",
        "Invalid credential name for vectorize, with error: "
        f"Credential validation failed for provider '{provider}', key '{credential}'.\n"
        "Add a credential of that name to the provider's integration and this database to its scope, "
        "then send the command again.",
        hint="Look at the integration's page: the name must be exact and the database in the credential's scope.",
    )


def _model_name(service: Service) -> str | None:
    if service.provider != DEDICATED:
        return service.model_name
    if service.model_name not in {None, DEDICATED_MODEL}:
        problem = f"'modelName' is not needed for provider {DEDICATED}: only '{DEDICATED_MODEL}' is accepted"
        raise invalid_options(problem)
    return DEDICATED_MODEL


async def _check_authentication(provider: ProviderInfo, given: dict[str, str], usable: CredentialCheck) -> str | None:
    """Return the credential's reference as it is kept, or None without one."""
    modes = provider.authentication
    if not given:
        keyless = (AuthenticationType.NONE, AuthenticationType.HEADER)
        if not any(mode in modes and modes[mode].enabled for mode in keyless):
            raise invalid_options(
                f"Service provider '{provider.key}' does not support either 'NONE' or 'HEADER' authentication types."
            )
        return None
    stored = modes.get(AuthenticationType.SHARED_SECRET)
    accepted = {token.accepted for token in stored.tokens} if stored is not None and stored.enabled else set()
    refused = next((key for key in given if key not in accepted), None)
    if refused is not None:
        raise invalid_options(f"Service provider '{provider.key}' does not support authentication key '{refused}'")
    reference = stored_credential(given[CREDENTIAL_KEY])
    if not await usable(provider.key, _name_of(reference)):
        raise invalid_credential(provider.key, reference)
    return reference


def _name_of(reference: str | None) -> str:
    return (reference or "").removesuffix(f".{CREDENTIAL_KEY}")


def _dimension_needed(provider: ProviderInfo) -> str:
    ranges = [model.dimension_range for model in provider.models if model.dimension_range]
    between = f": give the length of the endpoint's vectors, from {ranges[0][0]} to {ranges[0][1]}" if ranges else ""
    return f"'dimension' is needed for provider {provider.key}{between}"


def _check_dimension(model: ModelInfo, dimension: int | None) -> int:
    decided = model.dimension if model.dimension is not None else model.default_dimension
    if dimension is None:
        if decided is None:
            raise invalid_options(f"'dimension' is needed for model '{model.name}'")
        return decided
    if model.accepts_dimension(dimension):
        return dimension
    if model.dimension_range is None:
        problem = (
            f"The provided dimension value '{dimension}' doesn't match the model's supported dimension value "
            f"'{model.dimension}'"
        )
    else:
        low, high = model.dimension_range
        within = ", ".join(map(str, model.dimension_options))
        problem = (
            f"The provided dimension value ({dimension}) is not within the supported numeric range [{low}, {high}]"
        )
        problem += f", of which the model offers: {within}" if within else ""
    raise invalid_options(problem)


def _check_status(provider: ProviderInfo, model: ModelInfo) -> None:
    codes = {ModelStatus.DEPRECATED: "DEPRECATED_AI_MODEL", ModelStatus.END_OF_LIFE: "END_OF_LIFE_AI_MODEL"}
    code = codes.get(model.status)
    if code is not None:
        reason = model.status_message or f"The model is {model.status.value}."
        raise data_api_error(
            code,
            f"The model '{model.name}' of provider '{provider.key}' has the status {model.status.value}. {reason}\n"
            "Choose a supported model and send the command again.",
        )


def _check_parameters(provider: ProviderInfo, model: ModelInfo, given: dict[str, JsonValue]) -> None:
    known = {info.name: info for info in (*provider.parameters, *model.parameters)}
    unexpected = next((name for name in given if name not in known), None)
    if unexpected is not None:
        advice = ". The length of the vectors is 'dimension' of 'vector'" if unexpected == "vectorDimension" else ""
        problem = f"Unexpected parameter '{unexpected[:100]}' for the provider '{provider.key}' provided{advice}"
        raise invalid_options(problem)
    missing = next((name for name, info in known.items() if info.required and name not in given), None)
    if missing is not None:
        raise invalid_options(f"Required parameter '{missing}' for the provider '{provider.key}' missing")
    for name, value in given.items():
        if not _has_type(known[name], value):
            problem = f"The provided parameter '{name}' type is incorrect. Expected: '{known[name].type.value}'"
            raise invalid_options(problem)


def _has_type(info: ParameterInfo, value: JsonValue) -> bool:
    if isinstance(value, bool):
        return info.type is ParameterType.BOOLEAN
    return isinstance(value, _TYPES[info.type])
