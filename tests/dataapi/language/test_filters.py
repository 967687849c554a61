"""Filter clauses: the tree they become, and every way they can be refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from astrolabe.dataapi.language.filters import id_keys, parse_filter
from astrolabe.dataapi.language.indexing import parse_indexing
from astrolabe.dataapi.language.rules import DocumentRules
from storage.filters.tree import All, AnyOf, Comparison, Filter, Instant, Operator
from storage.lexical.analyzers import STANDARD_ANALYZER
from tests.dataapi.language.refusals import deep, refused
from tests.support.rules import document_rules

PLAIN = document_rules()
LEXICAL = document_rules(lexical=True)
X = STANDARD_ANALYZER.query("x")
UUID = "123e4567-e89b-42d3-a456-426614174000"


def parse(clause: object, rules: DocumentRules = PLAIN) -> Filter:
    return parse_filter(clause, rules)


def on(name: str, operator: Operator, operand: object) -> Comparison:
    return Comparison(tuple(name.split(".")), operator, operand)


@pytest.mark.parametrize(
    ("clause", "tree"),
    [
        (None, All(())),
        ({}, All(())),
        ({"a": 1}, on("a", Operator.EQ, 1)),
        ({"a.b": "x"}, on("a.b", Operator.EQ, "x")),
        ({"a&.b": 1}, Comparison(("a.b",), Operator.EQ, 1)),
        ({"a": {}}, on("a", Operator.EQ, {})),
        ({"a": {"b": 1}}, on("a", Operator.EQ, {"b": 1})),
        ({"a": {"$date": 5}}, on("a", Operator.EQ, Instant(5))),
        ({"a": {"$uuid": UUID}}, on("a", Operator.EQ, {"$uuid": UUID})),
        ({"a": {"$ne": {"$date": 5}}}, on("a", Operator.NE, Instant(5))),
        ({"a": {"$in": [1, {"$date": 5}]}}, on("a", Operator.IN, (1, Instant(5)))),
        ({"a": {"$in": []}}, on("a", Operator.IN, ())),
        ({"a": {"$size": Decimal("2.0")}}, on("a", Operator.SIZE, 2)),
        ({"a": {"$gt": 1, "$lt": 5}}, All((on("a", Operator.GT, 1), on("a", Operator.LT, 5)))),
        ({"a": 1, "b": 2}, All((on("a", Operator.EQ, 1), on("b", Operator.EQ, 2)))),
        ({"$or": [{"a": 1}, {"b": 2}]}, AnyOf((on("a", Operator.EQ, 1), on("b", Operator.EQ, 2)))),
        ({"$and": []}, All(())),
        ({"$or": []}, All(())),
        ({"$not": {"$or": []}}, All(())),
        ({"$not": {"$and": []}}, All(())),
        ({"$or": [], "a": 1}, on("a", Operator.EQ, 1)),
        ({"$vector": {"$ne": [1, 2]}}, on("$vector", Operator.NE, [1, 2])),
        ({"a..b": 1}, Comparison(("a", "", "b"), Operator.EQ, 1)),
        ({"a.": 1}, Comparison(("a", ""), Operator.EQ, 1)),
        ({"a": {"b": 1, "$gt": 1}}, on("a", Operator.IN, ())),
        ({"a": {"$gt": 1, "b": 1}}, on("a", Operator.IN, ())),
        ({"a": {"$gte": {"$uuid": UUID.upper()}}}, on("a", Operator.GTE, UUID)),
        ({"a": {"$lt": {"$objectId": "ABCDEF012345678901234567"}}}, on("a", Operator.LT, "abcdef012345678901234567")),
        ({"a": {"$gt": {"$binary": "AAAA"}}}, on("a", Operator.GT, "AAAA")),
        ({"$vector": {"$exists": True}}, on("$vector", Operator.EXISTS, True)),
        ({"$not": {"a": 1}}, on("a", Operator.NE, 1)),
        ({"$not": {"a": {"$exists": True}}}, on("a", Operator.EXISTS, False)),
        ({"$not": {"a": 1, "b": {"$in": [1]}}}, AnyOf((on("a", Operator.NE, 1), on("b", Operator.NIN, (1,))))),
        (
            {"$not": {"$or": [{"a": {"$gt": 1}}, {"b": {"$lte": 2}}]}},
            All((on("a", Operator.LTE, 1), on("b", Operator.GT, 2))),
        ),
        (
            {"$not": {"$and": [{"a": {"$gte": 1}}, {"$not": {"b": {"$lt": 2}}}]}},
            AnyOf((on("a", Operator.LT, 1), on("b", Operator.LT, 2))),
        ),
        ({"$not": {"a": {"$all": [1]}}}, on("a", Operator.NOT_ALL, (1,))),
        ({"$not": {"a": {"$size": 1}}}, on("a", Operator.NOT_SIZE, 1)),
        ({"$not": {"a": {"$nin": [1]}}}, on("a", Operator.IN, (1,))),
        ({"$not": {"a": {"$ne": 1}}}, on("a", Operator.EQ, 1)),
        ({"$not": {}}, AnyOf(())),
    ],
)
def test_a_clause_becomes_a_tree(clause: object, tree: Filter) -> None:
    assert parse(clause) == tree


def test_words_are_looked_for_where_lexical_search_is_enabled() -> None:
    assert parse({"$lexical": {"$match": "x"}}, LEXICAL) == on("$lexical", Operator.MATCH, X)
    assert parse({"$not": {"$lexical": {"$match": "x"}}}, LEXICAL) == on("$lexical", Operator.NOT_MATCH, X)


@pytest.mark.parametrize("clause", [1, "a", [], [{"a": 1}], True])
def test_a_filter_is_an_object(clause: object) -> None:
    with refused("FILTER_UNSUPPORTED_DATA_TYPE"):
        parse(clause)


@pytest.mark.parametrize(
    "clause",
    [
        {"$and": {"a": 1}},
        {"$or": 1},
        {"$not": [{"a": 1}]},
        {"$and": [1]},
        {"$or": [{"a": 1}, None]},
        {"$not": None},
        {"$nor": [{"a": 1}]},
        {"$hybrid": "x"},
        {"$similarity": 1},
    ],
)
def test_logical_operators_take_filters(clause: object) -> None:
    with refused("FILTER_INVALID_EXPRESSION", "$"):
        parse(clause)


@pytest.mark.parametrize(
    "clause",
    [
        {"a": {"$regex": "x"}},
        {"a": {"$foo": 1, "$gt": 1}},
        {"a": {"$not": {"$gt": 1}}},
        {"a": {"$not $all": [1]}},
        {"a": 1, "b": {"$elemMatch": {}}},
    ],
)
def test_an_unknown_operator_is_refused(clause: object) -> None:
    with refused("FILTER_UNSUPPORTED_OPERATOR", "$"):
        parse(clause)


@pytest.mark.parametrize(
    ("clause", "word"),
    [
        ({"a": [1]}, "cannot filter on 'a' by array type"),
        ({"a": []}, "by array type"),
        ({"a": {"$in": 1}}, "'$in'"),
        ({"a": {"$in": list(range(101))}}, "101"),
        ({"a": {"$nin": list(range(101))}}, "101"),
        ({"a": {"$exists": 1}}, "true or false"),
        ({"a": {"$exists": None}}, "true or false"),
        ({"a": {"$all": []}}, "at least one"),
        ({"a": {"$all": 1}}, "array"),
        ({"a": {"$size": -1}}, "-1"),
        ({"a": {"$size": Decimal("1.5")}}, "1.5"),
        ({"a": {"$size": True}}, "true"),
        ({"a": {"$size": "1"}}, '"1"'),
        ({"a": {"$gt": None}}, "null"),
        ({"a": {"$gt": [1]}}, "[1]"),
        ({"a": {"$lte": {"b": 1}}}, "'$lte'"),
        ({"a": {"$gte": {"$uuid": "x"}}}, "'$uuid'"),
        ({"a": {"$date": "x"}}, "'$date'"),
        ({"a": {"$date": Decimal("1.5")}}, "1.5"),
        ({"a": {"$gt": {"$date": Decimal("1.5")}}}, "1.5"),
        ({"a": {"$uuid": "x"}}, "'$uuid'"),
        ({"a": {"$in": [{"$objectId": "x"}]}}, "'$objectId'"),
        ({"a": {"$eq": [{"$date": "x"}]}}, "'$date'"),
        ({"a": {"b": {"$gt": 1}}}, '"$gt"'),
        ({"a": {"$eq": {"$foo": 1}}}, '"$foo"'),
        ({"a": {"$eq": {"b": [{"$foo": 1}]}}}, '"$foo"'),
        ({"": 1}, "empty"),
        ({"a&b": 1}, "'&'"),
        ({"a.$b": 1}, "'$'"),
        ({"$vector": [1, 2]}, "by array type"),
        ({"$vector": {"$eq": 1}}, "only '$exists' is supported"),
        ({"$vector": None}, "only '$exists' is supported"),
        ({"$vectorize": "x"}, "only '$exists' is supported"),
        ({"$vectorize": {"$in": ["x"]}}, "only '$exists' is supported"),
        ({"a": {"$match": "x"}}, "$lexical"),
        ({"$or": [{"_id": 1}, {"a": 1}]}, "'_id'"),
        ({"$or": [{"$and": [{"_id": {"$gt": 1}}]}]}, "'_id'"),
        ({"$not": {"$or": [{"_id": 1}]}}, "'_id'"),
        ({"a": {"$eq": deep(17)}}, "deep"),
        ({"a": {"b": deep(16)}}, "deep"),
    ],
)
def test_an_expression_that_is_not_supported_is_refused(clause: object, word: str) -> None:
    with refused("FILTER_INVALID_EXPRESSION", word):
        parse(clause)


@pytest.mark.parametrize("clause", [{"$lexical": "x"}, {"$lexical": 5}, {"$lexical": {"$match": 5}}])
def test_lexical_content_can_only_be_matched(clause: object) -> None:
    with refused("FILTER_INVALID_EXPRESSION"):
        parse(clause, LEXICAL)


@pytest.mark.parametrize("clause", [{"$lexical": {"$match": "x"}}, {"$lexical": "x"}, {"$lexical": {"$exists": True}}])
def test_lexical_filters_need_lexical_search(clause: object) -> None:
    with refused("LEXICAL_NOT_ENABLED_FOR_COLLECTION", "ks.c"):
        parse(clause)


def test_64_comparisons_are_allowed() -> None:
    clause = {"$and": [{f"f{n}": {"$gt": 1, "$lt": 9}} for n in range(31)], "a": 1, "$not": {"b": 1}}
    parse(clause)
    with refused("FILTER_FIELDS_LIMIT_VIOLATION", "64"):
        parse({**clause, "c": 1})


def test_100_choices_are_allowed() -> None:
    assert len(parse({"a": {"$in": list(range(100))}}).operand) == 100  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "clause",
    [
        {"$and": [{"_id": 1}, {"_id": 2}]},
        {"$and": [{"_id": {"$eq": 1}}, {"a": 1, "_id": {"$date": 2}}]},
        {"$or": [{"$and": [{"_id": 1}, {"_id": 2}]}]},
        {"$or": [{"_id": 1}, {"_id": 2}]},
        {"_id": 1, "$and": [{"_id": 2}]},
    ],
)
def test_a_filter_has_one_id(clause: object) -> None:
    with refused("FILTER_MULTIPLE_ID_FILTER", "$in"):
        parse(clause)


@pytest.mark.parametrize(
    "clause", [{"_id": 1, "$and": [{"_id": {"$in": [2]}}]}, {"$and": [{"_id": 1}, {"_id": {"$ne": 2}}]}]
)
def test_other_uses_of_the_id_are_fine(clause: object) -> None:
    parse(clause)


@pytest.mark.parametrize(
    ("definition", "clause"),
    [
        ({"deny": ["a"]}, {"a": 1}),
        ({"deny": ["a"]}, {"a.b": {"$exists": True}}),
        ({"allow": ["b"]}, {"$not": {"a": 1}}),
        ({"deny": ["*"]}, {"b": {"$ne": 1}}),
        ({"deny": ["a.b"]}, {"a.0.b": 1}),
    ],
)
def test_fields_that_are_not_indexed_cannot_be_filtered(definition: object, clause: object) -> None:
    with refused("FILTER_PATH_UNINDEXED", "indexing"):
        parse(clause, document_rules(indexing=parse_indexing(definition)))


@pytest.mark.parametrize("definition", [{"deny": ["_id"]}, {"deny": ["*"]}, {"allow": ["a"]}])
def test_an_id_that_is_not_indexed_can_only_be_given(definition: object) -> None:
    rules = document_rules(indexing=parse_indexing(definition))
    parse({"_id": 1}, rules)
    parse({"_id": {"$in": [1, 2]}}, rules)
    clauses: list[object] = [{"_id": {"$ne": 1}}, {"_id": {"$exists": True}}, {"$not": {"_id": 1}}, {"_id": {"$gt": 1}}]
    for clause in clauses:
        with refused("FILTER_ID_NOT_INDEXED", "_id"):
            parse(clause, rules)


@pytest.mark.parametrize("definition", [{"deny": ["*"]}, {"deny": ["$vector"]}])
def test_vectors_that_are_denied_an_index_cannot_be_asked_for(definition: object) -> None:
    rules = document_rules(dimension=2, indexing=parse_indexing(definition))
    with refused("FILTER_PATH_UNINDEXED", "$vector"):
        parse({"$vector": {"$exists": True}}, rules)
    parse({"$vector": {"$exists": True}}, document_rules(dimension=2, indexing=parse_indexing({"allow": ["a"]})))


@pytest.mark.parametrize("clause", [{"_id": {"a": 1}}, {"_id": {"$in": ["a", {"b": 1}]}}, {"_id": {"$uuid": "x"}}])
def test_what_no_id_can_be_is_refused(clause: object) -> None:
    code = "FILTER_INVALID_EXPRESSION" if "$uuid" in str(clause) else "SHRED_BAD_DOCID_TYPE"
    with refused(code, "_id"):
        parse(clause)


def nested(levels: int, name: str) -> object:
    clause: object = {"a": 1}
    for _ in range(levels):
        clause = {name: clause if name == "$not" else [clause]}
    return clause


@pytest.mark.parametrize("name", ["$and", "$or", "$not"])
def test_logic_may_nest_but_not_without_end(name: str) -> None:
    parse(nested(64, name))
    for levels in (65, 10_000):
        with refused("FILTER_INVALID_EXPRESSION", "64"):
            parse(nested(levels, name))


@pytest.mark.parametrize("array", [True, False])
def test_very_deep_values_are_refused_like_deep_ones(array: bool) -> None:
    value = deep(9_000, array=array)
    for clause in ({"a": {"$eq": value}}, {"a": {"$in": [value]}}, {"a": {"$all": [value]}}, {"a": {"b": value}}):
        with refused("FILTER_INVALID_EXPRESSION"):
            parse(clause)
    with refused("FILTER_INVALID_EXPRESSION"):
        parse({"a": {"$gt": value}})


@pytest.mark.parametrize(
    ("clause", "keys"),
    [
        ({}, None),
        ({"a": 1}, None),
        ({"_id": "x"}, ("s:x",)),
        ({"_id": None, "a": 1}, ("z",)),
        ({"_id": {"$uuid": UUID}}, (f"s:{UUID}",)),
        ({"_id": {"$date": 5}}, ("d:5",)),
        ({"_id": {"$in": ["b", "a", "b", 1, Decimal("1.0")]}}, ("s:b", "s:a", "n:1E0")),
        ({"_id": {"$in": []}}, ()),
        ({"_id": {"$in": [[1], "x"]}}, ("s:x",)),
        ({"_id": {"$uuid": UUID.upper()}}, (f"s:{UUID}",)),
        ({"_id": {"$eq": [1]}}, ()),
        ({"a": 1, "$and": [{"b": 1}, {"_id": 5}]}, ("n:5E0",)),
        ({"_id": {"$ne": 1}}, None),
        ({"$not": {"_id": {"$ne": 1}}}, ("n:1E0",)),
        ({"_id": {"$gt": 1}}, None),
    ],
)
def test_a_filter_tells_which_ids_it_is_limited_to(clause: object, keys: tuple[str, ...] | None) -> None:
    assert id_keys(parse(clause)) == keys


def test_ids_under_an_alternative_limit_nothing() -> None:
    assert id_keys(AnyOf((on("_id", Operator.EQ, 1), on("a", Operator.EQ, 1)))) is None
