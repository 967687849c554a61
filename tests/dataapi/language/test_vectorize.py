"""``$vectorize`` and ``$hybrid`` in documents to insert."""

from __future__ import annotations

from typing import Any

import pytest

from astrolabe.dataapi.language.vectorize import PendingText, plan_vectorize
from tests.dataapi.language.refusals import refused
from tests.support.rules import document_rules

RULES = document_rules(dimension=2, vectorize=True)


def test_texts_are_found_with_the_position_of_their_document() -> None:
    documents = [{"a": 1}, {"$vectorize": "red"}, {"$vector": [1, 2]}, {"$vectorize": "blue", "b": 1}]
    planned, pending = plan_vectorize(documents, RULES)
    assert pending == [PendingText(1, "red"), PendingText(3, "blue")]
    assert planned == documents


@pytest.mark.parametrize("text", [None, "", "  \n\t"])
def test_null_and_blank_texts_give_a_null_vector(text: str | None) -> None:
    given: dict[str, Any] = {"_id": 1, "$vectorize": text}
    planned, pending = plan_vectorize([given], document_rules(dimension=2))
    assert (planned, pending) == ([{"_id": 1, "$vectorize": text, "$vector": None}], [])
    without_vectors, pending = plan_vectorize([given], document_rules())
    assert (without_vectors, pending) == ([given], [])
    assert "$vector" not in given, "the document given is not changed"


@pytest.mark.parametrize(
    "document",
    [{"$vectorize": "x", "$vector": [1, 2]}, {"$vectorize": None, "$vector": [1]}, {"$vector": None, "$vectorize": 5}],
)
def test_a_vector_and_a_text_exclude_each_other(document: dict[str, Any]) -> None:
    with refused("INVALID_USAGE_OF_VECTORIZE", "issue in document at position 2"):
        plan_vectorize([{}, document], RULES)


@pytest.mark.parametrize(("value", "kind"), [(5, "Number"), (True, "Boolean"), (["x"], "Array"), ({"a": 1}, "Object")])
def test_a_text_is_a_string(value: object, kind: str) -> None:
    with refused("INVALID_VECTORIZE_VALUE_TYPE", f"needs to be String, not {kind}", "position 1"):
        plan_vectorize([{"$vectorize": value}], RULES)


def test_a_text_needs_an_embedding_service() -> None:
    with refused("EMBEDDING_SERVICE_NOT_CONFIGURED", "ks.c"):
        plan_vectorize([{"$vectorize": "x"}], document_rules(dimension=2))


def test_what_is_no_document_is_left_to_the_document_rules() -> None:
    assert plan_vectorize([1, None, []], RULES) == ([1, None, []], [])


@pytest.mark.parametrize(
    ("value", "expanded", "text"),
    [
        ("red", {"$vectorize": "red", "$lexical": "red"}, "red"),
        ({"$vectorize": "v", "$lexical": "l"}, {"$vectorize": "v", "$lexical": "l"}, "v"),
        ({"$lexical": "l"}, {"$vectorize": None, "$lexical": "l", "$vector": None}, None),
        (None, {"$vectorize": None, "$lexical": None, "$vector": None}, None),
    ],
)
def test_hybrid_stands_for_a_text_to_embed_and_one_to_search(
    value: object, expanded: dict[str, Any], text: str | None
) -> None:
    planned, pending = plan_vectorize([{"a": 1, "$hybrid": value, "b": 2}], RULES)
    assert planned == [{"a": 1, **expanded, "b": 2}]
    assert [found.text for found in pending] == ([] if text is None else [text])
    assert next(iter(planned[0])) == "a"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"$hybrid": "x", "$vector": [1]}, "HYBRID_FIELD_CONFLICT"),
        ({"$hybrid": "x", "$lexical": None}, "HYBRID_FIELD_CONFLICT"),
        ({"$vectorize": "x", "$hybrid": "x"}, "HYBRID_FIELD_CONFLICT"),
        ({"$hybrid": 5}, "HYBRID_FIELD_UNSUPPORTED_VALUE_TYPE"),
        ({"$hybrid": ["x"]}, "HYBRID_FIELD_UNSUPPORTED_VALUE_TYPE"),
        ({"$hybrid": {"$vectorize": 5}}, "HYBRID_FIELD_UNSUPPORTED_SUBFIELD_VALUE_TYPE"),
        ({"$hybrid": {"$vectorize": "x", "a": 5}}, "HYBRID_FIELD_UNKNOWN_SUBFIELDS"),
    ],
)
def test_a_wrong_hybrid_field_is_refused(document: dict[str, Any], code: str) -> None:
    with refused(code):
        plan_vectorize([document], RULES)
