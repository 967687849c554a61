"""The rules of collections that tests of the language read clauses against."""

from __future__ import annotations

from astrolabe.dataapi.language.indexing import IndexingRules
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import LEXICAL, VECTOR
from astrolabe.portal.organization import ServiceConfig
from storage.lexical.analyzers import STANDARD_ANALYZER
from storage.shapes import Metric

SERVICE = ServiceConfig(provider="test", model="model")


def document_rules(
    *,
    name: str = "ks.c",
    dimension: int | None = None,
    metric: Metric = Metric.COSINE,
    vectorize: bool = False,
    lexical: bool = False,
    indexing: IndexingRules | None = None,
) -> DocumentRules:
    """Return the rules of a collection with the features named."""
    vectors = {}
    if dimension is not None:
        vectors[VECTOR] = NamedVector(VECTOR, dimension, metric, service=SERVICE if vectorize else None)
    analyzers = {LEXICAL: STANDARD_ANALYZER} if lexical else {}
    return DocumentRules(name=name, vectors=vectors, analyzers=analyzers, indexing=indexing or IndexingRules())
