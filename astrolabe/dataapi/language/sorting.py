"""Sort clauses: what kind of sort they ask for, and the order of values of mixed types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering
from typing import Any, TypeVar

from astrolabe.dataapi.language import special_fields
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.dataapi.language.paths import Path, PathSyntaxError, split_path
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import VECTOR, VECTORIZE
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.language.vectors import check_direction, check_length, longest, parse_vector
from astrolabe.errors import DataApiError
from storage.filters.matching import MISSING, unwrapped, value_at
from storage.filters.tree import Instant
from storage.lexical.analyzers import TermQuery
from storage.shapes import VectorValue

T = TypeVar("T")


MAX_FIELDS = 100
"""Fields of a field sort; what each document is sorted by is kept while its place is looked for."""


class SortKind(StrEnum):
    """What decides the order of the answer."""

    NONE = "none"
    FIELDS = "fields"
    VECTOR = special_fields.VECTOR
    VECTORIZE = special_fields.VECTORIZE
    LEXICAL = special_fields.LEXICAL


_SPECIAL = {kind.value for kind in SortKind if kind.value.startswith("$")}


_MISSING, _NULL, _NUMBER, _STRING, _OBJECT, _ARRAY, _BOOLEAN, _DATE = range(8)


@dataclass(frozen=True, slots=True)
class SortField:
    """One field of a field sort."""

    path: Path
    descending: bool = False


@dataclass(frozen=True, slots=True)
class SortPlan:
    """A sort clause that was understood.

    Attributes:
        kind: The kind of sort.
        fields: For a field sort, the fields from the first to the last.
        vector: For a ``$vector`` sort, the vector.
        text: For a ``$vectorize`` sort, the text to embed in *query* mode.
        words: For a ``$lexical`` sort, what is looked for.
    """

    kind: SortKind = SortKind.NONE
    fields: tuple[SortField, ...] = ()
    vector: VectorValue | None = None
    text: str = ""
    words: TermQuery | None = None

    def key(self, body: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what a document is compared by in a field sort; equal fields fall back on ``_id``, ascending."""
        values = [(sort_key(value_at(body, field.path)), field.descending) for field in self.fields]
        keys = [_Descending(key) if descending else key for key, descending in values]
        return (*keys, sort_key(body.get("_id", MISSING)))

    def order(self, items: Iterable[T], body_of: Callable[[T], Mapping[str, Any]]) -> list[T]:
        """Return the items in the order of a field sort.

        Args:
            items: What is to be put in order.
            body_of: Returns the document of an item.
        """
        return sorted(items, key=lambda item: self.key(body_of(item)))


@total_ordering
@dataclass(frozen=True, slots=True)
class _Descending:
    """A key that sorts the other way round."""

    key: tuple[Any, ...]

    def __lt__(self, other: _Descending) -> bool:
        return other.key < self.key


def sort_key(value: object) -> tuple[Any, ...]:
    """Return a key that orders values of mixed types.

    Missing < null < number < string < object < array < boolean < date. Objects compare by their members, name and
    value, in order; arrays by their elements in order. ``MISSING`` stands for a missing value.
    """
    value = unwrapped(value)
    if isinstance(value, Mapping | list):
        return (_ARRAY if isinstance(value, list) else _OBJECT, _Holder(value))
    if value is MISSING or value is None:
        return (_MISSING,) if value is MISSING else (_NULL,)
    if isinstance(value, bool):
        return (_BOOLEAN, value)
    if isinstance(value, Instant):
        return (_DATE, value.milliseconds)
    return (_STRING, value) if isinstance(value, str) else (_NUMBER, value)


@total_ordering
class _Holder:
    """An array or object as a part of a key: what lies inside is looked at when two of them are compared.

    Keys of all of it, made beforehand, would take many times the memory of the value.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # it holds what has none

    def __init__(self, value: Mapping[str, Any] | list[Any]) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Holder):
            return NotImplemented
        same_size = len(self._value) == len(other._value)
        return same_size and all(one == two for one, two in zip(self._keys(), other._keys(), strict=True))

    def __lt__(self, other: _Holder) -> bool:
        for one, two in zip(self._keys(), other._keys(), strict=False):
            if one != two:
                return one < two
        return len(self._value) < len(other._value)

    def _keys(self) -> Iterator[tuple[Any, ...]]:
        if isinstance(self._value, list):
            return map(sort_key, self._value)
        return ((name, sort_key(inner)) for name, inner in self._value.items())

    def weight(self) -> int:
        """Return about how many bytes the value takes."""
        bytes_ = 0
        todo: list[object] = [self._value]
        while todo:
            part = todo.pop()
            bytes_ += _WEIGHT + (len(part) if isinstance(part, str | list | Mapping) else 0)
            if isinstance(part, list | Mapping):
                todo.extend(part if isinstance(part, list) else part.values())
        return bytes_


_WEIGHT = 64
"""Bytes of a value of no length, about."""


def key_weight(key: tuple[Any, ...]) -> int:
    """Return about how many bytes a document's key takes in memory."""
    bytes_ = 0
    for part in key:
        rank, *inner = part.key if isinstance(part, _Descending) else part
        value = inner[0] if inner else rank
        bytes_ += _WEIGHT + (
            value.weight() if isinstance(value, _Holder) else len(value) if isinstance(value, str) else 0
        )
    return bytes_


def parse_sort(clause: object, rules: DocumentRules) -> SortPlan:
    """Read a sort clause.

    Args:
        clause: The JSON of the clause, its numbers exact; None and ``{}`` ask for no order.
        rules: The collection's.

    Raises:
        DataApiError: One of the SORT_CLAUSE codes; VECTOR_SEARCH_NOT_SUPPORTED, EMBEDDING_SERVICE_NOT_CONFIGURED or
            LEXICAL_NOT_ENABLED_FOR_COLLECTION; INVALID_VECTOR_LENGTH; INVALID_DATABASE_QUERY for a zero vector.
    """
    if clause is None:
        return SortPlan()
    if not isinstance(clause, Mapping):
        raise _invalid(f"it must be an object, not {type_name(clause)}: {shown(clause)}")
    special = [name for name in clause if name in _SPECIAL]
    if special and len(clause) > 1:
        raise _invalid(f"'{special[0]}' must be the only key, and there are {len(clause)}: {listed(clause)}")
    if special:
        return _PARSERS[SortKind(special[0])](clause[special[0]], rules)
    if len(clause) > MAX_FIELDS:
        raise _invalid(f"it has {len(clause)} fields, at most {MAX_FIELDS} are allowed")
    fields = tuple(_field(name, value, rules) for name, value in clause.items())
    return SortPlan(SortKind.FIELDS, fields) if fields else SortPlan()


def _vector_plan(value: object, rules: DocumentRules) -> SortPlan:
    wanted = rules.vector()
    if not isinstance(value, list | Mapping):
        raise _bad_value(VECTOR, f"it must be an array of numbers or $binary, not {shown(value)}")
    try:
        vector = parse_vector(value, longest(wanted.dimension))
    except DataApiError as problem:
        if isinstance(value, list):
            raise
        raise _bad_value(VECTOR, problem.message.partition("\n")[0].rstrip(".")) from problem
    if vector is None:
        raise _bad_value(VECTOR, "it must be an array of numbers or $binary, not null")
    check_length(vector.data, wanted.dimension)
    check_direction(vector.data, wanted.metric)
    return SortPlan(SortKind.VECTOR, vector=vector)


def _vectorize_plan(value: object, rules: DocumentRules) -> SortPlan:
    if not isinstance(value, str) or not value.strip():
        raise _bad_value(VECTORIZE, f"it must be a text that is not blank, not {shown(value)}")
    if not rules.vectorizes:
        raise rules.no_embedding_service()
    return SortPlan(SortKind.VECTORIZE, text=value)


def _lexical_plan(value: object, rules: DocumentRules) -> SortPlan:
    if not isinstance(value, str):
        raise _invalid(f"'$lexical' needs a String, not {type_name(value)}: {shown(value)}")
    return SortPlan(SortKind.LEXICAL, words=rules.analyzer().query(value))


_PARSERS: Mapping[SortKind, Callable[[object, DocumentRules], SortPlan]] = {
    SortKind.VECTOR: _vector_plan,
    SortKind.VECTORIZE: _vectorize_plan,
    SortKind.LEXICAL: _lexical_plan,
}


def _field(name: str, value: object, rules: DocumentRules) -> SortField:
    try:
        path = split_path(name, gaps=True)
    except PathSyntaxError as problem:
        raise _bad_path(name, str(problem)) from problem
    if any(part.startswith("$") for part in path):
        raise _bad_path(name, "names that start with '$' are not known there, but for $vector, $vectorize, $lexical")
    if not isinstance(value, int) or isinstance(value, bool) or value not in {1, -1}:
        raise _bad_value(name, f"it must be 1 (ascending) or -1 (descending), not {shown(value)}")
    if not rules.indexing.indexes(path):
        raise data_api_error(
            "SORT_CLAUSE_PATH_UNINDEXED",
            f"The collection's 'indexing' option leaves out '{name}', so documents cannot be sorted by it.\n\n"
            "Sort by indexed fields and resend the command.",
        )
    return SortField(path, descending=value < 0)


def _invalid(problem: str) -> DataApiError:
    return data_api_error(
        "SORT_CLAUSE_INVALID", f"The sort clause is not valid: {problem}.\n\nCorrect it and resend the command."
    )


def _bad_value(name: str, problem: str) -> DataApiError:
    return data_api_error(
        "SORT_CLAUSE_VALUE_INVALID",
        f"The sort value for '{name}' is not valid: {problem}.\n\nCorrect it and resend the command.",
    )


def _bad_path(name: str, problem: str) -> DataApiError:
    return data_api_error(
        "SORT_CLAUSE_PATH_INVALID",
        f"The sort path '{name}' is not valid: {problem}.\n\nCorrect it and resend the command.",
    )
