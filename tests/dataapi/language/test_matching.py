"""Matching against the tables of the contract, and against a plain reference that was written for this test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from astrolabe.dataapi.language.filters import parse_filter
from storage.filters.matching import matches
from storage.filters.tree import All, AnyOf, Filter, Instant, Operator
from tests.dataapi.language.strategies import documents_with_filters
from tests.support.rules import document_rules


def matched(clause: object, document: dict[str, Any]) -> bool:
    return matches(parse_filter(clause, document_rules(lexical=True)), document)


@pytest.mark.parametrize(
    ("clause", "missing", "null", "one"),
    [
        ({"f": None}, False, True, False),
        ({"f": {"$eq": None}}, False, True, False),
        ({"f": {"$exists": True}}, False, True, True),
        ({"f": {"$exists": False}}, True, False, False),
        ({"f": {"$ne": 1}}, True, True, False),
        ({"f": {"$nin": [1]}}, True, True, False),
        ({"f": {"$gt": 0}}, False, False, True),
        ({"f": {"$lte": 0}}, False, False, False),
        ({"f": {"$ne": None}}, True, False, True),
    ],
)
def test_null_and_missing_differ(clause: object, missing: bool, null: bool, one: bool) -> None:
    assert [matched(clause, document) for document in ({}, {"f": None}, {"f": 1})] == [missing, null, one]


UUID = "123e4567-e89b-42d3-a456-426614174000"


@pytest.mark.parametrize(
    ("clause", "document", "expected"),
    [
        ({}, {}, True),
        (None, {"a": 1}, True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": Decimal("1.000")}, True),
        ({"a": Decimal("1E0")}, {"a": 1}, True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 0.1}, {"a": Decimal("0.1")}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": Decimal("0.1")}, {"a": Decimal("0.10000000000000000000000000000000000000000000001")}, False),
        ({"a": "x"}, {"a": ["y", "x"]}, True),
        ({"a": "x"}, {"a": [["x"]]}, False),
        ({"a": None}, {"a": [None]}, True),
        ({"a": {"$eq": ["x", "y"]}}, {"a": ["x", "y"]}, True),
        ({"a": {"$eq": ["x", "y"]}}, {"a": ["y", "x"]}, False),
        ({"a": {"$eq": ["x"]}}, {"a": [["x"]]}, False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 2}}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}, False),
        ({"a": {"b": 1, "c": 1}}, {"a": {"c": 1, "b": 1}}, False),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, False),
        ({"a": {"b": 1}}, {"a": [{"b": 1}]}, False),
        ({"a": {}}, {"a": {}}, True),
        ({"a.b": 1}, {"a": {"b": 1}}, True),
        ({"a.b": 1}, {"a": [{"b": 1}]}, False),
        ({"a.0.b": 1}, {"a": [{"b": 1}]}, True),
        ({"a.0": 1}, {"a": {"0": 1}}, True),
        ({"a.00": 1}, {"a": [1]}, False),
        ({"a.1": 1}, {"a": [1]}, False),
        ({"a&.b": 1}, {"a.b": 1}, True),
        ({"a&&b": 1}, {"a&b": 1}, True),
        ({"a": {"$ne": "x"}}, {"a": ["x"]}, False),
        ({"a": {"$ne": "x"}}, {}, True),
        ({"a": {"$in": [1, "x"]}}, {"a": "x"}, True),
        ({"a": {"$in": [1, "x"]}}, {"a": [2, 1]}, True),
        ({"a": {"$in": [[1]]}}, {"a": [1]}, True),
        ({"a": {"$in": []}}, {"a": 1}, False),
        ({"a": {"$nin": []}}, {}, True),
        ({"a": {"$nin": [1]}}, {"a": [1]}, False),
        ({"a": {"$gt": 1}}, {"a": 2}, True),
        ({"a": {"$gt": 1}}, {"a": "2"}, False),
        ({"a": {"$gt": 1}}, {"a": [2]}, False),
        ({"a": {"$gte": "b"}}, {"a": "b"}, True),
        ({"a": {"$lt": "b"}}, {"a": "B"}, True),
        ({"a": {"$lt": True}}, {"a": False}, True),
        ({"a": {"$lt": True}}, {"a": 0}, False),
        ({"a": {"$lte": {"$date": 5}}}, {"a": {"$date": 5}}, True),
        ({"a": {"$lt": {"$date": 5}}}, {"a": 4}, False),
        ({"a": {"$date": 5}}, {"a": {"$date": 5}}, True),
        ({"a": {"$date": 5}}, {"a": [{"$date": 5}]}, True),
        ({"a": {"$uuid": UUID}}, {"a": UUID}, True),
        ({"a": UUID}, {"a": {"$uuid": UUID}}, True),
        ({"a": {"$uuid": UUID.upper()}}, {"a": {"$uuid": UUID.lower()}}, True),
        ({"a": UUID.upper()}, {"a": {"$uuid": UUID}}, False),
        ({"a": {"$uuid": UUID}}, {"a": ["x", UUID]}, True),
        ({"_id": {"$objectId": "0" * 24}}, {"_id": "0" * 24}, True),
        ({"a": {"$binary": "AAAA"}}, {"a": {"$binary": "AAAA"}}, True),
        ({"a": {"$all": ["x", 1]}}, {"a": [1, "x", 2]}, True),
        ({"a": {"$all": ["x", 1]}}, {"a": ["x"]}, False),
        ({"a": {"$all": ["x"]}}, {"a": "x"}, False),
        ({"a": {"$all": [[1]]}}, {"a": [[1]]}, True),
        ({"a": {"$size": 0}}, {"a": []}, True),
        ({"a": {"$size": 1}}, {"a": "x"}, False),
        ({"$lexical": {"$match": "Red bicycle"}}, {"$lexical": "a bicycle, red"}, True),
        ({"$lexical": {"$match": "red car"}}, {"$lexical": "a bicycle, red"}, False),
        ({"$vector": {"$exists": True}}, {"$vector": None}, True),
        ({"$vectorize": {"$exists": False}}, {}, True),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        ({"a": {"$gt": 1, "$lt": 3}}, {"a": 2}, True),
        ({"$and": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 2}, True),
        ({"$or": [{"a": 1}, {"b": 2}]}, {"b": 2}, True),
        ({"$or": [{"a": 1}, {"$and": [{"b": 2}, {"c": 3}]}]}, {"b": 2}, False),
        ({"$not": {"a": 1}}, {}, True),
        ({"$not": {"a": {"$gt": 1}}}, {}, False),
        ({"$not": {"a": {"$gt": 1}}}, {"a": 1}, True),
        ({"$not": {"a": {"$exists": True}}}, {}, True),
        ({"$not": {"a": {"$all": [1]}}}, {"a": [2]}, True),
        ({"$not": {"a": {"$size": 1}}}, {}, True),
        ({"$not": {"$lexical": {"$match": "red"}}}, {"$lexical": "blue"}, True),
        ({"$not": {"$and": [{"a": 1}, {"b": 2}]}}, {"a": 1, "b": 3}, True),
        ({"$not": {"a": 1, "b": 2}}, {"a": 1, "b": 2}, False),
        ({"$not": {"$or": [{"a": 1}, {"b": 2}]}}, {"a": 3, "b": 2}, False),
        ({"$not": {"$not": {"a": {"$gte": 1}}}}, {"a": 1}, True),
    ],
)
def test_operators(clause: object, document: dict[str, Any], expected: bool) -> None:
    assert matched(clause, document) is expected


def reference(where: Filter, document: dict[str, Any]) -> bool:
    """Decide a filter the plain way: values become tagged tuples, which Python compares."""
    if isinstance(where, All | AnyOf):
        return (all if isinstance(where, All) else any)(reference(part, document) for part in where.parts)
    found = [tagged(value) for value in walk(document, where.path)]
    return decide(where.operator, where.operand, found[0] if found else None)


def walk(value: object, path: tuple[str, ...]) -> list[object]:
    if not path:
        return [value]
    if isinstance(value, list):
        value = {str(position): element for position, element in enumerate(value)}
    return walk(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


KINDS = {bool: "boolean", int: "number", Decimal: "number", str: "text", Instant: "date", type(None): "null"}


def tagged(value: object) -> tuple[Any, ...]:
    if isinstance(value, dict) and list(value) in (["$uuid"], ["$objectId"], ["$date"]):
        (inner,) = value.values()
        value = Instant(inner) if "$date" in value else inner.lower()
    if isinstance(value, list):
        return ("array", *map(tagged, value))
    if isinstance(value, dict):
        return ("object", *((name, tagged(inner)) for name, inner in value.items()))
    kind = KINDS[type(value)]
    if isinstance(value, Instant):
        return (kind, value.milliseconds)
    return (kind, Decimal(value) if kind == "number" and isinstance(value, int | Decimal) else value)


NEGATIONS = {
    Operator.NE: Operator.EQ,
    Operator.NIN: Operator.IN,
    Operator.NOT_ALL: Operator.ALL,
    Operator.NOT_SIZE: Operator.SIZE,
    Operator.NOT_MATCH: Operator.MATCH,
}
ORDERS = {Operator.GT: {1}, Operator.GTE: {0, 1}, Operator.LT: {-1}, Operator.LTE: {-1, 0}}


def decide(operator: Operator, operand: Any, found: tuple[Any, ...] | None) -> bool:  # noqa: ANN401 - by operator
    if operator in NEGATIONS:
        return not decide(NEGATIONS[operator], operand, found)
    if operator is Operator.EXISTS:
        return bool((found is not None) == operand)
    if found is None:
        return False
    if operator in ORDERS:
        wanted = tagged(operand)
        order = (found > wanted) - (found < wanted) if wanted[0] == found[0] else None
        return order in ORDERS[operator]
    return holds(operator, operand, found)


def holds(operator: Operator, operand: Any, found: tuple[Any, ...]) -> bool:  # noqa: ANN401 - by operator
    elements = found[1:] if found[0] == "array" else ()
    candidates = [found, *(element for element in elements if element[0] not in {"array", "object"})]
    answers: dict[Operator, Callable[[], bool]] = {
        Operator.EQ: lambda: tagged(operand) in candidates,
        Operator.IN: lambda: any(tagged(choice) in candidates for choice in operand),
        Operator.ALL: lambda: found[0] == "array" and all(tagged(wanted) in elements for wanted in operand),
        Operator.SIZE: lambda: found[0] == "array" and len(elements) == operand,
        Operator.MATCH: lambda: found[0] == "text" and has_words(operand.terms, words(found[1])),
    }
    return answers[operator]()


IDEOGRAPHS = (range(0x3041, 0x30A0), range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00))


def words(text: str) -> set[str]:
    """An ideograph is a word, whether or not this Python's tables have it already."""
    return set("".join(map(spaced, text.lower())).split())


def spaced(letter: str) -> str:
    if ord(letter) in range(0x20000, 0x3FFFE) or any(ord(letter) in block for block in IDEOGRAPHS):
        return f" {letter} "
    return letter if letter.isalnum() or letter == "_" else " "


def has_words(wanted: Sequence[str], found: set[str]) -> bool:
    return bool(wanted) and set(wanted) <= found


@settings(max_examples=800, deadline=None)
@given(documents_with_filters)
def test_matching_agrees_with_the_reference(drawn: tuple[dict[str, Any], Filter]) -> None:
    document, where = drawn
    assert matches(where, document) is reference(where, document)
