"""What is sent to make one document of another, and what lets nobody else's change go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from astrolabe.dataapi.client.document_changes import change_between, editable, insertable, same, with_vector
from astrolabe.dataapi.client.target_info import TargetInfo, collection_info
from astrolabe.errors import RuleError

INFO: TargetInfo = collection_info("ks", {"name": "c", "options": {}})


def sent(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    command: dict[str, Any] = (
        change_between(INFO, {"_id": 1, **before}, {"_id": 1, **after}).planned().command["updateOne"]
    )
    return command


def test_only_what_changes_is_written_and_only_over_what_was_read() -> None:
    assert sent({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": None}) == {
        "filter": {"_id": 1, "b": {"$eq": 2}, "c": {"$eq": 3}, "d": {"$exists": False}},
        "update": {"$set": {"b": 5, "d": None}, "$unset": {"c": ""}},
    }


@pytest.mark.parametrize("indexing", [{"deny": ["b", "o.x"]}, {"allow": ["a"]}])
def test_what_no_filter_can_ask_for_is_written_all_the_same(indexing: dict[str, Any]) -> None:
    info = collection_info("ks", {"name": "c", "options": {"indexing": indexing}})
    before = {"_id": 1, "a": 1, "b": 2, "o": {"x": 3}}
    change = change_between(info, before, {"_id": 1, "a": 5, "b": 6, "o": {"x": 7}})
    assert change.planned().command["updateOne"] == {
        "filter": {"_id": 1, "a": {"$eq": 1}},
        "update": {"$set": {"a": 5, "b": 6, "o.x": 7}},
    }


def test_fields_of_objects_are_changed_by_themselves_and_lists_whole() -> None:
    before = {"o": {"x": 1, "a.b": {"y": 2}}, "tags": ["a", "b"]}
    after = {"o": {"x": 1, "a.b": {"y": 3}}, "tags": ["a"]}
    assert sent(before, after)["update"] == {"$set": {"o.a&.b.y": 3, "tags": ["a"]}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, Decimal("1.0")),
        (1, True),
        (0, False),
        (Decimal("1.10"), Decimal("1.1")),
        (None, ""),
        ({"$date": 1}, {"$date": 2}),
        ({}, {"a": 1}),
    ],
)
def test_values_of_another_type_or_with_other_digits_are_a_change(before: object, after: object) -> None:
    assert sent({"v": before}, {"v": after})["update"] == {"$set": {"v": after}}


def test_the_order_of_fields_is_no_change() -> None:
    assert not change_between(INFO, {"_id": 1, "o": {"a": 1, "b": 2}}, {"o": {"b": 2, "a": 1}, "_id": 1}).steps
    assert same({"a": [1, 2]}, {"a": [1, 2]})
    assert not same({"a": [1, 2]}, {"a": [2, 1]})


@pytest.mark.parametrize("after", [{"_id": 2}, {}, {"_id": "1"}])
def test_the_key_stays(after: dict[str, Any]) -> None:
    with pytest.raises(RuleError, match="_id is the key"):
        change_between(INFO, {"_id": 1}, after)


def test_a_text_takes_its_vector_along() -> None:
    before = {"_id": 1, "$vectorize": "old", "$vector": [1, 2]}
    edited = {**editable(before), "$vectorize": "new"}
    change = change_between(INFO, before, with_vector(before, edited))
    assert change.update == {"$set": {"$vectorize": "new"}}
    assert change.vectorized_again
    assert not change_between(INFO, before, with_vector(before, editable(before))).steps
    assert insertable(before) == {"_id": 1, "$vectorize": "old"}
    assert insertable({"_id": 1, "$vector": [1]}) == {"_id": 1, "$vector": [1]}


def test_a_text_and_a_vector_of_its_own_are_refused() -> None:
    before = {"_id": 1, "$vectorize": "old", "$vector": [1, 2]}
    with pytest.raises(RuleError, match="one of the two"):
        change_between(INFO, before, {"_id": 1, "$vectorize": "new", "$vector": [3, 4]})
    assert change_between(INFO, before, {**before, "$vector": [3, 4]}).update == {"$set": {"$vector": [3, 4]}}
