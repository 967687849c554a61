"""What can be set for one embedding provider: ``[providers.NAME]``, or ``ASTROLABE_PROVIDERS__NAME__…``."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from astrolabe.portal.databases.regions import CLOUD_PROVIDERS, regions_of
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import LARGEST_DIMENSION, Hosting, ProviderInfo
from astrolabe.providers.catalogue.setup import COMPATIBLE, ProviderSetup, own_model
from tui.settings.address import whole_address


def listed(value: object) -> object:
    """Read a list from a variable, where it is one text: as JSON, or with commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError("it is not valid JSON") from error
    return [part.strip() for part in value.split(",") if part.strip()]


class ModelSettings(BaseModel):
    """A model that a server of one's own has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """The name on the wire."""
    dimension: Annotated[int, Field(ge=1, le=LARGEST_DIMENSION)]
    """Length of its vectors."""


class ProviderSettings(BaseModel):
    """What can be set for one embedding provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str | None, AfterValidator(whole_address)] = None
    """The whole address that embeddings requests are posted to; template parameters in braces are filled in."""
    base_url: Annotated[str | None, AfterValidator(whole_address)] = None
    """Address of a server that speaks OpenAI's protocol; requests go to ``<base_url>/embeddings``."""
    key: SecretStr | None = None
    """Key of a hosted provider, or of the server at ``base_url``."""
    regions: Annotated[tuple[str, ...] | None, BeforeValidator(listed)] = None
    """Regions a hosted provider is offered in; an empty list for all."""
    models: Annotated[tuple[ModelSettings, ...], BeforeValidator(listed)] = ()
    """Models to offer besides the catalogue's."""

    @field_validator("base_url")
    @classmethod
    def _is_base(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if parts.path.rstrip("/").endswith("/embeddings"):
            raise ValueError("leave /embeddings out: it is added")
        if parts.query or parts.fragment:
            raise ValueError("it ends with a path, such as http://127.0.0.1:11434/v1")
        return url

    @field_validator("regions")
    @classmethod
    def _are_regions(cls, regions: tuple[str, ...] | None) -> tuple[str, ...] | None:
        known = {region for cloud in CLOUD_PROVIDERS for region in regions_of(cloud)}
        unknown = next((region for region in regions or () if region not in known), None)
        if unknown is not None:
            raise ValueError(f"there is no region '{unknown}'")
        return regions

    @model_validator(mode="after")
    def _says_one_address(self) -> ProviderSettings:
        if self.url and self.base_url:
            raise ValueError("url and base_url exclude each other")
        if not self.model_fields_set:
            raise ValueError("nothing is set in it")
        return self

    def check_for(self, key: str) -> None:
        """Refuse what the provider of that key cannot use.

        Raises:
            ValueError: Says which part.
        """
        provider = load_catalogue().find(key)
        if provider is None:  # an address of connection strings
            if self.model_fields_set != {"url"}:
                raise ValueError(f"{key} has nothing but url")
            return
        if self.base_url and key != COMPATIBLE:
            raise ValueError(f"{key} has no base_url: only {COMPATIBLE} has, and every provider has url")
        if self.regions is not None and provider.hosting is not Hosting.HOSTED:
            raise ValueError(f"{key} has no regions: only hosted providers have")
        if self.key is not None and not self._may_have_key(provider):
            raise ValueError(f"{key} takes its key from a credential; add one on the page of its integration")
        if provider.url is None and (self.url or self.models or self.key):
            raise ValueError(f"{key} runs on this machine and is not spoken to")

    def _may_have_key(self, provider: ProviderInfo) -> bool:
        return provider.hosting is Hosting.HOSTED or bool(self.base_url)

    @property
    def setup(self) -> ProviderSetup:
        """The settings as the providers' side wants them."""
        models = tuple(own_model(model.name, model.dimension) for model in self.models)
        return ProviderSetup(self.url or "", self.base_url or "", self.key, self.regions, models)
