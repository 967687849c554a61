"""``$vector`` and ``$vectorize`` in updates: the contract's table row by row, and the way into the store."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from astrolabe.dataapi.language.document_rules import prepare_document
from astrolabe.dataapi.language.updates import UpdatedDocument, parse_update
from astrolabe.dataapi.language.vectors import parse_vector, same_vector
from tests.dataapi.language.refusals import deep, refused
from tests.support.rules import document_rules

RULES = document_rules(dimension=2, vectorize=True, lexical=True)
STORED = {"_id": 1, "$vectorize": "red", "$vector": None, "a": 1}


def update(clause: object, document: dict[str, Any] = STORED, *, upsert: bool = False) -> UpdatedDocument:
    return parse_update(clause, RULES).apply(document, upsert=upsert)


def test_a_new_vector_drops_the_text() -> None:
    result = update({"$set": {"$vector": [1, 2]}})
    assert result.document == {"_id": 1, "$vector": [1, 2], "a": 1}
    assert (result.keeps_vector, result.embed) == (False, None)


def test_a_new_text_is_embedded() -> None:
    result = update({"$set": {"$vectorize": "blue"}})
    assert result.document == {**STORED, "$vectorize": "blue"}
    assert (result.keeps_vector, result.embed) == (False, "blue")


def test_the_first_text_is_embedded() -> None:
    result = update({"$set": {"$vectorize": "blue"}}, {"_id": 1})
    assert result.document == {"_id": 1, "$vectorize": "blue", "$vector": None}
    assert (result.keeps_vector, result.embed) == (False, "blue")


def test_the_same_text_is_not_embedded_again() -> None:
    result = update({"$set": {"$vectorize": "red"}})
    assert (result.document, result.keeps_vector, result.embed) == (STORED, True, None)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_null_and_blank_texts_give_a_null_vector(text: str | None) -> None:
    result = update({"$set": {"$vectorize": text}})
    assert result.document == {**STORED, "$vectorize": text}
    assert (result.keeps_vector, result.embed) == (False, None)


def test_a_null_vector_drops_vector_and_text() -> None:
    result = update({"$set": {"$vector": None}})
    assert result.document == {"_id": 1, "$vector": None, "a": 1}
    assert not result.keeps_vector


@pytest.mark.parametrize("name", ["$vector", "$vectorize"])
def test_unsetting_one_removes_both(name: str) -> None:
    result = update({"$unset": {name: ""}})
    assert result.document == {"_id": 1, "a": 1}
    assert (result.keeps_vector, result.embed) == (False, None)


def test_set_on_insert_works_as_set_on_upsert() -> None:
    clause = {"$setOnInsert": {"$vectorize": "blue"}}
    assert update(clause, {}, upsert=True).embed == "blue"
    assert update(clause).keeps_vector
    assert update({"$setOnInsert": {"$vector": [1, 2]}}, {}, upsert=True).document == {"$vector": [1, 2]}


def test_other_fields_leave_the_vector_alone() -> None:
    result = update({"$set": {"a": 2}, "$unset": {"$lexical": 1}})
    assert (result.keeps_vector, result.embed) == (True, None)


@pytest.mark.parametrize(
    "clause",
    [
        {"$set": {"$vector": [1, 2], "$vectorize": "x"}},
        {"$setOnInsert": {"$vector": None, "$vectorize": None}},
        {"$unset": {"$vector": 1, "$vectorize": 1}},
        {"$set": {"$vector": [1, 2]}, "$unset": {"$vectorize": 1}},
        {"$set": {"$vectorize": "x"}, "$setOnInsert": {"$vector": [1, 2]}},
    ],
)
def test_both_at_once_are_refused(clause: object) -> None:
    with refused("INVALID_USAGE_OF_VECTORIZE"):
        parse_update(clause, RULES)


@pytest.mark.parametrize("operator", ["$min", "$max", "$push", "$pop", "$addToSet", "$currentDate", "$rename"])
@pytest.mark.parametrize("name", ["$vector", "$vectorize", "$lexical"])
def test_other_operators_do_not_apply(operator: str, name: str) -> None:
    code = f"UNSUPPORTED_UPDATE_OPERATOR_FOR_{name[1:].upper()}"
    with refused(code, operator, name):
        parse_update({operator: {name: 1}}, RULES)


@pytest.mark.parametrize("operator", ["$inc", "$mul"])
@pytest.mark.parametrize("name", ["$vector", "$vectorize", "$lexical", "$x"])
def test_arithmetic_takes_every_name_with_a_dollar_for_a_modifier(operator: str, name: str) -> None:
    with refused("UNSUPPORTED_UPDATE_OPERATION_MODIFIER", operator, name):
        parse_update({operator: {name: 1}}, RULES)


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ({"$set": {"$vector": "x"}}, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"),
        ({"$set": {"$vector": []}}, "SHRED_BAD_VECTOR_SIZE"),
        ({"$set": {"$vector": [1, "x"]}}, "SHRED_BAD_VECTOR_VALUE"),
        ({"$set": {"$vector": deep(10_000)}}, "SHRED_BAD_VECTOR_VALUE"),
        ({"$set": {"$vector": {"$binary": "?"}}}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ({"$set": {"$vector": [1, 2, 3]}}, "INVALID_VECTOR_LENGTH"),
        ({"$set": {"$vector": [0, 0]}}, "INVALID_DATABASE_QUERY"),
        ({"$set": {"$vectorize": 5}}, "INVALID_VECTORIZE_VALUE_TYPE"),
        ({"$set": {"$vector.0": 1}}, "SHRED_BAD_FIELD_NAME"),
        ({"$unset": {"$vectorize.a": 1}}, "SHRED_BAD_FIELD_NAME"),
        ({"$set": {"$vector": [1, 2]}, "$unset": {"$vector": 1}}, "UNSUPPORTED_UPDATE_OPERATION_PARAM"),
    ],
)
def test_a_wrong_value_is_refused(clause: object, code: str) -> None:
    with refused(code):
        parse_update(clause, RULES)


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ({"$set": {"$vector": [1, 2]}}, "VECTOR_SEARCH_NOT_SUPPORTED"),
        ({"$set": {"$vectorize": "x"}}, "EMBEDDING_SERVICE_NOT_CONFIGURED"),
        ({"$setOnInsert": {"$vectorize": None}}, "VECTOR_SEARCH_NOT_SUPPORTED"),
    ],
)
def test_a_collection_without_vectors_takes_none(clause: object, code: str) -> None:
    with refused(code):
        parse_update(clause, document_rules())


def test_an_update_becomes_a_document_to_store() -> None:
    stored = parse_vector([Decimal("0.5"), 1], 2)
    kept = update({"$set": {"a": 2}})
    same = prepare_document(kept.document, RULES, stored_vector=stored)
    assert same.vector is stored
    assert '"$vector":null' in same.text

    replaced = update({"$set": {"$vector": [3, 4]}})
    other = prepare_document(replaced.document, RULES)
    assert not same_vector(other.vector, stored)
    assert other.text == '{"_id":1,"$vector":null,"a":1}'

    embedded = update({"$set": {"$vectorize": "blue"}})
    embedded.document["$vector"] = np.array([0.25, 0.5], np.float32)
    found = prepare_document(embedded.document, RULES)
    assert found.vector is not None
    assert found.vector.data.tolist() == [0.25, 0.5]

    removed = update({"$unset": {"$vector": 1}})
    assert prepare_document(removed.document, RULES).vector is None
