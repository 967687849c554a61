"""Sort clauses, and the order of values of mixed types."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.engine.finding import first_of
from astrolabe.dataapi.language.indexing import parse_indexing
from astrolabe.dataapi.language.sorting import SortField, SortKind, SortPlan, parse_sort, sort_key
from storage.filters.matching import MISSING
from storage.shapes import Metric, VectorForm
from tests.dataapi.language.refusals import deep, refused
from tests.dataapi.language.strategies import values
from tests.support.rules import document_rules

PLAIN = document_rules()
VECTORS = document_rules(dimension=2, vectorize=True, lexical=True)


@pytest.mark.parametrize("clause", [None, {}])
def test_no_clause_asks_for_no_order(clause: object) -> None:
    assert parse_sort(clause, PLAIN) == SortPlan()
    assert SortPlan().kind is SortKind.NONE


def test_fields_are_sorted_by_in_the_order_given() -> None:
    plan = parse_sort({"b.c": -1, "a": 1, "x&.y": 1, "_id": -1}, PLAIN)
    assert plan.kind is SortKind.FIELDS
    fields = (SortField(("b", "c"), True), SortField(("a",)), SortField(("x.y",)), SortField(("_id",), True))
    assert plan.fields == fields


def test_a_vector_sort_has_a_vector() -> None:
    plan = parse_sort({"$vector": [Decimal("0.5"), 1]}, VECTORS)
    assert plan.kind is SortKind.VECTOR
    assert plan.vector is not None
    assert plan.vector.data.tolist() == [0.5, 1.0]


def test_a_vector_sort_takes_binary() -> None:
    text = base64.b64encode(struct.pack(">2f", 0.5, 1)).decode()
    plan = parse_sort({"$vector": {"$binary": text}}, VECTORS)
    assert plan.vector is not None
    assert (plan.vector.data.tolist(), plan.vector.form) == ([0.5, 1.0], VectorForm.BINARY)


def test_a_text_sort_has_a_text() -> None:
    plan = parse_sort({"$vectorize": "red bicycle"}, VECTORS)
    assert (plan.kind, plan.text) == (SortKind.VECTORIZE, "red bicycle")


def test_a_sort_by_words_has_their_terms() -> None:
    plan = parse_sort({"$lexical": "Red, red bicycle!"}, VECTORS)
    assert plan.kind is SortKind.LEXICAL
    assert plan.words is not None
    assert plan.words.terms == ("red", "bicycle")


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ({"$vector": [1, 2]}, "VECTOR_SEARCH_NOT_SUPPORTED"),
        ({"$vectorize": "x"}, "EMBEDDING_SERVICE_NOT_CONFIGURED"),
        ({"$lexical": "x"}, "LEXICAL_NOT_ENABLED_FOR_COLLECTION"),
    ],
)
def test_special_sorts_need_their_support(clause: object, code: str) -> None:
    with refused(code, "ks.c"):
        parse_sort(clause, PLAIN)


@pytest.mark.parametrize(
    "clause",
    [
        1,
        [],
        "a",
        {"$vector": [1, 2], "a": 1},
        {"a": 1, "$vectorize": "x"},
        {"$vector": [1, 2], "$vectorize": "x"},
        {"$lexical": "x", "a": 1},
    ],
)
def test_a_special_sort_stands_alone(clause: object) -> None:
    with refused("SORT_CLAUSE_INVALID"):
        parse_sort(clause, VECTORS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a", 0),
        ("a", 2),
        ("a", "1"),
        ("a", True),
        ("a", None),
        ("a", Decimal("1.5")),
        ("a", [1]),
        ("a", deep(10_000)),
        ("$vector", "x"),
        ("$vector", 1),
        ("$vector", None),
        ("$vector", {"a": 1}),
        ("$vector", {"$binary": "?"}),
        ("$vectorize", ""),
        ("$vectorize", " \t"),
        ("$vectorize", 1),
        ("$vectorize", None),
    ],
)
def test_a_value_suits_its_key(name: str, value: object) -> None:
    with refused("SORT_CLAUSE_VALUE_INVALID", f"'{name}'"):
        parse_sort({name: value}, VECTORS)


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ({"$vector": []}, "SHRED_BAD_VECTOR_SIZE"),
        ({"$vector": [1, "x"]}, "SHRED_BAD_VECTOR_VALUE"),
        ({"$lexical": 1}, "SORT_CLAUSE_INVALID"),
        ({"$lexical": None}, "SORT_CLAUSE_INVALID"),
    ],
)
def test_some_values_have_codes_of_their_own(clause: object, code: str) -> None:
    with refused(code):
        parse_sort(clause, VECTORS)


def test_a_path_with_an_empty_name_sorts_by_nothing() -> None:
    assert parse_sort({"a..b": 1}, VECTORS).fields[0].path == ("a", "", "b")


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    with refused("INVALID_VECTOR_LENGTH", "2"):
        parse_sort({"$vector": [1, 2, 3]}, VECTORS)


def test_a_zero_vector_cannot_be_compared_by_cosine() -> None:
    with refused("INVALID_DATABASE_QUERY"):
        parse_sort({"$vector": [0, 0]}, VECTORS)
    parse_sort({"$vector": [0, 0]}, document_rules(dimension=2, metric=Metric.EUCLIDEAN))


@pytest.mark.parametrize("name", ["", "a&b", "$hybrid", "$x", "a.$b", "$vector.0"])
def test_a_bad_path_is_refused(name: str) -> None:
    with refused("SORT_CLAUSE_PATH_INVALID", f"'{name}'"):
        parse_sort({name: 1}, VECTORS)


def test_fields_that_are_not_indexed_cannot_be_sorted_by() -> None:
    rules = document_rules(indexing=parse_indexing({"deny": ["a"]}))
    parse_sort({"b": 1}, rules)
    with refused("SORT_CLAUSE_PATH_UNINDEXED", "'a.b'"):
        parse_sort({"a.b": 1}, rules)


ASCENDING: list[Any] = [
    MISSING,
    None,
    Decimal("-1E+400"),
    -1,
    Decimal("0.1"),
    1,
    10**30,
    "",
    "B",
    "a",
    "ä",
    {},
    {"a": 1},
    {"a": 1, "b": 0},
    {"a": "x"},
    {"b": 0},
    [],
    [1],
    [1, 0],
    ["a"],
    [{}],
    False,
    True,
    {"$date": -1},
    {"$date": 5},
]


def test_mixed_types_have_an_order() -> None:
    for lower, higher in pairwise(ASCENDING):
        assert sort_key(lower) < sort_key(higher)


def documents_of(found: list[Any]) -> list[dict[str, Any]]:
    return [{"_id": number} | ({} if value is MISSING else {"a": value}) for number, value in enumerate(found)]


@pytest.mark.parametrize("direction", [1, -1])
def test_documents_are_put_in_order(direction: int) -> None:
    bodies = documents_of(ASCENDING)
    plan = parse_sort({"a": direction}, PLAIN)
    shuffled = bodies[::2] + bodies[1::2]
    assert plan.order(shuffled, lambda body: body) == bodies[::direction]


def test_equal_fields_fall_back_on_the_id_ascending() -> None:
    bodies: list[dict[str, Any]] = [{"_id": "b", "a": 1}, {"_id": 2, "a": Decimal("1.0")}, {"_id": "a", "a": 2}]
    for direction, order in [(1, [2, "b", "a"]), (-1, ["a", 2, "b"])]:
        plan = parse_sort({"a": direction, "missing": -direction}, PLAIN)
        assert [body["_id"] for body in plan.order(bodies, lambda body: body)] == order


def test_wrapped_texts_sort_as_texts() -> None:
    uuid = "123e4567-e89b-42d3-a456-426614174000"
    assert sort_key({"$uuid": uuid}) == sort_key(uuid)


def test_what_is_ordered_need_not_be_the_document() -> None:
    plan = parse_sort({"a": -1}, PLAIN)
    assert plan.order([1, 3, 2], lambda number: {"a": number}) == [3, 2, 1]


def compared(one: Any, other: Any) -> int:  # noqa: ANN401 - any JSON value, or MISSING
    """Compare two values the plain way: by type, then member by member."""
    ranks = [rank(one), rank(other)]
    if ranks[0] != ranks[1] or ranks[0] in {"missing", "null"}:
        order = ["missing", "null", "number", "string", "object", "array", "boolean", "date"]
        return order.index(ranks[0]) - order.index(ranks[1])
    if ranks[0] in {"object", "array"}:
        pairs = list(zip(flat(one), flat(other), strict=False))
        return next(
            (found for found in (compared(*pair) for pair in pairs) if found), len(flat(one)) - len(flat(other))
        )
    if ranks[0] in {"date", "string"}:
        one, other = (next(iter(value.values())) if isinstance(value, dict) else value for value in (one, other))
    return int(one > other) - int(one < other)


def flat(value: Any) -> list[Any]:  # noqa: ANN401 - an object or an array
    return value if isinstance(value, list) else [part for member in value.items() for part in member]


def rank(value: Any) -> str:  # noqa: ANN401 - any JSON value, or MISSING
    if value is MISSING:
        return "missing"
    if isinstance(value, dict):
        names = {"$date": "date", "$uuid": "string", "$objectId": "string"}
        return names.get(next(iter(value), ""), "object") if len(value) == 1 else "object"
    kinds = {bool: "boolean", int: "number", Decimal: "number", str: "string", list: "array", type(None): "null"}
    return kinds[type(value)]


somewhere = st.one_of(st.just(MISSING), values)


@given(st.lists(st.tuples(somewhere, somewhere), max_size=6), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_sorting_agrees_with_comparing_pair_by_pair(pairs: list[tuple[Any, Any]], first: int, second: int) -> None:
    bodies = [
        {"_id": number} | {name: value for name, value in zip("ab", pair, strict=True) if value is not MISSING}
        for number, pair in enumerate(pairs)
    ]

    def by_both(one: dict[str, Any], other: dict[str, Any]) -> int:
        a = compared(one.get("a", MISSING), other.get("a", MISSING)) * first
        b = compared(one.get("b", MISSING), other.get("b", MISSING)) * second
        return a or b or one["_id"] - other["_id"]

    plan = parse_sort({"a": first, "b": second}, PLAIN)
    assert plan.order(bodies[::-1], lambda body: body) == sorted(bodies, key=cmp_to_key(by_both))


@given(
    st.lists(st.tuples(somewhere, st.integers(0, 2)), max_size=30),
    st.sampled_from([1, -1]),
    st.integers(1, 8),
    st.integers(0, 40),
)
def test_merging_sorted_chunks_gives_the_beginning_of_a_sort_of_everything(
    pairs: list[tuple[Any, int]], direction: int, size: int, count: int
) -> None:
    plan = parse_sort({"a": direction}, PLAIN)
    bodies = [{"_id": number} | ({} if value is MISSING else {"a": value}) for value, number in pairs]
    places = [(plan.key(body), seq) for seq, body in enumerate(bodies)]
    chunks = [sorted(places[at : at + size]) for at in range(0, len(places), size)]
    assert first_of(chunks, count) == sorted(places)[:count]
