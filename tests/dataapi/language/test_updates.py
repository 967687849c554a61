"""Updates on regular fields: every operator, the order of application, conflicts, and invariants."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astrolabe.dataapi.language.filters import parse_filter
from astrolabe.dataapi.language.numbers import spelling
from astrolabe.dataapi.language.paths import join_path, overlapping
from astrolabe.dataapi.language.sorting import sort_key
from astrolabe.dataapi.language.updates import UpdatedDocument, parse_update, seed_for_upsert
from astrolabe.dataapi.language.values import ejson_name
from storage import jsontext
from storage.filters.matching import MISSING, same, value_at
from tests.dataapi.language.refusals import deep, refused
from tests.dataapi.language.strategies import documents, names, values
from tests.support.rules import document_rules

PLAIN = document_rules()


def update(clause: object, document: dict[str, Any], *, upsert: bool = False) -> UpdatedDocument:
    return parse_update(clause, PLAIN).apply(document, upsert=upsert)


@pytest.mark.parametrize(
    ("clause", "before", "after"),
    [
        ({"$set": {"a": 1}}, {}, {"a": 1}),
        ({"$set": {"a": 1}}, {"a": "x", "b": 2}, {"a": 1, "b": 2}),
        ({"$set": {"a.b.c": 1}}, {}, {"a": {"b": {"c": 1}}}),
        ({"$set": {"a.0": 1}}, {}, {"a": {"0": 1}}),
        ({"$set": {"a.1": "y"}}, {"a": ["x"]}, {"a": ["x", "y"]}),
        ({"$set": {"a.3": "y"}}, {"a": ["x"]}, {"a": ["x", None, None, "y"]}),
        ({"$set": {"a.2.b": 1}}, {"a": ["x"]}, {"a": ["x", None, {"b": 1}]}),
        ({"$set": {"a.0.b": 1}}, {"a": [{"c": 2}]}, {"a": [{"c": 2, "b": 1}]}),
        ({"$set": {"a": None}}, {"a": 1}, {"a": None}),
        ({"$set": {"a&.b": 1}}, {"a": {"b": 2}}, {"a": {"b": 2}, "a.b": 1}),
        ({"$set": {"a": {"$date": 5}}}, {}, {"a": {"$date": 5}}),
        ({"$set": {}}, {"a": 1}, {"a": 1}),
        ({}, {"a": 1}, {"a": 1}),
        ({"$unset": {"a": ""}}, {"a": 1, "b": 2}, {"b": 2}),
        ({"$unset": {"a.b": 0, "x.y.z": 1}}, {"a": {"b": 1}}, {"a": {}}),
        ({"$unset": {"a.0": 1}}, {"a": [1, 2]}, {"a": [None, 2]}),
        ({"$unset": {"a.7": 1}}, {"a": [1, 2]}, {"a": [1, 2]}),
        ({"$unset": {"a.b": 1}}, {"a": "x"}, {"a": "x"}),
        ({"$unset": {"a.b": 1}}, {"a": [1]}, {"a": [1]}),
        ({"$inc": {"a": 2}}, {"a": 1}, {"a": 3}),
        ({"$inc": {"a": Decimal("0.1")}}, {"a": Decimal("0.2")}, {"a": Decimal("0.3")}),
        ({"$inc": {"a": -5}}, {}, {"a": -5}),
        ({"$inc": {"a.b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"$inc": {"a.0": 1}}, {"a": [1]}, {"a": [2]}),
        ({"$inc": {"a": 1}}, {"a": 10**50}, {"a": 10**50 + 1}),
        ({"$mul": {"a": 3}}, {"a": 2}, {"a": 6}),
        ({"$mul": {"a": Decimal("0.5")}}, {"a": 3}, {"a": Decimal("1.5")}),
        ({"$mul": {"a": 3}}, {}, {"a": 0}),
        ({"$min": {"a": 1}}, {"a": 2}, {"a": 1}),
        ({"$min": {"a": 3}}, {"a": 2}, {"a": 2}),
        ({"$min": {"a": 3}}, {}, {"a": 3}),
        ({"$min": {"a": "x"}}, {"a": 5}, {"a": 5}),
        ({"$min": {"a": None}}, {"a": 5}, {"a": None}),
        ({"$max": {"a": 3}}, {"a": 2}, {"a": 3}),
        ({"$max": {"a": 1}}, {"a": 2}, {"a": 2}),
        ({"$max": {"a": "x"}}, {"a": 5}, {"a": "x"}),
        ({"$max": {"a": {"$date": 5}}}, {"a": {"$date": 4}}, {"a": {"$date": 5}}),
        ({"$max": {"a": {"$date": 5}}}, {"a": True}, {"a": {"$date": 5}}),
        ({"$rename": {"a": "b"}}, {"a": 1, "c": 2}, {"c": 2, "b": 1}),
        ({"$rename": {"a": "b"}}, {"a": 1, "b": 2}, {"b": 1}),
        ({"$rename": {"a": "b"}}, {"b": 2}, {"b": 2}),
        ({"$rename": {"a.b": "c.d"}}, {"a": {"b": 1}}, {"a": {}, "c": {"d": 1}}),
        ({"$push": {"a": 1}}, {}, {"a": [1]}),
        ({"$push": {"a": 1}}, {"a": [1]}, {"a": [1, 1]}),
        ({"$push": {"a": [1, 2]}}, {"a": []}, {"a": [[1, 2]]}),
        ({"$push": {"a": {"b": 1}}}, {"a": []}, {"a": [{"b": 1}]}),
        ({"$push": {"a": {"$date": 5}}}, {"a": []}, {"a": [{"$date": 5}]}),
        ({"$push": {"a": {"$each": [2, 3]}}}, {"a": [1]}, {"a": [1, 2, 3]}),
        ({"$push": {"a": {"$each": [2, 3], "$position": 0}}}, {"a": [1]}, {"a": [2, 3, 1]}),
        ({"$push": {"a": {"$each": [9], "$position": -1}}}, {"a": [1, 2]}, {"a": [1, 9, 2]}),
        ({"$push": {"a": {"$each": [9], "$position": 99}}}, {"a": [1, 2]}, {"a": [1, 2, 9]}),
        ({"$push": {"a": {"$each": []}}}, {}, {"a": []}),
        ({"$addToSet": {"a": 1}}, {"a": [2]}, {"a": [2, 1]}),
        ({"$addToSet": {"a": Decimal(1)}}, {"a": [1]}, {"a": [1, Decimal(1)]}),
        ({"$addToSet": {"a": Decimal("2.5")}}, {"a": [Decimal("2.5")]}, {"a": [Decimal("2.5")]}),
        ({"$addToSet": {"a": {"b": [Decimal(1)]}}}, {"a": [{"b": [1]}]}, {"a": [{"b": [1]}, {"b": [Decimal(1)]}]}),
        ({"$addToSet": {"a": 1}}, {}, {"a": [1]}),
        ({"$addToSet": {"a": 1}}, {"a": [True]}, {"a": [True, 1]}),
        ({"$addToSet": {"a": {"$each": [1, 2, 1]}}}, {"a": [2]}, {"a": [2, 1]}),
        ({"$addToSet": {"a": {"b": 1}}}, {"a": [{"b": 1}]}, {"a": [{"b": 1}]}),
        ({"$addToSet": {"a": [1]}}, {"a": [1]}, {"a": [1, [1]]}),
        ({"$pop": {"a": 1}}, {"a": [1, 2, 3]}, {"a": [1, 2]}),
        ({"$pop": {"a": -1}}, {"a": [1, 2, 3]}, {"a": [2, 3]}),
        ({"$pop": {"a": 1}}, {"a": []}, {"a": []}),
        ({"$pop": {"a": 1, "x.y": 1}}, {}, {}),
        ({"$setOnInsert": {"a": 1, "_id": 5}}, {"b": 1}, {"b": 1}),
        ({"$set": {"$lexical": None}}, {"$lexical": "x"}, {"$lexical": None}),
        ({"$unset": {"$lexical": 1}}, {"$lexical": "x"}, {}),
    ],
)
def test_operators(clause: object, before: dict[str, Any], after: dict[str, Any]) -> None:
    kept = jsontext.dumps(before)
    result = update(clause, before)
    assert jsontext.dumps(result.document) == jsontext.dumps(after)
    assert (result.keeps_vector, result.embed) == (True, None)
    assert jsontext.dumps(before) == kept, "the document given stays as it is"


def test_set_on_insert_counts_on_upsert() -> None:
    result = update({"$setOnInsert": {"a": 1, "_id": 5}}, {"b": 1}, upsert=True)
    assert result.document == {"b": 1, "a": 1, "_id": 5}


@pytest.mark.parametrize("argument", [True, {"$type": "date"}])
def test_the_current_date_is_set_in_milliseconds(argument: object) -> None:
    before = time.time()
    found = update({"$currentDate": {"a.b": argument}}, {}).document["a"]["b"]
    assert list(found) == ["$date"]
    assert int(before * 1000) <= found["$date"] <= time.time() * 1000


def test_operators_are_applied_in_the_documented_order() -> None:
    clause = {
        "$unset": {"z.k": 1},
        "$set": {"z.j": 1},
        "$rename": {"y": "z.i"},
        "$push": {"z.h": 1},
        "$pop": {"z.g": 1},
        "$mul": {"z.f": 1},
        "$min": {"z.e": 1},
        "$max": {"z.d": 1},
        "$inc": {"z.c": 1},
        "$currentDate": {"z.b": True},
        "$addToSet": {"z.a": 1},
        "$setOnInsert": {"z.jj": 1},
    }
    result = update(clause, {"y": 1}, upsert=True)
    assert list(result.document["z"]) == ["a", "b", "c", "d", "e", "f", "h", "i", "j", "jj"]


def test_what_an_operator_makes_can_be_renamed_away() -> None:
    assert update({"$rename": {"a": "b"}, "$set": {"c": 2}}, {"a": 1}).document == {"b": 1, "c": 2}


def test_the_same_update_can_be_applied_to_many_documents() -> None:
    plan = parse_update({"$set": {"a": {"list": []}}, "$push": {"b": {"deep": [1]}}}, PLAIN)
    first, second = plan.apply({}).document, plan.apply({}).document
    first["a"]["list"].append("x")
    first["b"][0]["deep"].append(2)
    assert second == plan.apply({}).document == {"a": {"list": []}, "b": [{"deep": [1]}]}


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        (1, "UNSUPPORTED_UPDATE_DATA_TYPE"),
        (None, "UNSUPPORTED_UPDATE_DATA_TYPE"),
        ([{"$set": {"a": 1}}], "UNSUPPORTED_UPDATE_DATA_TYPE"),
        ({"$set": 5}, "UNSUPPORTED_UPDATE_DATA_TYPE"),
        ({"$unset": ["a"]}, "UNSUPPORTED_UPDATE_DATA_TYPE"),
        ({"$pullAll": {"a": [1]}}, "UNSUPPORTED_UPDATE_OPERATION"),
        ({"$foo": {"a": 1}}, "UNSUPPORTED_UPDATE_OPERATION"),
        ({"a": 1}, "UNSUPPORTED_UPDATE_OPERATION"),
        ({"set": {"a": 1}}, "UNSUPPORTED_UPDATE_OPERATION"),
        ({"$set": {"a": 1}, "$unset": {"a": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$set": {"a": 1}, "$inc": {"a.b": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$set": {"a.b": 1, "a": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$rename": {"a": "b"}, "$set": {"b": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$rename": {"a": "b", "c": "b"}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$rename": {"a": "a"}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$rename": {"a": "a.b"}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$rename": {"a": 5}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$inc": {"a": "1"}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$inc": {"a": True}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$mul": {"a": None}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$pop": {"a": 0}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$pop": {"a": "1"}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$currentDate": {"a": False}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$currentDate": {"a": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$currentDate": {"a": {"$type": "timestamp"}}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$push": {"a": {"$each": 1}}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$push": {"a": {"$each": [1], "$position": "0"}}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$push": {"a": {"$each": [1], "$position": None}}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$push": {"a": {"$each": [1], "$slice": 5}}}, "UNSUPPORTED_UPDATE_OPERATION_MODIFIER"),
        ({"$push": {"a": {"$position": 5}}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
        ({"$push": {"a": {"$foo": 5}}}, "UNSUPPORTED_UPDATE_OPERATION_MODIFIER"),
        ({"$addToSet": {"a": {"$each": [1], "$position": 0}}}, "UNSUPPORTED_UPDATE_OPERATION_MODIFIER"),
        ({"$addToSet": {"a": {"$each": [1], "b": 0}}}, "UNSUPPORTED_UPDATE_OPERATION_MODIFIER"),
        ({"$set": {"": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"a..b": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"a&b": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"$x": 1}}, "SHRED_BAD_FIELD_NAME"),
        ({"$set": {"a.$b": 1}}, "SHRED_BAD_FIELD_NAME"),
        ({"$rename": {"a": ""}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$rename": {"a": "$b"}}, "SHRED_BAD_FIELD_NAME"),
        ({"$rename": {"a": "$vector"}}, "SHRED_BAD_FIELD_NAME"),
        ({"$set": {"_id": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$unset": {"_id": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$inc": {"_id": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$set": {"_id.a": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$rename": {"_id": "a"}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$rename": {"a": "_id"}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$setOnInsert": {"_id.a": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$push": {"$lexical": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_LEXICAL"),
        ({"$rename": {"$lexical": "a"}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_LEXICAL"),
        ({"$set": {"$lexical": "x"}}, "LEXICAL_NOT_ENABLED_FOR_COLLECTION"),
        ({"$set": {"a": deep(10_000)}}, "SHRED_DOC_LIMIT_VIOLATION"),
        ({"$push": {"a": {"$each": [deep(10_000)]}}}, "SHRED_DOC_LIMIT_VIOLATION"),
        ({"$min": {"a": deep(10_000, array=False)}}, "SHRED_DOC_LIMIT_VIOLATION"),
        ({"$inc": {"a": deep(10_000)}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
    ],
)
def test_a_wrong_clause_is_refused(clause: object, code: str) -> None:
    with refused(code):
        parse_update(clause, PLAIN)


@pytest.mark.parametrize(
    ("clause", "document", "code"),
    [
        ({"$inc": {"a": 1}}, {"a": "x"}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$inc": {"a": 1}}, {"a": None}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$inc": {"a": 1}}, {"a": True}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$inc": {"a": 1}}, {"a": {"$date": 5}}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$mul": {"a": 1}}, {"a": []}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$push": {"a": 1}}, {"a": "x"}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$push": {"a": 1}}, {"a": None}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$addToSet": {"a": 1}}, {"a": {"b": 1}}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$pop": {"a": 1}}, {"a": 5}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$set": {"a.b": 1}}, {"a": 5}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"a.b": 1}}, {"a": None}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"a.b": 1}}, {"a": [1]}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"a.b": 1}}, {"a": {"$date": 5}}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$rename": {"a.0": "b"}}, {"a": [1]}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$rename": {"b": "a.0"}}, {"a": [1], "b": 1}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ({"$set": {"a.999999999": 1}}, {"a": []}, "SHRED_DOC_LIMIT_VIOLATION"),
        ({"$inc": {"a": 1}}, {"a": Decimal("1E99999999")}, "SHRED_DOC_LIMIT_VIOLATION"),
        ({"$mul": {"a": Decimal("1E999999999999999999")}}, {"a": Decimal("1E99")}, "SHRED_DOC_LIMIT_VIOLATION"),
    ],
)
def test_a_target_that_does_not_suit_is_refused(clause: object, document: dict[str, Any], code: str) -> None:
    with refused(code, "'a"):
        update(clause, document)


def test_a_number_that_prints_differently_is_a_change() -> None:
    assert jsontext.dumps(update({"$set": {"a": Decimal("1.0")}}, {"a": 1}).document) == '{"a":1.0}'


@pytest.mark.parametrize(
    ("clause", "seed"),
    [
        ({}, {}),
        ({"a": 1, "b": {"$eq": None}}, {"a": 1, "b": None}),
        ({"_id": "x", "a.b": 1, "a.c": 2}, {"_id": "x", "a": {"b": 1, "c": 2}}),
        ({"a": {"$eq": [1, 2]}, "b": {"c": 1}}, {"a": [1, 2], "b": {"c": 1}}),
        ({"a": {"$date": 5}, "b": {"$uuid": "123e4567-e89b-42d3-a456-426614174000"}}, None),
        ({"$and": [{"a": 1}, {"$and": [{"b": 2}]}]}, {"a": 1, "b": 2}),
        ({"a": {"$gt": 1}, "b": {"$in": [1]}, "c": {"$exists": True}, "d": {"$ne": 1}}, {}),
        ({"$or": [{"a": 1}, {"b": 1}]}, {}),
        ({"$not": {"a": {"$ne": 1}}}, {"a": 1}),
    ],
)
def test_an_upsert_starts_from_what_the_filter_says_is_equal(
    clause: dict[str, Any], seed: dict[str, Any] | None
) -> None:
    assert seed_for_upsert(parse_filter(clause, PLAIN)) == (clause if seed is None else seed)


def test_an_upsert_keeps_the_order_of_the_filter() -> None:
    seed = seed_for_upsert(parse_filter({"$and": [{"a": 1}, {"b": 2}], "c": 3}, PLAIN))
    assert list(seed) == ["a", "b", "c"]


def test_an_upsert_cannot_start_from_a_contradiction() -> None:
    with refused("UNSUPPORTED_UPDATE_OPERATION_PATH", "'a.b'"):
        seed_for_upsert(parse_filter({"a": 1, "a.b": 2}, PLAIN))


def reachable(value: object, path: tuple[str, ...]) -> bool:
    """Return whether every step of a path goes into an object, into an array by position, or into nothing yet."""
    if not path or value is MISSING:
        return True
    if isinstance(value, list):
        return path[0].isdigit() and reachable(value[int(path[0])] if int(path[0]) < len(value) else MISSING, path[1:])
    return isinstance(value, dict) and ejson_name(value) is None and reachable(value.get(path[0], MISSING), path[1:])


paths = st.lists(names, min_size=1, max_size=3).map(tuple)


@given(documents, paths, values)
def test_what_is_set_is_there_and_nothing_else_changes(
    document: dict[str, Any], path: tuple[str, ...], value: object
) -> None:
    plan = parse_update({"$set": {join_path(path): value}}, PLAIN)
    if not reachable(document, path):
        with refused("UNSUPPORTED_UPDATE_OPERATION_PATH"):
            plan.apply(document)
        return
    result = plan.apply(document)
    found = value_at(result.document, path)
    assert same(found, value)
    others = {name: inner for name, inner in result.document.items() if name != path[0]}
    assert others == {name: inner for name, inner in document.items() if name != path[0]}
    assert jsontext.dumps(plan.apply(result.document).document) == jsontext.dumps(result.document), "set again"


@given(documents, paths)
def test_what_is_unset_is_gone(document: dict[str, Any], path: tuple[str, ...]) -> None:
    result = update({"$unset": {join_path(path): 1}}, document)
    assert value_at(result.document, path) in (MISSING, None)
    if value_at(document, path) in (MISSING, value_at(result.document, path)):
        assert result.document == document


@given(documents, names, values)
def test_min_and_max_keep_the_lower_and_the_higher(document: dict[str, Any], name: str, value: object) -> None:
    before = document.get(name, MISSING)
    for operator, choose in (("$min", min), ("$max", max)):
        found = update({operator: {join_path((name,)): value}}, document).document[name]
        among = [value] if before is MISSING else [value, before]
        assert sort_key(found) == choose(map(sort_key, among))


@example([], [0, Decimal("0.00")])
@given(st.lists(values, max_size=4), st.lists(values, max_size=4))
def test_a_set_never_gains_a_value_twice(start: list[Any], added: list[Any]) -> None:
    """Values are the same as a real server takes them: 0 and 0.00 are two, by the spelling that was recorded."""
    found = update({"$addToSet": {"a": {"$each": added}}}, {"a": start}).document["a"]
    assert found[: len(start)] == start
    spelled = list(map(spelling, found))
    assert set(map(spelling, added)) <= set(spelled)
    news = spelled[len(start) :]
    assert len(set(news)) == len(news)
    assert set(news).isdisjoint(map(spelling, start))


@given(st.lists(paths, min_size=2, max_size=4, unique=True))
def test_paths_that_do_not_overlap_may_all_be_set(some: list[tuple[str, ...]]) -> None:
    clause = {"$set": {join_path(path): 1 for path in some}}
    if overlapping(some) is None:
        assert len(parse_update(clause, PLAIN).actions) == len(some)
    else:
        with refused("UNSUPPORTED_UPDATE_OPERATION_PARAM"):
            parse_update(clause, PLAIN)
