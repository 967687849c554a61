"""The names with a ``$`` that documents, sorts and answers have; each is spelled here alone.

``$vector`` is also the name of a collection's only vector in the store, and ``$lexical`` that of its only text that is
searched by words.
"""

from __future__ import annotations

from storage.shapes import COLLECTION_VECTOR, LEXICAL_FIELD

VECTOR = COLLECTION_VECTOR
"""A document's vector."""

VECTORIZE = "$vectorize"
"""The text that a document's vector is made of."""

LEXICAL = LEXICAL_FIELD
"""The text that a document is found by when it is searched by words."""

HYBRID = "$hybrid"
"""One text for both, in a document or in a sort."""

SIMILARITY = "$similarity"
"""What an answer says of how near a document is."""

SPECIAL_FIELDS = frozenset({VECTOR, VECTORIZE, LEXICAL})
"""The only names with a ``$`` that a stored document may have, and only at its top; they are always indexed."""
