"""The words of an integration's page: what the provider is, and what stands in place of its credentials."""

from __future__ import annotations

from textual.content import Content

from astrolabe.portal.organization import Integration
from astrolabe.providers.catalogue.provider_info import Hosting, ModelInfo, ProviderInfo
from astrolabe.text.safe_text import display_text

MODELS_SHOWN = 4
"""Models named on the integration page; the rest is a number."""


def empty_words(integration: Integration) -> str:
    """Return what stands in place of credentials where there are none."""
    provider = integration.provider
    if provider.hosting is Hosting.HOSTED and provider.available:
        regions = ", ".join(provider.regions)
        whose = f"Every database in {regions} may use it." if regions else "Every database may use it."
        missing = [model.unavailable_reason for model in provider.models if not model.available]
        words = f"This provider is hosted: it needs no credential and no scope.\n{whose} t tests it."
        return "\n\n".join([words, *missing])
    if provider.hosting is Hosting.HOSTED:
        return f"Not available here. {provider.unavailable_reason}"
    if provider.keyless:
        return (
            f"The settings name a server in the place of {provider.label}: no {provider.credential_noun} is needed."
            "\nEvery database may use it.\n\nPress a to add one that it is sent instead."
        )
    return (
        f"No {provider.credential_noun} yet, so the integration is inactive.\n\n"
        "Press a to add the integration: a name, the secret, and the databases that may use it."
    )


def about(provider: ProviderInfo) -> Content:
    """Return the provider's description, models and address as a few lines."""
    text = Content(display_text(provider.description, limit=400))
    if provider.models:
        text += Content("\n") + Content.styled("Models  ", "$foreground-muted")
        names = [f"{model.name} ({dimensions(model)})" for model in provider.models[:MODELS_SHOWN]]
        more = len(provider.models) - len(names)
        text += Content(display_text(", ".join(names) + (f" and {more} more" if more > 0 else ""), limit=400))
    return text


def dimensions(model: ModelInfo) -> str:
    """Return a model's dimension or range in words."""
    if model.dimension is not None:
        return str(model.dimension)
    low, high = model.dimension_range or (0, 0)
    return f"{low}–{high}"
