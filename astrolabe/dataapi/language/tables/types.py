"""The types that a table's columns have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from astrolabe.portal.organization import ServiceConfig


class Scalar(StrEnum):
    """Types of one value, spelled as the Data API spells them; in the order of its messages."""

    ASCII = "ascii"
    BIGINT = "bigint"
    BLOB = "blob"
    BOOLEAN = "boolean"
    COUNTER = "counter"
    DATE = "date"
    DECIMAL = "decimal"
    DOUBLE = "double"
    DURATION = "duration"
    FLOAT = "float"
    INET = "inet"
    INT = "int"
    SMALLINT = "smallint"
    TEXT = "text"
    TIME = "time"
    TIMESTAMP = "timestamp"
    TIMEUUID = "timeuuid"
    TINYINT = "tinyint"
    UUID = "uuid"
    VARINT = "varint"


TEXTS = frozenset({Scalar.ASCII, Scalar.TEXT})
"""Types whose values are words."""


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A column of single values."""

    scalar: Scalar

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return self.scalar.value


@dataclass(frozen=True, slots=True)
class UserType:
    """A column of a user-defined type; inside a list, set or map its values are frozen: replaced as a whole.

    Attributes:
        udt: The type's name.
        fields: Its fields in their order; values are kept by position, so that a field can be renamed.
    """

    udt: str
    fields: Mapping[str, ScalarType] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return "userDefined"


ElementType = ScalarType | UserType
"""What lists, sets and maps may hold."""


@dataclass(frozen=True, slots=True)
class ListType:
    """A column of lists."""

    value: ElementType

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return "list"


@dataclass(frozen=True, slots=True)
class SetType:
    """A column of sets: no element twice, in the order of their type."""

    value: ElementType

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return "set"


@dataclass(frozen=True, slots=True)
class MapType:
    """A column of maps, in the order of the keys' type."""

    key: ScalarType
    value: ElementType

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return "map"


@dataclass(frozen=True, slots=True)
class VectorType:
    """A column of vectors.

    Attributes:
        dimension: Numbers in every vector; never changes.
        service: What embeds texts that are put in a vector's place; None when nothing does.
    """

    dimension: int
    service: ServiceConfig | None = None

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return "vector"


CollectionType = ListType | SetType | MapType
"""Columns of many values."""

ColumnType = ScalarType | UserType | CollectionType | VectorType
"""What a column can be."""


def user_types(kind: ColumnType) -> Iterator[UserType]:
    """Yield the user-defined types that a column's type stands on, itself among them."""
    if isinstance(kind, UserType):
        yield kind
    elif isinstance(kind, ListType | SetType | MapType):
        yield from user_types(kind.value)
