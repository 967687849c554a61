"""SQL narrows: every match satisfies the possible condition, and only matches satisfy the certain one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from storage import jsontext
from storage.filters.matching import matches
from storage.filters.to_sql import Narrowing, Source, narrow
from storage.filters.tree import All, AnyOf, Comparison, Filter, Instant, Operator
from storage.lexical.analyzers import STANDARD_ANALYZER
from tests.dataapi.language.strategies import NAMES, SCALARS, as_operand, documents_with_filters

RANGES = [Operator.GT, Operator.GTE, Operator.LT, Operator.LTE]


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    yield opened
    opened.close()


def select(connection: sqlite3.Connection, body: dict[str, Any], condition: str, parameters: tuple[Any, ...]) -> object:
    text = jsontext.dumps(body)
    query = f"SELECT {condition} FROM (SELECT ? AS body)"  # noqa: S608 - the condition is what is tested
    (found,) = connection.execute(query, (*parameters, text)).fetchone()
    return found


def check(connection: sqlite3.Connection, where: Filter, body: dict[str, Any]) -> Narrowing | None:
    """Check the promises of a narrowing on one document."""
    narrowing = narrow(where)
    if narrowing is None:
        return None
    possible = select(connection, body, narrowing.sql, narrowing.parameters)
    certain = select(connection, body, narrowing.certain, narrowing.certain_parameters)
    assert possible in {0, 1}
    assert certain in {0, 1}
    decided = matches(where, body)
    assert possible or not decided, "a match was left out"
    assert decided or not certain, "what is certain does not match"
    assert not narrowing.exact or possible == decided, "an exact condition says something else"
    return narrowing


@settings(max_examples=600, deadline=None)
@given(documents_with_filters)
def test_sql_never_leaves_out_a_match(connection: sqlite3.Connection, drawn: tuple[dict[str, Any], Filter]) -> None:
    document, where = drawn
    check(connection, where, document)


@pytest.mark.parametrize("operator", [Operator.EQ, Operator.NE, *RANGES])
def test_every_pair_of_scalars_is_compared_as_in_python(connection: sqlite3.Connection, operator: Operator) -> None:
    for operand in map(as_operand, SCALARS):
        if operator in RANGES and isinstance(operand, dict | None):
            continue
        where = Comparison(("a",), operator, operand)
        for value in SCALARS:
            check(connection, where, {"a": value})
            check(connection, where, {"a": [value, 7]})


def test_arrays_and_objects_are_compared_as_wholes(connection: sqlite3.Connection) -> None:
    wholes: list[Any] = [[], [1], [1, 2], [[]], [[1]], {}, {"b": 1}, [{}], [{"b": 1}]]
    for operator in (Operator.EQ, Operator.NE, Operator.ALL, Operator.NOT_ALL):
        for operand in wholes:
            where = Comparison(("a",), operator, operand if operator in {Operator.EQ, Operator.NE} else (operand,))
            for value in wholes:
                check(connection, where, {"a": value})


def test_a_long_list_of_elements_is_not_claimed_to_be_decided(connection: sqlite3.Connection) -> None:
    where = Comparison(("a",), Operator.ALL, tuple(map(str, range(30))))
    for length in (10, 25, 30):
        check(connection, where, {"a": [str(n) for n in range(length)]})


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_any_name_is_found(connection: sqlite3.Connection, name: str) -> None:
    places: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        ((name,), {name: "v"}),
        ((name, "x"), {name: {"x": "v"}}),
        (("x", name), {"x": {name: "v"}}),
    ]
    for path, body in places:
        check(connection, Comparison(path, Operator.EQ, "v"), body)
        check(connection, Comparison(path, Operator.EXISTS, False), body)
        check(connection, Comparison(path, Operator.EXISTS, True), {"y": 1})


def yes(connection: sqlite3.Connection, where: Filter, body: dict[str, Any]) -> bool:
    """Return whether a document passes the condition of a filter that SQL can say something about."""
    narrowing = check(connection, where, body)
    assert narrowing is not None
    return bool(select(connection, body, narrowing.sql, narrowing.parameters))


@pytest.mark.parametrize(
    ("where", "kept", "left_out"),
    [
        (Comparison(("a",), Operator.EQ, "x"), {"a": "x"}, {"a": "y"}),
        (Comparison(("a",), Operator.EQ, "x"), {"a": [1, "x"]}, {"a": [1, "y"]}),
        (Comparison(("a",), Operator.EQ, "x"), {"a": {"$uuid": "x"}}, {"a": {"$uuid": "y"}}),
        (Comparison(("a",), Operator.EQ, 1), {"a": Decimal("1.0")}, {"a": Decimal("1.1")}),
        (Comparison(("a",), Operator.EQ, None), {"a": None}, {}),
        (Comparison(("a",), Operator.EQ, True), {"a": True}, {"a": 1}),
        (Comparison(("a",), Operator.EQ, Instant(5)), {"a": {"$date": 5}}, {"a": 5}),
        (Comparison(("a",), Operator.EQ, [1]), {"a": [1]}, {"a": [1, 2]}),
        (Comparison(("a",), Operator.EQ, {"b": 1}), {"a": {"b": 1}}, {"a": 1}),
        (Comparison(("a",), Operator.NE, "x"), {}, {"a": "x"}),
        (Comparison(("a",), Operator.IN, ("x", 1, None)), {"a": 1}, {"a": 2}),
        (Comparison(("a",), Operator.IN, ()), {}, None),
        (Comparison(("a",), Operator.NIN, ("x", "y")), {}, {"a": "y"}),
        (Comparison(("a",), Operator.GT, 5), {"a": 6}, {"a": 5}),
        (Comparison(("a",), Operator.GT, 5), {"a": Decimal("5.1")}, {"a": "6"}),
        (Comparison(("a",), Operator.LTE, "m"), {"a": "m"}, {"a": "n"}),
        (Comparison(("a",), Operator.LT, True), {"a": False}, {"a": True}),
        (Comparison(("a",), Operator.GTE, Instant(5)), {"a": {"$date": 5}}, {"a": {"$date": 4}}),
        (Comparison(("a",), Operator.EXISTS, True), {"a": None}, {}),
        (Comparison(("a",), Operator.EXISTS, False), {}, {"a": None}),
        (Comparison(("a",), Operator.ALL, (1, "x")), {"a": ["x", 1]}, {"a": ["x"]}),
        (Comparison(("a",), Operator.SIZE, 2), {"a": [1, 2]}, {"a": "12"}),
        (Comparison(("a",), Operator.NOT_SIZE, 2), {"a": [1]}, {"a": [1, 2]}),
        (
            Comparison(("$lexical",), Operator.MATCH, STANDARD_ANALYZER.query("w")),
            {"$lexical": "w"},
            {"$lexical": None},
        ),
        (Comparison(("a", "0"), Operator.EQ, "x"), {"a": ["x"]}, {"a": ["y", "x"]}),
        (Comparison(("a", "0"), Operator.EQ, "x"), {"a": {"0": "x"}}, {"a": {"1": "x"}}),
        (Comparison(("größe", 'q"'), Operator.EQ, "x"), {"größe": {'q"': "x"}}, {"größe": {'q"': "y"}}),
        (Comparison(("größe",), Operator.EQ, "x"), {"größe": ["y", "x"]}, {"größe": ["y"]}),
        (All((Comparison(("a",), Operator.EQ, 1), Comparison(("b",), Operator.EQ, [1, 2]))), {"a": 1, "b": [1, 2]}, {}),
        (AnyOf((Comparison(("a",), Operator.EQ, 1), Comparison(("b",), Operator.EQ, 2))), {"b": 2}, {"a": 2}),
        (AnyOf(()), {}, None),
    ],
)
def test_a_condition_leaves_out_what_cannot_match(
    connection: sqlite3.Connection, where: Filter, kept: dict[str, Any], left_out: dict[str, Any] | None
) -> None:
    assert yes(connection, where, kept) or left_out is None
    assert left_out is None or not yes(connection, where, left_out)


@pytest.mark.parametrize(
    ("where", "exact"),
    [
        (All(()), True),
        (AnyOf(()), True),
        (Comparison(("a",), Operator.EQ, "x"), True),
        (Comparison(("a",), Operator.NIN, ("x", True, None)), True),
        (Comparison(("a",), Operator.EXISTS, True), True),
        (Comparison(("a", "größe"), Operator.EXISTS, True), True),
        (Comparison(("a",), Operator.GTE, Instant(1)), True),
        (Comparison(("a",), Operator.GTE, "x"), True),
        (Comparison(("a",), Operator.GT, "x"), False),
        (Comparison(("a",), Operator.LT, False), True),
        (Comparison(("a",), Operator.EQ, 1), False),
        (Comparison(("a",), Operator.EQ, "\\u0000"), False),
        (Comparison(("a",), Operator.EQ, [1]), False),
        (All((Comparison(("a",), Operator.EQ, "x"), Comparison(("b",), Operator.EQ, 1))), False),
    ],
)
def test_exact_is_claimed_where_sql_decides_alone(where: Filter, exact: bool) -> None:
    narrowing = narrow(where)
    assert narrowing is not None
    assert narrowing.exact is exact
    assert not exact or (narrowing.certain, narrowing.certain_parameters) == (narrowing.sql, narrowing.parameters)


@pytest.mark.parametrize("path", [("größe",), ("tags", "0"), ("tags",)])
def test_texts_are_certain_wherever_they_lie(connection: sqlite3.Connection, path: tuple[str, ...]) -> None:
    narrowing = check(connection, Comparison(path, Operator.EQ, "x"), {"größe": "x", "tags": ["x", "y"]})
    assert narrowing is not None
    document = {"größe": "x", "tags": ["x", "y"]}
    assert select(connection, document, narrowing.certain, narrowing.certain_parameters) == 1


def test_whole_numbers_are_certain_and_only_near_decimals_are_left_to_python(connection: sqlite3.Connection) -> None:
    narrowing = narrow(Comparison(("a",), Operator.LT, Decimal("0.3")))
    assert narrowing is not None
    certain = {
        text: select(connection, {"a": Decimal(text)}, narrowing.certain, narrowing.certain_parameters)
        for text in ["0.29", "0.2999999999999999999999", "0.3", "0.31"]
    }
    assert certain == {"0.29": 1, "0.2999999999999999999999": 0, "0.3": 0, "0.31": 0}


@pytest.mark.parametrize(
    "where",
    [
        Comparison(("a",), Operator.NE, [1]),
        Comparison(("nul\0",), Operator.EQ, 1),
        Comparison(("\ud800",), Operator.EQ, 1),
        AnyOf((Comparison(("a",), Operator.EQ, 1), Comparison(("nul\0",), Operator.EQ, 1))),
    ],
)
def test_nothing_is_said_where_sql_cannot_tell(where: Filter) -> None:
    assert narrow(where) is None


def test_values_and_paths_are_bound_never_spelled() -> None:
    narrowing = narrow(Comparison(("x') OR 1=1 --", "'; DROP TABLE item; --"), Operator.IN, ("' OR '1'='1", "b")))
    assert narrowing is not None
    assert "DROP" not in narrowing.sql
    assert "OR 1=1" not in narrowing.sql
    assert "'1'='1" not in narrowing.sql


def test_the_largest_filters_are_statements_that_sqlite_takes(connection: sqlite3.Connection) -> None:
    choices = tuple(Decimal(n) / 7 for n in range(100))
    wide = All(tuple(Comparison((f"f{n}",), Operator.IN, choices) for n in range(64)))
    assert narrow(wide) is None
    texts = All(tuple(Comparison((f"f{n}",), Operator.NIN, tuple(map(str, choices))) for n in range(64)))
    assert yes(connection, texts, {})
    one: Filter = Comparison(("a",), Operator.IN, choices)
    assert not yes(connection, one, {"a": -1})
    deep = one
    for level in range(64):
        deep = (All if level % 2 else AnyOf)((Comparison(("b",), Operator.EQ, level), deep))
    check(connection, deep, {"a": -1})


def test_the_column_may_carry_an_alias(connection: sqlite3.Connection) -> None:
    narrowing = narrow(Comparison(("a",), Operator.EQ, "x"), Source("item.body"))
    assert narrowing is not None
    query = f"SELECT count(*) FROM (SELECT ? AS body) AS item WHERE {narrowing.sql}"  # noqa: S608 - as above
    assert connection.execute(query, ('{"a":"x"}', *narrowing.parameters)).fetchone() == (1,)
