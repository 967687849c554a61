"""What the layer above asks of a table's rows.

A row is an item whose key is a text with a character (U+0000 to U+00FF) for every byte of what sorts as the columns of
the key do; SQLite compares such texts as it would compare the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.filters.tree import Filter, Operator
from storage.lexical.analyzers import TermQuery
from storage.shapes import IndexedValues, VectorValue

BEYOND = "\u0100"
"""Sorts behind every character of a key: a beginning and this are the end of all keys that begin so."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from ``low`` on, up to and without ``high``; None for no end."""

    low: str = ""
    high: str | None = None

    @classmethod
    def beginning(cls, prefix: str) -> KeyRange:
        """Return the range of all keys that begin so."""
        return cls(prefix, prefix + BEYOND)

    @property
    def empty(self) -> bool:
        """Whether no key can be in it."""
        return self.high is not None and self.high <= self.low


@dataclass(frozen=True, slots=True)
class ValueIs:
    """A comparison of an indexed value that rows have one of at most; rows without one never satisfy it.

    Attributes:
        name: The value's.
        operator: EQ, NE, a range, IN or NIN.
        operand: Bytes that sort as the value does; several for IN and NIN.
    """

    name: str
    operator: Operator
    operand: bytes | tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HasValues:
    """Whether a row has some of an indexed value that rows may have several of.

    Attributes:
        name: The value's.
        values: What to look for.
        every: All of them, not only one.
        negated: The opposite, which rows without any satisfy, too.
    """

    name: str
    values: tuple[bytes, ...]
    every: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class HasWords:
    """Whether a text that is searched by words has all the words of a query."""

    name: str
    query: TermQuery


@dataclass(frozen=True, slots=True)
class Member:
    """A filter on what stands in the row itself, read as a document."""

    where: Filter


@dataclass(frozen=True, slots=True)
class Undecided:
    """What the database cannot say; :attr:`RowQuery.decide` has to."""


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Part, ...]


Part = ValueIs | HasValues | HasWords | Member | Undecided | Every | Some

Decide = Callable[[Mapping[str, Any]], bool]
"""Says of a parsed body whether the row is wanted; what the database has decided is not asked again."""


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows, and in which direction.

    Attributes:
        ranges: Where their keys lie, ascending and apart; None for anywhere.
        where: What the database can decide; None for nothing.
        decide: Decides of the rows that the database leaves open.
        question: Tells this query from every other one of the table, in one text.
        descending: From the last key to the first.
    """

    ranges: tuple[KeyRange, ...] | None = None
    where: Part | None = None
    decide: Decide | None = None
    question: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RowImage:
    """A row as it is to be written.

    Attributes:
        body: Its JSON text, without vectors; null holds the place of a vector.
        values: Everything that it is found by.
        vectors: Vectors to write; the others stay as they are.
        dropped: Names of vectors that it loses.
    """

    body: str
    values: IndexedValues = field(default_factory=dict)
    vectors: Mapping[str, VectorValue] = field(default_factory=dict)
    dropped: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RowChange:
    """What becomes of the row of a key.

    Attributes:
        key: The key.
        become: Returns the row for its parsed body as it is (None: there is none), or None for no row. It is called
            inside the transaction, and again when another program was in the way; so it must change nothing.
    """

    key: str
    become: Callable[[Mapping[str, Any] | None], RowImage | None]
