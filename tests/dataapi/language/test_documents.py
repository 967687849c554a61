"""Documents: ids, extended JSON, field names and limits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from astrolabe.dataapi.language.document_rules import PreparedDocument, prepare_document, restored
from astrolabe.dataapi.language.indexing import IndexingRules, parse_indexing
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.vectors import parse_vector
from storage import jsontext
from storage.shapes import COLLECTION_VECTOR
from tests.dataapi.language.refusals import deep, refused
from tests.dataapi.language.strategies import documents
from tests.support.rules import document_rules

PLAIN = document_rules()
VECTORS = document_rules(dimension=2)
LEXICAL = document_rules(lexical=True)
UUID = "123e4567-e89b-42d3-a456-426614174000"


def prepare(document: object, rules: DocumentRules = PLAIN) -> PreparedDocument:
    return prepare_document(document, rules)


def test_the_id_moves_to_the_front() -> None:
    prepared = prepare({"b": 1, "_id": "x", "a": 2})
    assert list(prepared.body) == ["_id", "b", "a"]
    assert (prepared.id, prepared.key, prepared.text) == ("x", "s:x", '{"_id":"x","b":1,"a":2}')


@pytest.mark.parametrize("value", [None, 0, False, {"$date": 1}, {"$uuid": UUID}])
def test_an_id_that_is_given_stays_as_given(value: object) -> None:
    prepared = prepare({"_id": value})
    assert prepared.id == value
    assert prepared.body == {"_id": value}


def test_a_missing_id_is_made() -> None:
    prepared = prepare({"a": 1})
    assert isinstance(prepared.id, str)
    assert list(prepared.body) == ["_id", "a"]
    assert prepare({"a": 1}).id != prepared.id


def test_a_bad_id_fails_the_document() -> None:
    with refused("SHRED_BAD_DOCID_TYPE"):
        prepare({"_id": [1]})


@pytest.mark.parametrize("document", [None, 1, "x", [], [{}], True])
def test_a_document_is_an_object(document: object) -> None:
    with refused("SHRED_BAD_DOCUMENT_TYPE"):
        prepare(document)


@pytest.mark.parametrize(
    "value", [{"$date": -1}, {"$uuid": UUID.upper()}, {"$objectId": "a" * 24}, {"$binary": ""}, {"$binary": "AA=="}]
)
def test_extended_json_comes_back_in_the_same_form(value: object) -> None:
    assert prepare({"_id": 1, "f": value, "g": [value]}).body == {"_id": 1, "f": value, "g": [value]}


@pytest.mark.parametrize(
    "value",
    [
        {"$date": "2020-01-01"},
        {"$date": Decimal("1.5")},
        {"$date": Decimal("1.0")},
        {"$date": None},
        {"$date": True},
        {"$date": 2**63},
        {"$uuid": "x"},
        {"$uuid": 1},
        {"$uuid": UUID + "0"},
        {"$objectId": "g" * 24},
        {"$objectId": "a" * 23},
        {"$objectId": 5},
        {"$binary": "A"},
        {"$binary": "AA"},
        {"$binary": "AA =="},
        {"$binary": [1]},
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_bad_inner_value_is_refused(value: object, nested: bool) -> None:
    with refused("SHRED_BAD_EJSON_VALUE", "f.g" if nested else "'f'"):
        prepare({"f": {"g": [value]}} if nested else {"f": value})


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"": 1}, "empty"),
        ({"a": {"": 1}}, "'a'"),
        ({"$a": 1}, '"$a"'),
        ({"$similarity": 1}, '"$similarity"'),
        ({"a": {"$vector": [1]}}, '"$vector"'),
        ({"a": [{"$b": 1}]}, '"$b"'),
        ({"a": {"$date": 1, "b": 2}}, '"$date"'),
        ({"a": {"$date": 1, "$uuid": UUID}}, '"$date"'),
        ({"$date": 1}, '"$date"'),
    ],
)
def test_a_bad_field_name_is_refused(document: object, word: str) -> None:
    with refused("SHRED_BAD_FIELD_NAME", word):
        prepare(document)


def test_odd_names_are_names() -> None:
    document = {"_id": 1, "a.b": 1, "a$": 2, "&": 3, " ": 4, "0": 5, "\0": 6}
    assert prepare(document).body == document


def wide(count: int) -> dict[str, Any]:
    return {f"f{number}": 1 for number in range(count)}


@pytest.mark.parametrize(
    ("fits", "too_much", "word"),
    [
        ({"a": deep(15)}, {"a": deep(16)}, "deep"),
        ({"a": deep(15, array=False)}, {"a": deep(16, array=False)}, "deep"),
        ({"a": wide(1000)}, {"a": wide(1001)}, "1001"),
        (
            {"_id": 1, "a": wide(1000), "b": wide(997)},
            {"_id": 1, "a": wide(1000), "b": wide(998)},
            "2001",
        ),
        ({"a": [1] * 1000}, {"a": [1] * 1001}, "'a'"),
        ({"a": [[1] * 1000]}, {"a": [[1] * 1001]}, "'a'"),
        ({"a": "x" * 8000}, {"a": "x" * 8001}, "8001"),
        ({"a": "ä" * 4000}, {"a": "ä" * 4000 + "x"}, "8001"),
        ({"a": "€" * 2666 + "xx"}, {"a": "€" * 2667}, "8001"),
        ({"a": ["x" * 8000]}, {"a": ["x" * 8001]}, "'a'"),
        ({"a" * 500: {"b" * 499: 1}}, {"a" * 500: {"b" * 500: 1}}, "1001"),
        ({"a" * 998: [{"b": 1}]}, {"a" * 999: [{"b": 1}]}, "1001"),
        ({"." * 500: 1}, {"." * 501: 1}, "1002"),
        ({"a": 10**99}, {"a": 10**100}, "101"),
        ({"a": Decimal("0." + "1" * 98)}, {"a": Decimal("0." + "1" * 99)}, "101"),
        ({"a": [{"b": 10**99}]}, {"a": [{"b": 10**5000}]}, "'a.b'"),
    ],
)
def test_limits(fits: dict[str, Any], too_much: dict[str, Any], word: str) -> None:
    prepare(fits)
    with refused("SHRED_DOC_LIMIT_VIOLATION", word):
        prepare(too_much)


def test_a_document_has_at_most_four_million_characters() -> None:
    rules = document_rules(indexing=parse_indexing({"deny": ["a"]}))
    around = len(prepare({"_id": 1, "a": ""}, rules).text)
    prepare({"_id": 1, "a": "ä" * (4_000_000 - around)}, rules)
    with refused("SHRED_DOC_LIMIT_VIOLATION", "4000001"):
        prepare({"_id": 1, "a": "ä" * (4_000_001 - around)}, rules)


def test_the_vector_counts_into_the_size() -> None:
    rules = document_rules(dimension=2, indexing=parse_indexing({"deny": ["a"]}))
    long = Decimal("0." + "1" * 90)
    around = len(prepare({"_id": 1, "a": "", "$vector": None}, rules).text) + len(f"[{long},{long}]")
    prepare({"_id": 1, "a": "x" * (4_000_000 - around), "$vector": [long, long]}, rules)
    with refused("SHRED_DOC_LIMIT_VIOLATION"):
        prepare({"_id": 1, "a": "x" * (4_000_001 - around), "$vector": [long, long]}, rules)


@pytest.mark.parametrize(
    "value",
    ["x" * 8001, [1] * 1001, wide(1001), [wide(1000)] * 3, {"b": "x" * 8001}, [{"b": ["x" * 8001]}]],
)
@pytest.mark.parametrize("definition", [{"deny": ["a"]}, {"allow": ["b"]}, {"deny": ["*"]}])
def test_fields_that_are_not_indexed_escape_the_value_limits(value: object, definition: object) -> None:
    document = {"_id": 1, "a": value}
    assert prepare(document, document_rules(indexing=parse_indexing(definition))).body == document
    with refused("SHRED_DOC_LIMIT_VIOLATION"):
        prepare(document)


@pytest.mark.parametrize("value", [deep(16), {"b" * 999: 1}, 10**100])
def test_fields_that_are_not_indexed_keep_the_other_limits(value: object) -> None:
    with refused("SHRED_DOC_LIMIT_VIOLATION"):
        prepare({"a": value}, document_rules(indexing=IndexingRules(deny=frozenset({("a",)}))))


def test_a_part_of_a_field_may_be_left_out() -> None:
    rules = document_rules(indexing=parse_indexing({"deny": ["a.text"]}))
    prepare({"a": [{"text": "x" * 8001, "b": "x"}]}, rules)
    with refused("SHRED_DOC_LIMIT_VIOLATION", "'a.b'"):
        prepare({"a": [{"text": "x", "b": "x" * 8001}]}, rules)


def test_a_text_to_embed_may_be_long() -> None:
    prepare({"$vectorize": "x" * 100_000}, LEXICAL)


def test_the_words_to_search_in_have_8192_bytes_at_most() -> None:
    prepare({"$lexical": f"{' ' * 50_000}{'größe ' * 1170}"}, LEXICAL)
    with refused("LEXICAL_CONTENT_TOO_LONG", "8192"):
        prepare({"$lexical": "größe " * 1171}, LEXICAL)


def test_binary_values_may_be_long() -> None:
    prepare({"a": {"$binary": "A" * 100_000}})


@pytest.mark.parametrize("array", [True, False])
def test_very_deep_documents_are_refused_like_deep_ones(array: bool) -> None:
    with refused("SHRED_DOC_LIMIT_VIOLATION", "16"):
        prepare({"a": deep(10_000, array=array)})


@pytest.mark.parametrize("value", [1, True, ["x"], {"a": 1}])
def test_lexical_content_is_text(value: object) -> None:
    with refused("SHRED_BAD_DOCUMENT_LEXICAL_TYPE"):
        prepare({"$lexical": value}, LEXICAL)


def test_lexical_content_needs_lexical_search() -> None:
    prepare({"$lexical": None})
    prepare({"$lexical": "x"}, LEXICAL)
    with refused("LEXICAL_NOT_ENABLED_FOR_COLLECTION"):
        prepare({"$lexical": "x"})


def test_the_vector_is_kept_beside_the_body_and_its_place_in_it() -> None:
    document = {"_id": 1, "$vector": [Decimal("0.1"), 2], "a": 1}
    prepared = prepare(document, VECTORS)
    assert prepared.text == '{"_id":1,"$vector":null,"a":1}'
    assert list(prepared.to_item().vectors) == [COLLECTION_VECTOR]
    assert prepared.to_item().key == "n:1E0"
    shown = restored(prepared.body, prepared.vector)
    assert jsontext.dumps(shown) == jsontext.dumps(document)


@pytest.mark.parametrize("document", [{"_id": 1}, {"_id": 1, "$vector": None}])
def test_a_document_without_a_vector_stores_none(document: dict[str, Any]) -> None:
    prepared = prepare(document, VECTORS)
    assert prepared.to_item().vectors == {}
    assert restored(prepared.body, prepared.vector) == document


def test_an_updated_document_keeps_its_stored_vector() -> None:
    stored = parse_vector([1, 2], 2)
    assert prepare_document({"_id": 1, "$vector": None}, VECTORS, stored_vector=stored).vector is stored


def test_half_a_surrogate_pair_survives() -> None:
    prepared = prepare({"_id": 1, "a": "\ud800ä", "\ude00": 1})
    assert prepared.text.isascii()
    assert jsontext.loads(prepared.text) == prepared.body


def test_numbers_keep_their_digits() -> None:
    text = '{"_id":1.50,"a":0.1234567890123456789012345678901234567890123456789012,"b":123456789012345678901234567890}'
    assert prepare(jsontext.loads(text)).text == text


def test_the_document_given_is_not_changed() -> None:
    document = {"a": 1, "_id": 2, "$vector": [1, 2]}
    before = json.dumps(document)
    prepare(document, VECTORS)
    assert json.dumps(document) == before


@given(documents)
def test_any_legal_document_comes_back_as_it_went_in(document: dict[str, Any]) -> None:
    rules = document_rules(lexical=True)
    body = {"_id": "x", **document}
    prepared = prepare(body, rules)
    assert jsontext.loads(prepared.text) == body
    assert list(jsontext.loads(prepared.text)) == list(body)
