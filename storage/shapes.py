"""The shapes that cross the border of the storage room.

One shape serves collections and tables: an item belongs to a container, has a key, a body, and zero or more named
vectors. A collection's only vector is called ``$vector``; a table has one per vector column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.lexical.analyzers import Analyzer

Vector = NDArray[np.float32]
"""One embedding: shape ``(dimension,)``, float32."""

Matrix = NDArray[np.float32]
"""Several embeddings: shape ``(count, dimension)``, float32, C-contiguous."""

COLLECTION_VECTOR = "$vector"
"""The name of a collection's only vector."""

LEXICAL_FIELD = "$lexical"
"""The name of a collection's only text that is searched by words, and the member of a body that holds it."""


class ContainerKind(StrEnum):
    """What an item's container is; both kinds share one namespace of names inside a keyspace."""

    COLLECTION = "collection"
    TABLE = "table"


class Metric(StrEnum):
    """Similarity metrics, spelled as the Data API spells them."""

    COSINE = "cosine"
    DOT_PRODUCT = "dot_product"
    EUCLIDEAN = "euclidean"


class VectorForm(StrEnum):
    """How a vector was given, and so how it is given back."""

    ARRAY = "array"
    """Numbers that 32-bit floats print as shortest, or whatever else the text beside them says."""
    WIDENED = "widened"
    """Numbers that 32-bit floats are as 64-bit floats: 0.10000000149011612."""
    DOUBLE = "double"
    """64-bit floats."""
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """A named vector of a container: its dimension and metric."""

    dimension: int
    metric: Metric = Metric.COSINE


@dataclass(frozen=True, slots=True)
class TextSpec:
    """A named text of a container that is searched by words: the member of a body that has its name.

    Attributes:
        number: What its index of words is numbered with; never used again in the container.
        analyzer: How the texts are read.
        building: The index lacks items that were there before it: nothing may be searched in it yet.
    """

    number: int
    analyzer: Analyzer
    building: bool = False


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """A named value of a container that items are found by: an index over bytes that sort as the values do.

    Attributes:
        number: What its index is numbered with; never used again in the container.
        many: Whether an item may have several of them, as of the elements of a list.
        building: The index lacks items that were there before it: nothing may be searched in it yet.
    """

    number: int
    many: bool = False
    building: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A collection or a table, as stored.

    Attributes:
        id: Number inside the database file; never reused.
        keyspace: The keyspace it lives in.
        name: Its name, unique in the keyspace.
        kind: Collection or table.
        definition: The JSON that the layer above keeps with it (createCollection's ``options``, normalised).
        vectors: The named vectors.
        texts: The named texts that are searched by words.
        values: The named values that items are found by; a collection has none.
    """

    id: int
    keyspace: str
    name: str
    kind: ContainerKind
    definition: Mapping[str, Any]
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict)
    texts: Mapping[str, TextSpec] = field(default_factory=dict)
    values: Mapping[str, ValueSpec] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VectorValue:
    """A vector with what is needed to give it back as it came.

    Attributes:
        data: float32, shape ``(dimension,)``.
        form: What was given.
        text: Of an array, the original JSON when printing ``data`` in shortest float32 form would differ; else None.
        rest: Of 64-bit floats, what :func:`storage.vectors.doubles.whole` needs beside ``data``; else None.
    """

    data: Vector
    form: VectorForm = VectorForm.ARRAY
    text: str | None = None
    rest: bytes | None = None


IndexedValues = Mapping[str, Sequence[bytes]]
"""The values that an item is found by, by name: bytes that sort as the values do, each once."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be written.

    Attributes:
        key: Canonical text of the key (the layer above decides its spelling); unique in the container.
        body: The document as JSON text, without its vectors; numbers keep their digits.
        vectors: Named vectors; a name that is absent stores no vector.
    """

    key: str
    body: str
    vectors: Mapping[str, VectorValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """An item as read.

    Attributes:
        seq: Row number inside the database file: grows with every insert, never reused; insertion order.
        key: Canonical key text.
        body: JSON text without vectors.
        revision: The database revision that last wrote it; pass it back to replace or delete only what was read.
        vectors: Only those asked for.
    """

    seq: int
    key: str
    body: str
    revision: int
    vectors: Mapping[str, VectorValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a vector search: the item's row number and its ``$similarity`` (formulas of the Data API)."""

    seq: int
    similarity: float
