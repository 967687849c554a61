"""The rules of the Create collection form: which fields apply, what may stand in them, and what is sent.

Pure functions over a draft, so that the form can be tested without a terminal. The Data API checks everything again
when the command arrives; these rules say it earlier and next to the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.portal.organization import ServiceConfig, VectorizeChoice
from astrolabe.portal.rules import collection_name_problems
from astrolabe.providers.catalogue.provider_info import ModelInfo, ParameterInfo, ParameterType
from storage.shapes import Metric

LARGEST_OWN_DIMENSION = 4096
"""Longest vector of a collection that does not vectorize."""

METRIC_LABELS: dict[Metric, str] = {
    Metric.COSINE: "Cosine",
    Metric.DOT_PRODUCT: "Dot Product",
    Metric.EUCLIDEAN: "Euclidean",
}
"""The portal's labels of the similarity metrics, in its order."""


@dataclass(frozen=True, slots=True)
class VectorDraft:
    """What a form holds of a vector and what makes it, as typed.

    Attributes:
        vector_enabled: Whether there is a vector at all.
        choice: The embedding generation method; None means bring your own vectors.
        credential: Name of the credential, for external providers.
        model: Model name.
        parameters: Provider and model parameters as typed, by name.
        dimension: Dimensions as typed; empty takes the model's default.
        metric: Similarity metric.
        largest: Longest vector that is not made by a model.
    """

    vector_enabled: bool = True
    choice: VectorizeChoice | None = None
    credential: str | None = None
    model: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    dimension: str = ""
    metric: Metric = Metric.COSINE
    largest: int = LARGEST_OWN_DIMENSION


@dataclass(frozen=True, slots=True)
class CollectionDraft(VectorDraft):
    """What the Create collection dialog holds, as typed.

    Attributes:
        name: Collection name.
    """

    name: str = ""


def first_model(choice: VectorizeChoice | None) -> ModelInfo | None:
    """Return the model that a form begins with: the first that can be used here."""
    models = choice.models if choice else ()
    return next((model for model in models if model.available), next(iter(models), None))


def chosen_model(draft: VectorDraft) -> ModelInfo | None:
    """Return the draft's model, or None when there is no method or no such model."""
    if draft.choice is None or draft.model is None:
        return None
    found = next((model for model in draft.choice.models_of(draft.credential) if model.name == draft.model), None)
    if found is None and draft.choice.provider.free_models:
        return draft.choice.provider.model(draft.model)
    return found


def parameters_of(choice: VectorizeChoice | None, model: ModelInfo | None) -> tuple[ParameterInfo, ...]:
    """Return the parameters the form shows: the provider's, then the model's."""
    return (choice.provider.parameters if choice else ()) + (model.parameters if model else ())


def problems(draft: CollectionDraft) -> dict[str, str]:
    """Return what is wrong with the draft, by field: name, credential, model, dimension or a parameter's name."""
    name = " ".join(collection_name_problems(draft.name))
    return ({"name": name} if name else {}) | vector_problems(draft)


def vector_problems(draft: VectorDraft) -> dict[str, str]:
    """Return what is wrong with a vector, by field: credential, model, dimension or a parameter's name."""
    if not draft.vector_enabled:
        return {}
    found = {"dimension": _dimension_problem(draft)}
    if draft.choice is not None:
        found |= _service_problems(draft, draft.choice)
    return {name: text for name, text in found.items() if text}


def _service_problems(draft: VectorDraft, choice: VectorizeChoice) -> dict[str, str]:
    model = chosen_model(draft)
    found = {"model": model.unavailable_reason if model else "Choose an embedding model."}
    if choice.credentials and draft.credential not in {credential.name for credential in choice.credentials}:
        found["credential"] = f"Choose a {choice.provider.credential_noun}."
    for info in parameters_of(choice, model):
        found[info.name] = _parameter_problem(info, draft.parameters.get(info.name, "").strip())
    return found


def _parameter_problem(info: ParameterInfo, text: str) -> str:
    if not text:
        return f"{info.label} is required." if info.required else ""
    if info.type is ParameterType.NUMBER and not _is_number(text):
        return f"{info.label} is a number."
    if info.type is ParameterType.BOOLEAN and text not in {"true", "false"}:
        return f"{info.label} is true or false."
    if info.options and text not in info.options:
        return f"{info.label} is one of: {', '.join(info.options)}."
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _dimension_problem(draft: VectorDraft) -> str:
    text, model = draft.dimension.strip(), chosen_model(draft)
    if draft.choice is not None and model is None:
        return ""  # the missing model is the problem to mend first
    if model is not None and model.dimension is not None:
        return "" if text in {"", str(model.dimension)} else f"This model's vectors have {model.dimension} dimensions."
    low, high = (model.dimension_range if model else None) or (1, draft.largest)
    if not text:
        has_default = model is not None and model.default_dimension is not None
        return "" if has_default else f"Dimensions are required: a whole number from {low} to {high}."
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        return f"Dimensions are a whole number from {low} to {high}."
    if model is not None and not model.accepts_dimension(int(text)):
        return f"This model offers these dimensions: {', '.join(map(str, model.dimension_options))}."
    return ""


def service_of(draft: VectorDraft) -> ServiceConfig | None:
    """Return ``vector.service`` for a draft without problems; None without a method. Empty parameters are left out."""
    if not draft.vector_enabled or draft.choice is None or draft.model is None:
        return None
    given: dict[str, Any] = {}
    for info in parameters_of(draft.choice, chosen_model(draft)):
        text = draft.parameters.get(info.name, "").strip()
        if text:
            given[info.name] = _typed(info, text)
    credential = f"{draft.credential}.providerKey" if draft.credential and draft.choice.credentials else None
    return ServiceConfig(draft.choice.provider.key, draft.model, credential, given)


def _typed(info: ParameterInfo, text: str) -> str | int | float | bool:
    if info.type is ParameterType.BOOLEAN:
        return text == "true"
    if info.type is ParameterType.NUMBER:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return text


def dimension_of(draft: VectorDraft) -> int | None:
    """Return the dimension to send; None without a vector, or to take the model's own."""
    if not draft.vector_enabled:
        return None
    text, model = draft.dimension.strip(), chosen_model(draft)
    if text:
        return int(text)
    return model.dimension or model.default_dimension if model else None


def metric_of(draft: VectorDraft) -> Metric | None:
    """Return the metric to send; None without a vector."""
    return draft.metric if draft.vector_enabled else None
