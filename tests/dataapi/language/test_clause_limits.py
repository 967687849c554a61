"""What a clause may ask for has an end, which is known before any work begins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from astrolabe.dataapi.language import filters, projection, sorting, updates
from astrolabe.dataapi.language.allowances import ASTRA_LIMITS
from astrolabe.dataapi.language.filters import parse_filter
from astrolabe.dataapi.language.indexing import MAX_RULES, parse_indexing
from astrolabe.dataapi.language.paths import LONGEST_PATH
from astrolabe.dataapi.language.projection import parse_projection
from astrolabe.dataapi.language.sorting import key_weight, parse_sort
from astrolabe.dataapi.language.update_paths import MAX_PADDED
from astrolabe.dataapi.language.updates import parse_update, seed_for_upsert
from astrolabe.dataapi.language.values import count_values
from storage.filters.matching import identity, matches, same
from tests.dataapi.language.refusals import deep, refused
from tests.dataapi.language.strategies import values
from tests.support.rules import document_rules

PLAIN = document_rules()
Parse = Callable[[object], object]


def sort(clause: object) -> object:
    return parse_sort(clause, PLAIN)


def where(clause: object) -> object:
    return parse_filter(clause, PLAIN)


def update(clause: object) -> object:
    return parse_update(clause, PLAIN)


def indexing(clause: object) -> object:
    return parse_indexing(clause)


def fields(count: int, value: object = 1) -> dict[str, Any]:
    return {f"f{number}": value for number in range(count)}


def paths(count: int) -> list[str]:
    return list(fields(count))


LIMITS: list[tuple[str, Parse, Callable[[int], object], int, str]] = [
    ("sort fields", sort, fields, sorting.MAX_FIELDS, "SORT_CLAUSE_INVALID"),
    ("projection", parse_projection, fields, projection.MAX_PATHS, "UNSUPPORTED_PROJECTION_PARAM"),
    ("$set", update, lambda n: {"$set": fields(n)}, updates.MAX_PATHS, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
    ("$all", where, lambda n: {"a": {"$all": paths(n)}}, ASTRA_LIMITS.filter_values, "FILTER_INVALID_EXPRESSION"),
    ("$in", where, lambda n: {"a": {"$in": paths(n)}}, ASTRA_LIMITS.filter_values, "FILTER_INVALID_EXPRESSION"),
    ("$or", where, lambda n: {"$or": [{}] * (n - 1)}, filters.MAX_CLAUSES, "FILTER_FIELDS_LIMIT_VIOLATION"),
    ("$and", where, lambda n: {"$and": [{}] * (n - 1)}, filters.MAX_CLAUSES, "FILTER_FIELDS_LIMIT_VIOLATION"),
    (
        "values",
        where,
        lambda n: {"a": {"$eq": [1] * (n - 1)}},
        filters.MAX_VALUES,
        "FILTER_FIELDS_LIMIT_VIOLATION",
    ),
    ("allow", indexing, lambda n: {"allow": paths(n)}, MAX_RULES, "INVALID_INDEXING_DEFINITION"),
    ("deny", indexing, lambda n: {"deny": paths(n)}, MAX_RULES, "INVALID_INDEXING_DEFINITION"),
]


@pytest.mark.parametrize(
    ("parse", "make", "most", "code"), [limit[1:] for limit in LIMITS], ids=[limit[0] for limit in LIMITS]
)
def test_a_clause_may_have_so_many_parts_and_no_more(
    parse: Parse, make: Callable[[int], object], most: int, code: str
) -> None:
    parse(make(most))
    for count in (most + 1, 100_000):
        with refused(code, str(most)):
            parse(make(count))


def test_updates_of_several_operators_are_counted_together() -> None:
    half = updates.MAX_PATHS // 2
    clause = {"$set": fields(half), "$inc": {f"i{number}": 1 for number in range(half)}, "$unset": {"u": 1}}
    with refused("UNSUPPORTED_UPDATE_OPERATION_PARAM", str(updates.MAX_PATHS)):
        update(clause)


@pytest.mark.parametrize(
    ("parse", "make", "code"),
    [
        (sort, lambda path: {path: 1}, "SORT_CLAUSE_PATH_INVALID"),
        (where, lambda path: {path: 1}, "FILTER_INVALID_EXPRESSION"),
        (parse_projection, lambda path: {path: 1}, "UNSUPPORTED_PROJECTION_PARAM"),
        (update, lambda path: {"$set": {path: 1}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        (update, lambda path: {"$rename": {"a": path}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        (indexing, lambda path: {"deny": [path]}, "INVALID_INDEXING_DEFINITION"),
    ],
)
def test_a_path_is_no_longer_than_that_of_any_field(parse: Parse, make: Callable[[str], object], code: str) -> None:
    parse(make("x" * LONGEST_PATH))
    with refused(code, f"{LONGEST_PATH + 1} characters"):
        parse(make("x" * (LONGEST_PATH + 1)))


@pytest.mark.parametrize(
    ("value", "count"),
    [(1, 1), ([], 1), ([1, [2, 3]], 5), ({"a": {"b": 1}}, 3), ([[], [], []], 4), (deep(50), 51)],
)
def test_values_are_counted_with_those_inside_them(value: object, count: int) -> None:
    assert count_values(value, 1000) == count
    assert count_values(value, count) == count
    assert count_values(value, count - 1) == count


def test_arrays_of_one_document_are_padded_with_a_million_nulls_in_all() -> None:
    document: dict[str, Any] = {f"a{number}": [] for number in range(3)}
    far = MAX_PADDED // 2
    clause: dict[str, dict[str, int]] = {"$set": {f"a{number}.{far}": 1 for number in range(2)}}
    assert len(parse_update(clause, PLAIN).apply(document).document["a1"]) == far + 1
    clause["$set"][f"a2.{far}"] = 1
    with refused("SHRED_DOC_LIMIT_VIOLATION", str(MAX_PADDED)):
        parse_update(clause, PLAIN).apply(document)
    with refused("SHRED_DOC_LIMIT_VIOLATION", str(MAX_PADDED)):
        seed_for_upsert(
            parse_filter(
                {"$and": [{"a": {"$eq": []}}, {"b": {"$eq": []}}, *({f"{n}.{far + 1}": 1} for n in "ab")]}, PLAIN
            )
        )


def test_names_that_look_like_positions_are_no_padding() -> None:
    clause = {"$set": {f"years.{2_000 + number}": 1 for number in range(1000)}}
    assert len(parse_update(clause, PLAIN).apply({"years": {}}).document["years"]) == 1000


@given(values, values)
def test_values_have_one_identity_exactly_when_they_are_the_same(one: object, other: object) -> None:
    assert (identity(one) == identity(other)) is same(one, other)


def test_a_hundred_choices_and_a_thousand_elements_are_looked_up_and_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.filters.matching.same", lambda *_: pytest.fail("compared"))
    body = {"a": [*range(1000), Decimal("0.5"), [1], {"b": 1}]}
    choices = list(range(-99, 1))
    assert matches(parse_filter({"a": {"$in": choices}}, PLAIN), body)
    assert not matches(parse_filter({"a": {"$nin": choices}}, PLAIN), body)
    assert matches(
        parse_filter({"a": {"$all": [Decimal("5.0"), Decimal("0.50"), [1], {"b": Decimal(1)}]}}, PLAIN), body
    )
    assert not matches(parse_filter({"a": {"$all": [*range(99), 5000]}}, PLAIN), body)
    document = parse_update({"$addToSet": {"a": {"$each": [*range(2000), 1, 2]}}}, PLAIN).apply({"a": []}).document
    assert document["a"] == list(range(2000))


def test_sorting_by_a_large_array_takes_no_copy_of_it() -> None:
    plan = parse_sort({"a": 1}, PLAIN)
    array = [[number] * 10 for number in range(1000)]
    body = {"_id": 1, "a": array}
    (_, holder), _ = plan.key(body)
    assert sys.getsizeof(holder) < 100
    assert key_weight(plan.key(body)) > 64 * 10_000
    assert key_weight(plan.key({"_id": 1, "a": 5})) < 1000
    larger = plan.key({"_id": 1, "a": [*array, 1]})
    assert plan.key(body) < larger
    assert plan.key(body) == plan.key(body)
