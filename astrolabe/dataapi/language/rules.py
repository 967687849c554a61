"""What a collection's settings mean to the language: one value that documents, filters and sorts are read against."""

from __future__ import annotations

from dataclasses import dataclass, field

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.ids import DefaultId
from astrolabe.dataapi.language.indexing import IndexingRules
from astrolabe.errors import DataApiError
from storage.lexical.analyzers import STANDARD_ANALYZER, Analyzer
from storage.shapes import VectorSpec


@dataclass(frozen=True, slots=True)
class CollectionRules:
    """A collection's settings as far as they decide what a command may say.

    Attributes:
        name: ``keyspace.collection``, for messages.
        default_id: What a document without an ``_id`` gets; None for the bare text of a random UUID.
        vector: Dimension and metric, or None when the collection has no vectors.
        vectorize: Whether an embedding service is configured.
        lexical: Whether lexical search is enabled.
        analyzer: What the words of ``$lexical`` are, where it is.
        indexing: Which fields are indexed.
    """

    name: str = "the collection"
    default_id: DefaultId | None = None
    vector: VectorSpec | None = None
    vectorize: bool = False
    lexical: bool = False
    analyzer: Analyzer = STANDARD_ANALYZER
    indexing: IndexingRules = field(default_factory=IndexingRules)

    def lexical_not_enabled(self) -> DataApiError:
        """Return the error for ``$lexical`` on a collection without lexical search."""
        return data_api_error(
            "LEXICAL_NOT_ENABLED_FOR_COLLECTION",
            f"Lexical search is not enabled for the collection {self.name}: its documents, filters and sorts cannot "
            "use '$lexical'.\n\nResend the command without it, or use a collection created with 'lexical' enabled.",
        )

    def vectors_not_enabled(self) -> DataApiError:
        """Return the error for ``$vector`` on a collection without vectors."""
        return data_api_error(
            "VECTOR_SEARCH_NOT_SUPPORTED",
            f"The collection {self.name} was created without the 'vector' option: its documents cannot have a "
            "'$vector' nor be sorted by one.\n\nResend the command without it, or use a collection with vectors.",
        )

    def no_embedding_service(self) -> DataApiError:
        """Return the error for ``$vectorize`` on a collection without an embedding service."""
        return data_api_error(
            "EMBEDDING_SERVICE_NOT_CONFIGURED",
            f"The collection {self.name} has no embedding service, so '$vectorize' cannot be turned into a vector.\n\n"
            "Give a '$vector' instead, or create a collection with an embedding service and resend the command.",
        )
