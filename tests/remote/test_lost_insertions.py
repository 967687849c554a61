"""An insertion whose answer was lost: only a document that is stored as it was sent counts as stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from astrolabe.remote.insertions import questions, stored_of

BINARY = {"$binary": "PczMzT6ZmZo="}


def stored(sent: dict[str, Any], found: dict[str, Any]) -> bool:
    return stored_of([{"_id": 1} | sent], [{"_id": 1} | found]) == {0}


def test_whole_documents_are_asked_for() -> None:
    [question] = questions([{"_id": 1}])
    assert question["find"]["projection"] == {"*": 1}


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"$vector": [0.1, 0.3]}, {"$vector": [Decimal("0.1"), Decimal("0.30000001")]}),
        ({"$vector": BINARY}, {"$vector": [0.1, 0.3]}),
        ({"$vector": [0.1, 0.3]}, {"$vector": BINARY}),
        ({"$vectorize": "a"}, {"$vectorize": "a", "$vector": [1, 2]}),
        ({"$hybrid": "a"}, {"$vectorize": "a", "$lexical": "a", "$vector": [1, 2]}),
        ({"$hybrid": {"$vectorize": "a", "$lexical": "b"}}, {"$vectorize": "a", "$lexical": "b", "$vector": [1]}),
        ({"$vector": None, "n": None}, {"n": None}),
        ({"n": 1.0, "m": 10**30}, {"n": 1, "m": Decimal("1E30")}),
    ],
)
def test_a_document_that_is_stored_as_it_was_sent_is_found_again(sent: dict[str, Any], found: dict[str, Any]) -> None:
    assert stored(sent, found)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"$vector": [0.1, 0.3]}, {"$vector": [0.1, 0.4]}),
        ({"$vector": [0.1, 0.3]}, {}),
        ({"n": 1}, {"n": 1, "$vector": [1, 2]}),
        ({"$vectorize": "a"}, {"$vectorize": "b", "$vector": [1, 2]}),
        ({"$lexical": "a"}, {"$lexical": "b"}),
        ({"$lexical": "a"}, {}),
        ({"$hybrid": "a"}, {"$vectorize": "a", "$lexical": "b"}),
        ({"$vector": {"$binary": "no"}}, {"$vector": [1]}),
        ({"n": 10**30}, {"n": 10**30 + 1}),
        ({"n": None}, {}),
    ],
)
def test_another_document_of_the_same_id_is_not_what_was_sent(sent: dict[str, Any], found: dict[str, Any]) -> None:
    assert not stored(sent, found)
