"""The connectors of AI connection strings, read from ``connectors.toml``: fields, rules, and how each is spoken to.

A connector is a shape, not a place: the connection string gives the address, the key and the model.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from astrolabe.errors import NotFoundError
from astrolabe.providers.catalogue.address import AddressError
from astrolabe.providers.catalogue.catalogue import Catalogue, read_wire
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, Hosting, ModelInfo, ProviderInfo, Route
from astrolabe.providers.catalogue.wire_format import WireFormat

MODEL, DIMENSIONS, CONCURRENCY = "Model", "Dimensions", "EmbeddingsMaxConcurrentBatches"
LARGEST_DIMENSION = 4096
"""Longest vector that a collection can have."""


class FieldKind(StrEnum):
    """What stands in a field of a connection string."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    ADDRESS = "address"
    SECRET = "secret"  # noqa: S105 - a kind of field
    SERVICE_ACCOUNT = "service_account"


SECRETS = frozenset({FieldKind.SECRET, FieldKind.SERVICE_ACCOUNT})
"""Kinds whose contents are encrypted and never shown."""


@dataclass(frozen=True, slots=True)
class ConnectorField:
    """One field of a connector's settings block.

    Attributes:
        key: Its name in the JSON form.
        label: What forms call it.
        kind: What stands in it; a number is a whole one from 1.
        required: Whether it may be empty.
        default: What an empty one means.
        options: The only values; empty when there are others.
        example: Shown in an empty box.
        help: A sentence for the form.
    """

    key: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    default: str = ""
    options: tuple[str, ...] = ()
    example: str = ""
    help: str = ""


_CONCURRENCY_FIELD = ConnectorField(
    CONCURRENCY,
    "Most at once",
    FieldKind.NUMBER,
    help="Requests at once, at least 1; RavenDB's own default is 4. Empty lets the engine find what is allowed.",
)


@dataclass(frozen=True, slots=True)
class Connector:
    """One kind of AI service that connection strings lead to.

    Attributes:
        key: RavenDB's name of it, such as ``HuggingFace``.
        label: What people read.
        block: Name of its settings block in the JSON form.
        fields: In the order of the form.
        unused: Members of the block that only chat models have; written as null.
        like: The catalogue's provider whose protocol it speaks; empty when it has its own.
        provider: The provider in errors and advice, when there is no ``like``.
        wire: Request and answer, when there is no ``like``.
        address: The field with the address; empty when ``base`` is the address.
        base: The address of a connector whose strings have none.
        bases: Other addresses, by location.
        path: What follows an address without a path.
        below: What follows an address with one.
        moved: Addresses in place of hosts that do not answer any more.
        versions: Part of the path for each version of the API.
        headers: Fields that are sent as headers.
        batch_limits: Texts per request of models whose names begin so.
        token: ``google`` when the key is exchanged for a token first.
        note: What a form says about it.
    """

    key: str
    label: str
    block: str
    fields: tuple[ConnectorField, ...]
    unused: tuple[str, ...] = ()
    like: str = ""
    provider: ProviderInfo | None = None
    wire: WireFormat | None = None
    address: str = ""
    base: str = ""
    bases: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    below: str = ""
    moved: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    batch_limits: Mapping[str, int] = field(default_factory=dict)
    token: str = ""
    note: str = ""

    @property
    def secret(self) -> ConnectorField | None:
        """The field that is kept encrypted; None for a connector without a key."""
        return next((one for one in self.fields if one.kind in SECRETS), None)

    @property
    def local(self) -> bool:
        """Whether the model runs in this program, so that there is no connection to test."""
        return not (self.address or self.base)

    def find(self, key: str) -> ConnectorField | None:
        """Return the field of that name, in any letter case, or None."""
        return next((one for one in self.fields if one.key.casefold() == key.casefold()), None)

    def value(self, settings: Mapping[str, Any], key: str) -> str:
        """Return what a field holds as text, or what an empty one means."""
        found = self.find(key)
        return str(settings.get(key) or (found.default if found else ""))


@cache
def load_connectors() -> tuple[Connector, ...]:
    """Read the connectors, by label."""
    text = resources.files(__package__).joinpath("connectors.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["connector"]
    return tuple(_connector(entry) for entry in entries)


def connector_addresses() -> list[str]:
    """Return the keys by which the settings may give the addresses of connectors whose strings have none."""
    return [one.provider.key for one in load_connectors() if one.base and one.provider is not None]


def get_connector(key: str) -> Connector:
    """Return the connector of that key or label, in any letter case.

    Raises:
        NotFoundError: There is none; the hint names those there are.
    """
    wanted = "".join(key.casefold().split())
    for connector in load_connectors():
        if wanted in {connector.key.casefold(), "".join(connector.label.casefold().split())}:
            return connector
    known = ", ".join(connector.key for connector in load_connectors())
    raise NotFoundError(f"There is no connector '{key}'.", field="connector", hint=f"Use one of: {known}.")


def model_of(connector: Connector, settings: Mapping[str, Any], catalogue: Catalogue) -> ModelInfo:
    """Return the model that a connection string leads to; without given dimensions, any length may come back."""
    if connector.local:
        return catalogue.get(connector.like).models[0]
    dimension = settings.get(DIMENSIONS)
    name = connector.value(settings, MODEL)
    if isinstance(dimension, int):
        return ModelInfo(name, dimension_range=(dimension, dimension), default_dimension=dimension)
    return ModelInfo(name, dimension_range=(1, LARGEST_DIMENSION))


def route_of(connector: Connector, settings: Mapping[str, Any], catalogue: Catalogue, project: str = "") -> Route:
    """Return how requests of a connection string are made.

    Args:
        connector: Its connector.
        settings: Its settings block, without the secret.
        catalogue: The providers that some connectors speak like.
        project: The project of a service account.

    Raises:
        AddressError: The address is none.
    """
    base = catalogue.get(connector.like) if connector.like else connector.provider
    wire = catalogue.wire(connector.like) if connector.like else connector.wire
    if base is None:
        raise ValueError(f"the connector {connector.key} has no provider")
    model = model_of(connector, settings, catalogue)
    limits = (limit for start, limit in connector.batch_limits.items() if model.name.startswith(start))
    provider = replace(base, label=connector.label, models=(model,), batch_limit=next(limits, base.batch_limit))
    if wire is None:
        return Route(provider, None, "")
    sends_dimension = isinstance(settings.get(DIMENSIONS), int)
    wire = replace(
        wire,
        dimension_field=wire.dimension_field if sends_dimension else "",
        header_parameters=connector.headers,
        body_parameters={},
        model_urls={},
    )
    concurrency = settings.get(CONCURRENCY)
    values = {key: value for key, value in settings.items() if isinstance(value, str)}
    values |= {"project": project, "version": connector.versions.get(connector.value(settings, "AiVersion"), "")}
    return Route(
        provider,
        wire,
        address_of(connector, settings),
        parameters=values,
        concurrency=concurrency if isinstance(concurrency, int) else None,
        replaceable=not connector.address,
        token=connector.token,
    )


def address_of(connector: Connector, settings: Mapping[str, Any]) -> str:
    """Return the address that requests are posted to, with the parts in braces still to be filled in.

    Raises:
        AddressError: What stands in the field is no address.
    """
    if not connector.address:
        location = connector.value(settings, "Location")
        return connector.bases.get(location, connector.base) + connector.path
    given = connector.value(settings, connector.address).strip()
    host, path = _parts(given)
    if host in connector.moved:
        return connector.moved[host]
    last = connector.path.partition("?")[0].rpartition("/")[2]
    if last and path.endswith(f"/{last}"):
        return given
    return given.rstrip("/") + (connector.below if path else connector.path)


def _parts(address: str) -> tuple[str, str]:
    """Return the host and the path of an address; a path of slashes only is none."""
    if any(mark in address for mark in "{}") or not address.isprintable() or " " in address:
        raise AddressError("The address has characters that no address has.", hint="Copy it again.")
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        raise AddressError("That is not a web address.", hint="It starts with https://.") from error
    if parts.username or parts.password:
        raise AddressError("An address with a user name or password in it is not accepted.", hint="Leave both out.")
    return host, parts.path.rstrip("/")


def spec_of(
    connector: Connector, settings: Mapping[str, Any], catalogue: Catalogue, *, dimension: int | None, project: str = ""
) -> EmbeddingSpec:
    """Return what a connection string embeds with, complete for the engine.

    Raises:
        AddressError: Its address is none.
    """
    route = route_of(connector, settings, catalogue, project)
    model = route.provider.models[0]
    length = dimension or model.dimension or model.default_dimension or 1
    if connector.local:
        return EmbeddingSpec(route.provider.key, model.name, length)
    return EmbeddingSpec(route.provider.key, model.name, length, route.parameters, route)


def _connector(entry: dict[str, Any]) -> Connector:
    fields = tuple(_field(one) for one in entry.pop("field", ()))
    wire = read_wire(entry.pop("wire")) if "wire" in entry else None
    own = entry.pop("provider", None)
    return Connector(
        **entry | {"unused": tuple(entry.pop("unused", ()))},
        fields=(*fields, _CONCURRENCY_FIELD),
        wire=wire,
        provider=_provider(own, entry["label"]) if own else None,
    )


def _provider(entry: dict[str, Any], label: str) -> ProviderInfo:
    defaults: dict[str, Any] = {"hosting": Hosting.EXTERNAL, "credential_noun": "API key", "batch_limit": 32}
    values = defaults | entry
    return ProviderInfo(
        **values | {"hosting": Hosting(values["hosting"])}, label=label, url=None, models=(), listed_by_astra=False
    )


def _field(entry: dict[str, Any]) -> ConnectorField:
    return ConnectorField(
        **entry | {"kind": FieldKind(entry.get("kind", FieldKind.TEXT)), "options": tuple(entry.get("options", ()))}
    )
