"""Projections: every row of the contract's table, nested paths, ``$slice``, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.language.paths import join_path
from astrolabe.dataapi.language.projection import parse_projection
from storage import jsontext
from tests.dataapi.language.refusals import deep, refused
from tests.dataapi.language.strategies import documents, members

REGULAR: dict[str, Any] = {"_id": 1, "a": 2, "b": {"c": 3, "d": 4}, "arr": [10, 20, 30, 40]}
SPECIAL = {"$vector": [0.5], "$vectorize": "text", "$lexical": "words"}
DOCUMENT = {**REGULAR, **SPECIAL}


def projected(clause: object, document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    return parse_projection(clause).apply(document)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (None, REGULAR),
        ({}, REGULAR),
        ({"*": 1}, DOCUMENT),
        ({"*": True}, DOCUMENT),
        ({"*": 0}, {}),
        ({"*": False}, {}),
        ({"a": 1}, {"_id": 1, "a": 2}),
        ({"a": True}, {"_id": 1, "a": 2}),
        ({"a": Decimal("0.5")}, {"_id": 1, "a": 2}),
        ({"a": -3}, {"_id": 1, "a": 2}),
        ({"a": 0}, {"_id": 1, "b": REGULAR["b"], "arr": REGULAR["arr"]}),
        ({"a": Decimal("0.0")}, {"_id": 1, "b": REGULAR["b"], "arr": REGULAR["arr"]}),
        ({"a": 1, "_id": 0}, {"a": 2}),
        ({"a": 0, "_id": 1}, {"_id": 1, "b": REGULAR["b"], "arr": REGULAR["arr"]}),
        ({"a": 0, "_id": 0}, {"b": REGULAR["b"], "arr": REGULAR["arr"]}),
        ({"_id": 1}, REGULAR),
        ({"_id": True, "$vector": False, "$vectorize": True}, {**REGULAR, "$vectorize": "text"}),
        ({"_id": 1, "arr": {"$slice": 1}}, {**REGULAR, "arr": [10]}),
        ({"_id": 0}, {"a": 2, "b": REGULAR["b"], "arr": REGULAR["arr"]}),
        ({"$vector": 1}, {**REGULAR, "$vector": [0.5]}),
        ({"$vector": 0}, REGULAR),
        ({"$vector": 1, "$vectorize": 1}, {**REGULAR, "$vector": [0.5], "$vectorize": "text"}),
        ({"$lexical": 1, "_id": 0}, {"a": 2, "b": REGULAR["b"], "arr": REGULAR["arr"], "$lexical": "words"}),
        ({"a": 1, "$vector": 1}, {"_id": 1, "a": 2, "$vector": [0.5]}),
        ({"a": 1, "$vector": 0}, {"_id": 1, "a": 2}),
        ({"a": 0, "$vector": 1}, {"_id": 1, "b": REGULAR["b"], "arr": REGULAR["arr"], "$vector": [0.5]}),
        ({"missing": 1}, {"_id": 1}),
        ({"missing": 0}, REGULAR),
        ({"b.c": 1}, {"_id": 1, "b": {"c": 3}}),
        ({"b.c": 0}, {**REGULAR, "b": {"d": 4}}),
        ({"b.x": 1}, {"_id": 1, "b": {}}),
        ({"b": {"c": 1}}, {"_id": 1, "b": {"c": 3}}),
        ({"b": {"c": 0}}, {**REGULAR, "b": {"d": 4}}),
        ({"b": {"c": 1}, "a": 1}, {"_id": 1, "a": 2, "b": {"c": 3}}),
        ({"a.x": 1}, {"_id": 1}),
        ({"a.x": 0}, REGULAR),
        ({"arr": {"$slice": 2}}, {**REGULAR, "arr": [10, 20]}),
        ({"arr": {"$slice": -1}}, {**REGULAR, "arr": [40]}),
        ({"arr": {"$slice": 0}}, {**REGULAR, "arr": []}),
        ({"arr": {"$slice": 99}}, REGULAR),
        ({"arr": {"$slice": -99}}, REGULAR),
        ({"arr": {"$slice": [1, 2]}}, {**REGULAR, "arr": [20, 30]}),
        ({"arr": {"$slice": [-3, 2]}}, {**REGULAR, "arr": [20, 30]}),
        ({"arr": {"$slice": [-99, 1]}}, {**REGULAR, "arr": [10]}),
        ({"arr": {"$slice": [9, 1]}}, {**REGULAR, "arr": []}),
        ({"arr": {"$slice": [1, 0]}}, {**REGULAR, "arr": []}),
        ({"a": {"$slice": 1}}, REGULAR),
        ({"a": 1, "arr": {"$slice": 1}}, {"_id": 1, "a": 2, "arr": [10]}),
        ({"a": 0, "arr": {"$slice": 1}}, {"_id": 1, "b": REGULAR["b"], "arr": [10]}),
    ],
)
def test_projections(clause: object, expected: dict[str, Any]) -> None:
    result = projected(clause)
    assert result == expected
    assert list(result) == [name for name in DOCUMENT if name in expected], "fields keep their order"


ITEMS: dict[str, Any] = {"_id": 1, "items": [{"n": 1, "m": 2}, "text", {"m": 3}, [{"n": 4, "m": 5}]]}


@pytest.mark.parametrize(
    ("clause", "items"),
    [
        ({"items.n": 1}, [{"n": 1}, "text", {}, [{"n": 4}]]),
        ({"items": {"n": 1}}, [{"n": 1}, "text", {}, [{"n": 4}]]),
        ({"items.n": 0}, [{"m": 2}, "text", {"m": 3}, [{"m": 5}]]),
        ({"items.0": 1}, [{"n": 1, "m": 2}]),
        ({"items.1": 1}, ["text"]),
        ({"items.0.m": 1}, [{"m": 2}]),
        ({"items.1": 0}, [{"n": 1, "m": 2}, {"m": 3}, [{"n": 4, "m": 5}]]),
        ({"items.0.m": 0}, [{"n": 1}, "text", {"m": 3}, [{"n": 4, "m": 5}]]),
        ({"items.3": {"$slice": 0}}, [{"n": 1, "m": 2}, "text", {"m": 3}, []]),
    ],
)
def test_paths_reach_into_arrays(clause: object, items: list[Any]) -> None:
    assert projected(clause, ITEMS) == {"_id": 1, "items": items}


def test_slices_reach_into_objects_of_arrays() -> None:
    document = {"a": [{"b": [1, 2, 3]}, {"b": "x"}]}
    assert projected({"a.b": {"$slice": 1}}, document) == {"a": [{"b": [1]}, {"b": "x"}]}


def test_extended_json_is_one_value() -> None:
    document = {"_id": 1, "at": {"$date": 5}, "b": [{"$date": 6}]}
    assert projected({"at.x": 1, "b.x": 1}, document) == {"_id": 1, "b": [{"$date": 6}]}
    assert projected({"at.x": 0, "b.x": 0}, document) == document
    assert projected({"at": 1}, document) == {"_id": 1, "at": {"$date": 5}}


def test_names_with_dots_are_escaped() -> None:
    document = {"a.b": 1, "a": {"b": 2}}
    assert projected({"a&.b": 1}, document) == {"a.b": 1}
    assert projected({"a.b": 1}, document) == {"a": {"b": 2}}


@pytest.mark.parametrize(
    ("clause", "wanted"),
    [
        ({}, []),
        ({"*": 1}, ["$lexical", "$vector", "$vectorize"]),
        ({"*": 0}, []),
        ({"$vector": 1}, ["$vector"]),
        ({"$vector": 0, "a": 1}, []),
        ({"a": 1, "$vectorize": True}, ["$vectorize"]),
    ],
)
def test_a_projection_tells_which_special_fields_it_needs(clause: object, wanted: list[str]) -> None:
    projection = parse_projection(clause)
    assert [name for name in ("$lexical", "$vector", "$vectorize") if projection.wants(name)] == wanted


@pytest.mark.parametrize("clause", [1, "a", [], ["a"], True])
def test_a_projection_is_an_object(clause: object) -> None:
    with refused("UNSUPPORTED_PROJECTION_DEFINITION"):
        parse_projection(clause)


@pytest.mark.parametrize(
    "clause",
    [
        {"a": 1, "b": 0},
        {"a": 0, "b": True},
        {"a": 1, "b.c": 0},
        {"a": "1"},
        {"a": None},
        {"a": []},
        {"a": {}},
        {"a": {"$elemMatch": {}}},
        {"a": {"$slice": 1, "b": 1}},
        {"a": {"b": {"$slice": "x"}}},
        {"a": {"b": {}}},
        {"a": {"$slice": "1"}},
        {"a": {"$slice": Decimal("1.5")}},
        {"a": {"$slice": True}},
        {"a": {"$slice": [1]}},
        {"a": {"$slice": [1, -1]}},
        {"a": {"$slice": [1, 2, 3]}},
        {"a": {"$slice": ["1", 2]}},
        {"_id": {"$slice": 1}},
        {"$vector": {"$slice": 1}},
        {"$vector": "x"},
        {"$similarity": 1},
        {"$hybrid": 1},
        {"a.$b": 1},
        {"$vector.0": 1},
        {"": 1},
        {"a..b": 1},
        {"a&b": 1},
        {"a": 1, "a.b": 1},
        {"a.b": 0, "a": 0},
        {"a": {"$slice": 1}, "a.b": 1},
        {"*": 1, "a": 1},
        {"*": 0, "_id": 1},
        {"*": "x"},
        {"a": deep(10_000)},
        {"a": deep(10_000, array=False)},
    ],
)
def test_other_projections_are_refused(clause: object) -> None:
    with refused("UNSUPPORTED_PROJECTION_PARAM"):
        parse_projection(clause)


@given(documents, st.data())
def test_including_and_excluding_a_path_share_the_document_between_them(
    document: dict[str, Any], data: st.DataObject
) -> None:
    document = {name: value for name, value in document.items() if name != "$lexical"}
    found = [path for path, _ in members(document)] or [("a",)]
    path = data.draw(st.sampled_from(found))
    name = join_path(path)
    before = jsontext.dumps(document)
    kept, rest = projected({name: 1}, document), projected({name: 0}, document)
    assert jsontext.dumps(document) == before, "the document itself stays as it is"
    assert list(kept) in ([path[0]], [])
    if len(path) == 1:
        assert {**kept, **rest} == document
        assert path[0] not in rest
    else:
        assert list(rest) == list(document)
    assert list(dict(members(kept))) != [] or not kept


@given(documents)
def test_projecting_twice_changes_nothing_more(document: dict[str, Any]) -> None:
    for clause in ({"a": 1}, {"a": 0}, {"a.b": 1}, {"a.b": 0}, {"a": {"$slice": 1}}, {"a": {"$slice": -1}}, {"*": 1}):
        once = projected(clause, document)
        assert projected(clause, once) == once
