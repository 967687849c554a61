"""The vectors of a collection or a table: a collection has one, a table one per vector column."""

from __future__ import annotations

from dataclasses import dataclass

from astrolabe.portal.organization import ServiceConfig
from storage.shapes import Metric, VectorSpec

DEFAULT_SOURCE_MODEL = "other"
"""The source model of vectors of which nothing is said."""


@dataclass(frozen=True, slots=True)
class NamedVector:
    """One vector that every document or row may have.

    Attributes:
        name: ``$vector``, or the column's.
        dimension: How many numbers it has.
        metric: What similarity is.
        source_model: The model that the vectors are said to come from.
        service: What makes a vector of a text; None when nothing does.
    """

    name: str
    dimension: int
    metric: Metric = Metric.COSINE
    source_model: str = DEFAULT_SOURCE_MODEL
    service: ServiceConfig | None = None

    @property
    def spec(self) -> VectorSpec:
        """What the store keeps of it."""
        return VectorSpec(self.dimension, self.metric)
