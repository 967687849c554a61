"""What a collection's settings mean to the language: one value that documents, filters and sorts are read against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.ids import DefaultId
from astrolabe.dataapi.language.indexing import IndexingRules
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.dataapi.language.special_fields import LEXICAL, VECTOR, VECTORIZE
from astrolabe.errors import DataApiError
from storage.lexical.analyzers import Analyzer


@dataclass(frozen=True, slots=True)
class DocumentRules:
    """A collection's settings as far as they decide what a command may say.

    Attributes:
        name: ``keyspace.collection``, for messages.
        default_id: What a document without an ``_id`` gets; None for the bare text of a random UUID.
        vectors: The vectors that its documents may have, by name: none, or ``$vector``.
        analyzers: How texts that are searched by words are read, by name: none, or ``$lexical``.
        indexing: Which fields are indexed.
    """

    name: str = "the collection"
    default_id: DefaultId | None = None
    vectors: Mapping[str, NamedVector] = field(default_factory=dict)
    analyzers: Mapping[str, Analyzer] = field(default_factory=dict)
    indexing: IndexingRules = field(default_factory=IndexingRules)

    @property
    def vectorizes(self) -> bool:
        """Whether a service makes the vectors of texts."""
        vector = self.vectors.get(VECTOR)
        return vector is not None and vector.service is not None

    def vector(self) -> NamedVector:
        """Return what the vectors of documents must be.

        Raises:
            DataApiError: ``VECTOR_SEARCH_NOT_SUPPORTED``.
        """
        if VECTOR not in self.vectors:
            raise data_api_error(
                "VECTOR_SEARCH_NOT_SUPPORTED",
                f"The collection {self.name} was created without the 'vector' option: its documents cannot have a "
                f"'{VECTOR}' nor be sorted by one.\n\nResend the command without it, or use a collection with vectors.",
            )
        return self.vectors[VECTOR]

    def analyzer(self) -> Analyzer:
        """Return how the texts that are searched by words are read.

        Raises:
            DataApiError: ``LEXICAL_NOT_ENABLED_FOR_COLLECTION``, also where the stored analyzer cannot be used.
        """
        if LEXICAL not in self.analyzers:
            raise data_api_error(
                "LEXICAL_NOT_ENABLED_FOR_COLLECTION",
                f"Lexical search is not enabled for the collection {self.name}: its documents, filters and sorts "
                f"cannot use '{LEXICAL}'.\n\nResend the command without it, or use a collection created with "
                "'lexical' enabled.",
            )
        found = self.analyzers[LEXICAL]
        if found.problem:
            raise data_api_error(
                "LEXICAL_NOT_ENABLED_FOR_COLLECTION",
                f"Lexical search cannot be used in the collection {self.name}, because its analyzer was made with more "
                f"than is allowed: {found.problem}.\n\nResend the command without '{LEXICAL}', or create a collection "
                "with another analyzer.",
            )
        return found

    def no_embedding_service(self) -> DataApiError:
        """Return the error for ``$vectorize`` on a collection without an embedding service."""
        return data_api_error(
            "EMBEDDING_SERVICE_NOT_CONFIGURED",
            f"The collection {self.name} has no embedding service, so '{VECTORIZE}' cannot be turned into a vector.\n\n"
            f"Give a '{VECTOR}' instead, or create a collection with an embedding service and resend the command.",
        )
