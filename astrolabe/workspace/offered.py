"""What an endpoint offers to embed with, as choices for a new collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from astrolabe.portal.organization import VectorizeChoice
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import ModelInfo


def choices_of(offered: Mapping[str, Any], catalogue: Catalogue) -> list[VectorizeChoice]:
    """Return the providers of an endpoint with the models it has; those that this program does not know are left out.

    Args:
        offered: What ``findEmbeddingProviders`` has answered, by provider key.
        catalogue: The providers as this program knows them, for labels and parameters.
    """
    found = []
    for key, entry in offered.items():
        provider = catalogue.find(key)
        listed = entry.get("models") if isinstance(entry, Mapping) else None
        if provider is None or not isinstance(listed, list):
            continue
        known = {model.name: model for model in provider.models}
        names = [one.get("name") for one in listed if isinstance(one, Mapping)]
        models: list[ModelInfo] = [known[name] for name in names if name in known]
        if models:
            found.append(VectorizeChoice(replace(provider, models=tuple(models)), (), tuple(models)))
    return found
