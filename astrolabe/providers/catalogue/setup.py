"""What whoever runs the program has set for one provider, in place of what the catalogue says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pydantic import SecretStr

from astrolabe.providers.catalogue.address import is_loopback
from astrolabe.providers.catalogue.provider_info import ModelInfo, ProviderInfo
from astrolabe.providers.catalogue.wire_format import WireFormat

COMPATIBLE = "openai"
"""The provider whose protocol other servers speak too, so that one of them can stand in for it."""


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """Settings of one provider.

    Attributes:
        url: The whole address that requests are posted to; empty for the provider's own.
        base_url: Address of a server that speaks OpenAI's protocol, up to and with its version: requests go to
            ``<base_url>/embeddings``. Empty for none; not together with ``url``.
        key: The key of a hosted provider, or of the server at ``base_url``; used where nobody gives another one.
        regions: Regions a hosted provider is offered in, in place of the catalogue's; empty for every region, None
            for those of the catalogue.
        models: Models to offer besides the catalogue's.
    """

    url: str = ""
    base_url: str = ""
    key: SecretStr | None = None
    regions: tuple[str, ...] | None = None
    models: tuple[ModelInfo, ...] = ()

    @property
    def address(self) -> str:
        """The whole address that requests are posted to; empty for the provider's own."""
        return f"{self.base_url.rstrip('/')}/embeddings" if self.base_url else self.url

    @property
    def keyless(self) -> bool:
        """Whether collections may do without a credential: the server is on this machine, or its key is set here."""
        return bool(self.base_url) and (self.key is not None or is_loopback(urlsplit(self.base_url).hostname or ""))


def own_model(name: str, dimension: int) -> ModelInfo:
    """Return a model that the settings add: its server decides the dimension, and has said so to the user."""
    return ModelInfo(name, dimension=dimension, listed_by_astra=False, server_decides=True)


def with_setup(provider: ProviderInfo, setup: ProviderSetup) -> ProviderInfo:
    """Return the provider as the settings make it; the models they add come first."""
    added = {model.name for model in setup.models}
    return replace(
        provider,
        models=(*setup.models, *(model for model in provider.models if model.name not in added)),
        unlisted=tuple(model for model in provider.unlisted if model.name not in added),
        regions=provider.regions if setup.regions is None else setup.regions,
        keyless=setup.keyless,
        free_models=bool(setup.base_url),
    )


def compatible_wire(wire: WireFormat) -> WireFormat:
    """Return OpenAI's wire format for other servers: some answer in another encoding unless they are told."""
    return replace(wire, fixed=dict(wire.fixed) | {"encoding_format": "float"})
