"""The shapes of the provider catalogue and of one embedding request.

The catalogue is data (``catalogue.toml``): ``findEmbeddingProviders``, the dialogs and the validation all read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from astrolabe.providers.catalogue.wire_format import WireFormat

LARGEST_DIMENSION = 4096
"""Longest vector of any provider's model."""


class Direction(StrEnum):
    """Whether texts are embedded to be stored or to be searched with; some models treat them differently."""

    STORE = "store"
    QUERY = "query"


class Hosting(StrEnum):
    """Who runs the model: the user's account at a provider, or the platform (then no credential exists)."""

    EXTERNAL = "external"
    HOSTED = "hosted"


class ModelStatus(StrEnum):
    """Life cycle of a model; only SUPPORTED ones are accepted for new collections."""

    SUPPORTED = "SUPPORTED"
    DEPRECATED = "DEPRECATED"
    END_OF_LIFE = "END_OF_LIFE"


class ParameterType(StrEnum):
    """JSON type of a parameter."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


class AuthenticationType(StrEnum):
    """The Data API's ways of giving a provider its key."""

    NONE = "NONE"
    HEADER = "HEADER"
    SHARED_SECRET = "SHARED_SECRET"  # noqa: S105 - the mode's name on the wire, not a secret


@dataclass(frozen=True, slots=True)
class AuthenticationToken:
    """One key of a mode: the name the Data API accepts it under, and the header it reaches the provider in."""

    accepted: str
    forwarded: str


@dataclass(frozen=True, slots=True)
class AuthenticationMode:
    """Whether a way of authentication may be used, and the keys it takes."""

    enabled: bool
    tokens: tuple[AuthenticationToken, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """A parameter of a provider or model, as the dialogs show it and the validation checks it.

    Attributes:
        name: The name on the wire.
        type: JSON type of its value.
        required: Whether a collection has to have it.
        label: What the dialogs call it.
        help: What it does, in a sentence or two.
        hint: Shown in an empty field.
        default: What applies where it is left out, in words of the wire; None where nothing does.
        numeric_range: Inclusive range of a number.
        options: The only values, where there are few.
        listed_default: The default that ``findEmbeddingProviders`` names, where ours is another.
        listed_label: The label that ``findEmbeddingProviders`` names, where the portal has another.
    """

    name: str
    type: ParameterType
    required: bool
    label: str
    help: str
    hint: str = ""
    default: str | None = None
    numeric_range: tuple[int, int] | None = None
    options: tuple[str, ...] = ()
    listed_default: str | None = None
    listed_label: str | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """An embedding model.

    Attributes:
        name: The name on the wire.
        dimension: Fixed dimension, or None when a range applies.
        dimension_range: Inclusive range, or None when the dimension is fixed.
        default_dimension: Default inside the range; None when there is none (the dimension is then required).
        dimension_options: The only dimensions inside the range that the model offers; empty when all are.
        status: Life cycle.
        listed_by_astra: Whether ``findEmbeddingProviders`` names it upstream.
        current: Whether the provider still offers it.
        ends: The last day that the provider has announced for it, or None.
        context_tokens: Longest text in tokens, when known.
        request_tokens: Most tokens of one request, all texts together, where the model's limit is not the provider's.
        request_texts: Most texts of one request, where the model takes fewer than the provider.
        parameters: Model-level parameters.
        status_message: Reason shown with a status other than SUPPORTED.
        server_decides: Whether the server alone decides the dimension: it is checked and never asked for.
        cached: Whether its vectors are worth keeping; not those of a model that is faster than a look-up.
        help: What to know before choosing it.
        unavailable_reason: Why it cannot be used here and how to get it; empty when it can.
    """

    name: str
    dimension: int | None = None
    dimension_range: tuple[int, int] | None = None
    default_dimension: int | None = None
    dimension_options: tuple[int, ...] = ()
    status: ModelStatus = ModelStatus.SUPPORTED
    listed_by_astra: bool = True
    current: bool = True
    ends: date | None = None
    context_tokens: int | None = None
    request_tokens: int | None = None
    request_texts: int | None = None
    parameters: tuple[ParameterInfo, ...] = ()
    status_message: str = ""
    server_decides: bool = False
    cached: bool = True
    help: str = ""
    unavailable_reason: str = ""

    @property
    def available(self) -> bool:
        """Whether it can be used here and now."""
        return not self.unavailable_reason

    @property
    def ending(self) -> str:
        """When the provider ends it, as a sentence; empty where nothing is announced."""
        return f"The provider ends this model on {self.ends:%Y-%m-%d}." if self.ends is not None else ""

    def offered_on(self, day: date) -> bool:
        """Return whether a dialog offers it for a new collection on a day."""
        return self.status is ModelStatus.SUPPORTED and (self.ends is None or day <= self.ends)

    def accepts_dimension(self, dimension: int) -> bool:
        """Return whether the model can give vectors of that dimension."""
        if self.dimension_range is None:
            return dimension == self.dimension
        low, high = self.dimension_range
        return low <= dimension <= high and (not self.dimension_options or dimension in self.dimension_options)


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """An embedding provider of the catalogue.

    Attributes:
        key: What goes into ``service.provider``, such as ``huggingfaceDedicated``; case-sensitive.
        label: The portal's label, such as ``Hugging Face - Dedicated``.
        hosting: External (needs a credential) or hosted (needs none).
        url: Address template of the embeddings request; parameters in braces. None for Embedded.
        credential_noun: ``user access token`` for Hugging Face, ``API key`` elsewhere; lower case start.
        models: In the order of the documents.
        parameters: Provider-level parameters.
        batch_limit: Texts per request, as the Data API sends them.
        request_texts: Texts per request that the provider itself takes, where that is known to be more.
        description: One or two sentences for the integration page.
        available: Whether it can be used here and now (Embedded needs the files of one of its models).
        unavailable_reason: Why not, and how to get it.
        regions: Regions a hosted provider is offered in; empty means all.
        listed_by_astra: Whether upstream knows it.
        display_name: The name in ``findEmbeddingProviders``, where it differs from the portal's label.
        listed_url: The address in ``findEmbeddingProviders``, where it differs from the one that is called.
        auth_header: The header that carries the key.
        open_model: Stands for a model of any name, where no catalogue can know the models.
        unlisted: Models that are known and not offered: collections that have one go on working.
        keyless: Whether a collection may do without a credential, because the settings name a server that asks for
            none or bring its key.
        free_models: Whether any model name is accepted, because the settings name a server with models of its own.
        default_model: The model that is meant when none is named; empty when there is no such.
    """

    key: str
    label: str
    hosting: Hosting
    url: str | None
    credential_noun: str
    models: tuple[ModelInfo, ...]
    parameters: tuple[ParameterInfo, ...] = ()
    batch_limit: int = 32
    request_texts: int | None = None
    description: str = ""
    available: bool = True
    unavailable_reason: str = ""
    regions: tuple[str, ...] = ()
    listed_by_astra: bool = True
    display_name: str = ""
    listed_url: str | None = None
    auth_header: str = "Authorization"
    open_model: ModelInfo | None = None
    unlisted: tuple[ModelInfo, ...] = ()
    keyless: bool = False
    free_models: bool = False
    default_model: str = ""

    @property
    def authentication(self) -> Mapping[AuthenticationType, AuthenticationMode]:
        """The modes as ``supportedAuthentication`` lists them; hosted providers know only NONE."""
        if self.hosting is Hosting.HOSTED:
            return {AuthenticationType.NONE: AuthenticationMode(enabled=True)}
        header = AuthenticationToken("x-embedding-api-key", self.auth_header)
        stored = AuthenticationToken("providerKey", self.auth_header)
        return {
            AuthenticationType.NONE: AuthenticationMode(enabled=False),
            AuthenticationType.HEADER: AuthenticationMode(enabled=self.open_model is None, tokens=(header,)),
            AuthenticationType.SHARED_SECRET: AuthenticationMode(enabled=True, tokens=(stored,)),
        }

    def offered_in(self, region: str) -> bool:
        """Return whether databases of a region may use the provider."""
        return not self.regions or region in self.regions

    def model(self, name: str) -> ModelInfo | None:
        """Return the model of that name if a new collection may have it, or None."""
        found = next((model for model in self.models if model.name == name), None)
        if found is not None:
            return found
        if self.open_model is not None:
            return replace(self.open_model, name=name)
        if self.free_models and name and name not in {model.name for model in self.unlisted}:
            return ModelInfo(name, dimension_range=(1, LARGEST_DIMENSION), listed_by_astra=False, server_decides=True)
        return None

    def known_model(self, name: str) -> ModelInfo | None:
        """Return the model of that name, offered or not, or None: what a collection that has it goes on with."""
        return self.model(name) or next((model for model in self.unlisted if model.name == name), None)


@dataclass(frozen=True, slots=True)
class Route:
    """How a model is reached that no row of the catalogue describes: what a connection string comes to.

    Attributes:
        provider: The provider in errors and advice; its one model is the one that is asked for.
        wire: Request and answer; None for a model on this machine.
        url: Address template of the requests.
        parameters: What fills the template and the headers.
        concurrency: Most requests at once; None leaves that to the engine.
        replaceable: Whether the settings may give another address, because the string gives none.
        token: ``google`` when the key is a service account that is exchanged for a token first.
    """

    provider: ProviderInfo
    wire: WireFormat | None
    url: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int | None = None
    replaceable: bool = False
    token: str = ""


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """Everything that decides what vector a text gets: provider, model, dimension, parameters, and the way there."""

    provider: str
    model: str
    dimension: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    route: Route | None = None
