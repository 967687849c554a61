"""The catalogue of embedding providers, read from ``catalogue.toml`` beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from astrolabe.errors import NotFoundError
from astrolabe.providers.catalogue.provider_info import (
    Hosting,
    ModelInfo,
    ModelStatus,
    ParameterInfo,
    ParameterType,
    ProviderInfo,
)
from astrolabe.providers.catalogue.setup import ProviderSetup, compatible_wire, with_setup
from astrolabe.providers.catalogue.wire_format import Envelope, TextsForm, WireFormat
from astrolabe.providers.local.models import LocalModels

EMBEDDED = "embedded"
"""The key of the provider whose models run on this machine."""


CONNECTION_STRING = "connectionString"
"""The key of the provider whose credentials are connection strings."""

CONNECTION_STRINGS = ProviderInfo(
    key=CONNECTION_STRING,
    label="Connection string",
    hosting=Hosting.EXTERNAL,
    url=None,
    credential_noun="connection string",
    models=(),
    description="A service that a connection string of the organization describes.",
    listed_by_astra=False,
    open_model=ModelInfo("", dimension_range=(1, 4096), listed_by_astra=False),
)
"""What connection strings are to collections. It is in no list of providers: nobody upstream knows it."""


class Catalogue:
    """The providers in the portal's order, and how each is spoken to.

    Attributes:
        providers: In the order of the portal's tiles.
        local_models: What Embedded runs.
    """

    def __init__(
        self,
        providers: tuple[ProviderInfo, ...],
        wires: Mapping[str, WireFormat] | None = None,
        local_models: LocalModels | None = None,
    ) -> None:
        self.providers = providers
        self.local_models = local_models or LocalModels()
        self._by_key = {provider.key: provider for provider in (*providers, CONNECTION_STRINGS)}
        self._wires = dict(wires or {})

    def find(self, key: str) -> ProviderInfo | None:
        """Return the provider of that key (case-sensitive), or None; connection strings count as one."""
        return self._by_key.get(key)

    def get(self, key: str) -> ProviderInfo:
        """Return the provider of that key (case-sensitive).

        Raises:
            NotFoundError: No provider has that key; the hint names those that exist.
        """
        provider = self.find(key)
        if provider is None:
            raise NotFoundError(
                f"There is no embedding provider '{key}'.",
                field="provider",
                hint=f"Use one of: {', '.join(self._by_key)}. Capital letters count.",
            )
        return provider

    def wire(self, key: str) -> WireFormat | None:
        """Return the provider's wire format, or None for one that is not spoken to over HTTP."""
        return self._wires.get(key)


def load_catalogue(
    *,
    configured: Collection[str] = (),
    setups: Mapping[str, ProviderSetup] | None = None,
    unlisted_models: bool = False,
    local_models: LocalModels | None = None,
) -> Catalogue:
    """Read the catalogue.

    Args:
        configured: Keys of the providers that the settings give an address or a key, in any letter case. A hosted
            provider that needs one of them is unavailable without it.
        setups: What the settings say, by provider key as the catalogue spells it.
        unlisted_models: Also offer models that the Data API does not list but the providers offer today.
        local_models: What Embedded runs; None looks for the models where they are by default.
    """
    given = dict(setups or {})
    folded = {key.casefold() for key in configured} | {key.casefold() for key, setup in given.items() if _usable(setup)}
    entries = _entries()
    wires = {entry["key"]: read_wire(entry["wire"]) for entry in entries if "wire" in entry}
    wires |= {key: compatible_wire(wires[key]) for key, setup in given.items() if setup.base_url}
    local_models = local_models or LocalModels()
    providers = [_provider(entry, folded, unlisted_models=unlisted_models) for entry in entries]
    located = (_located(one, local_models) if one.key == EMBEDDED else one for one in providers)
    complete = tuple(with_setup(one, given.get(one.key, ProviderSetup())) for one in located)
    return Catalogue(complete, wires, local_models)


@cache
def _entries() -> tuple[Mapping[str, Any], ...]:
    """Return what the file says, a table for each provider; nobody changes them."""
    text = resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["provider"])


def _usable(setup: ProviderSetup) -> bool:
    return bool(setup.address) or setup.key is not None


def _located(provider: ProviderInfo, local_models: LocalModels) -> ProviderInfo:
    """Return the provider with what is missing here of each of its models; it is available while one of them is."""
    models = tuple(replace(one, unavailable_reason=local_models.why_unavailable(one.name)) for one in provider.models)
    reason = "" if any(model.available for model in models) else models[0].unavailable_reason
    return replace(provider, models=models, available=not reason, unavailable_reason=reason)


def _provider(table: Mapping[str, Any], configured: Collection[str], *, unlisted_models: bool) -> ProviderInfo:
    entry = {key: value for key, value in table.items() if key != "wire"}
    needs_setting = entry.pop("needs_setting", False)
    listed = entry.pop("astra", True)
    models = tuple(_model(model) for model in entry.pop("model"))
    parameters = tuple(_parameter(parameter) for parameter in entry.pop("parameter", ()))
    regions = tuple(entry.pop("regions", ()))
    url = entry.get("url")

    def offered(model: ModelInfo) -> bool:
        return model.listed_by_astra or not listed or unlisted_models

    defaults = {"url": None, "credential_noun": "API key", "display_name": entry["label"], "listed_url": url}
    provider = ProviderInfo(
        **defaults | entry | {"hosting": Hosting(entry["hosting"])},
        models=tuple(model for model in models if offered(model)),
        unlisted=tuple(model for model in models if not offered(model)),
        parameters=parameters,
        regions=regions,
        listed_by_astra=listed,
    )
    reason = ""
    if needs_setting and provider.key.casefold() not in configured:
        reason = (
            f"{provider.label} is hosted by whoever runs this program, and no address is set for it. "
            f"Set ASTROLABE_PROVIDERS__{provider.key}__URL to the address that embeddings requests are posted to, or "
            f"ASTROLABE_PROVIDERS__{provider.key}__KEY to use {provider.label}'s public API."
        )
    return replace(provider, available=not reason, unavailable_reason=reason)


def _model(table: Mapping[str, Any]) -> ModelInfo:
    entry = dict(table)
    pair = entry.pop("dimension_range", None)
    options = entry.pop("dimension_options", ())
    status = entry.pop("status", ModelStatus.SUPPORTED)
    listed = entry.pop("astra", True)
    parameters = entry.pop("parameter", ())
    return ModelInfo(
        **entry,
        dimension_range=(pair[0], pair[1]) if pair else None,
        dimension_options=tuple(options),
        status=ModelStatus(status),
        listed_by_astra=listed,
        parameters=tuple(_parameter(parameter) for parameter in parameters),
    )


def _parameter(entry: Mapping[str, Any]) -> ParameterInfo:
    return ParameterInfo(**{**entry, "type": ParameterType(entry["type"])})


def read_wire(table: Mapping[str, Any]) -> WireFormat:
    """Return the wire format that a table of the catalogue, or of another file with the same members, describes."""
    entry = dict(table)
    texts = TextsForm(entry.pop("texts", TextsForm.LIST))
    envelope = Envelope(entry.pop("envelope", Envelope.OPENAI))
    return WireFormat(**entry | {"words": tuple(entry["words"])}, texts=texts, envelope=envelope)
