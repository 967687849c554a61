"""What the comparer lets pass, and what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from astrolabe.dataapi.compare import Answer, Comparer
from astrolabe.dataapi.protocol import Json, JsonValue
from storage import jsontext

FIND = {"find": {"filter": {"nosuch": 1}}}
ERROR = {
    "id": "1",
    "family": "REQUEST",
    "scope": "FILTER",
    "errorCode": "UNKNOWN_TABLE_COLUMNS",
    "title": "Columns unknown",
    "message": "The command used the unknown columns: nosuch.",
}


def places(
    expected: JsonValue, found: JsonValue, request: JsonValue = FIND, comparer: Comparer | None = None
) -> list[str]:
    compared = (comparer or Comparer()).compare(request, Answer(200, expected), Answer(200, found))
    return [difference.place for difference in compared]


def documents(*found: JsonValue, state: str | None = None) -> Json:
    return {"data": {"documents": list(found), "nextPageState": state}}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"errorCode": "OTHER"}, ["errors[0].errorCode"]),
        ({"title": "Other"}, ["errors[0].title"]),
        ({"scope": "SORT"}, ["errors[0].scope"]),
        ({"documentIds": ["1"]}, ["errors[0].documentIds"]),
        ({"message": "Some column is unknown."}, ["errors, messages"]),
        ({"message": "There is no column nosuch here.", "id": "2"}, []),
    ],
)
def test_errors_are_the_same_by_code_title_scope_and_the_names_they_name(changed: JsonValue, place: list[str]) -> None:
    assert places({"errors": [ERROR]}, {"errors": [{**ERROR, **changed}]}) == place


def test_warnings_are_compared_like_errors_and_have_no_order() -> None:
    other = {**ERROR, "errorCode": "MISSING_INDEX"}
    one = {"status": {"warnings": [ERROR, other]}}
    assert places(one, {"status": {"warnings": [other, {**ERROR, "id": "9"}]}}) == []
    assert places(one, {"status": {"warnings": [other]}}) != []


def test_documents_have_an_order_only_where_one_was_asked_for() -> None:
    one, other = documents({"a": 1}, {"a": 2}), documents({"a": 2}, {"a": 1})
    assert places(one, other) == []
    assert places(one, other, {"find": {"sort": {"a": 1}}}) == ["data.documents (order)"]
    assert places(one, documents({"a": 2}, {"a": 3}), {"find": {"sort": {"a": 1}}}) == [
        "data.documents[0].a",
        "data.documents[1].a",
    ]


@pytest.mark.parametrize(("one", "other"), [("1", "1.0"), ("1", "true"), ("0.1", "0.10000001"), ("1", '"1"')])
def test_numbers_are_the_same_by_value_and_by_kind(one: str, other: str) -> None:
    assert places(documents({"a": jsontext.loads(one)}), documents({"a": jsontext.loads(other)})) != []


def test_calculated_numbers_may_differ_in_their_last_digits() -> None:
    assert places(documents({"$similarity": 0.9999999}), documents({"$similarity": 0.99999994})) == []
    assert places(documents({"$similarity": 0.99}), documents({"$similarity": 0.98})) != []


def test_made_up_ids_stand_for_one_another_everywhere() -> None:
    first, second = "162312ef-7f88-412d-a312-ef7f88012d3d", "bae71ec1-5050-4290-a71e-c15050029077"
    third = "bb977cda-d8eb-467b-977c-dad8ebd67b9f"
    comparer = Comparer()
    insert: Json = {"insertOne": {"document": {}}}
    assert places({"status": {"insertedIds": [first]}}, {"status": {"insertedIds": [second]}}, insert, comparer) == []
    assert places(documents({"_id": first}), documents({"_id": second}), comparer=comparer) == []
    assert places(documents({"_id": first}), documents({"_id": third}), comparer=comparer) != []
    assert places(documents({"_id": first}), documents({"_id": third}), {"find": {"filter": {"_id": first}}}) != []


def test_a_page_state_is_only_there_or_not_and_the_next_request_has_our_own() -> None:
    comparer = Comparer()
    assert places(documents(state="abc"), documents(state="xyz"), comparer=comparer) == []
    assert comparer.translate({"find": {"options": {"pageState": "abc"}}}) == {
        "find": {"options": {"pageState": "xyz"}}
    }
    assert places(documents(state="abc"), documents(state=None)) == ["data.nextPageState"]


def test_the_order_of_a_primary_key_counts() -> None:
    one = {"status": {"primaryKeySchema": {"a": {"type": "int"}, "b": {"type": "int"}}}}
    other = {"status": {"primaryKeySchema": dict(reversed(one["status"]["primaryKeySchema"].items()))}}
    assert places(one, one) == []
    assert places(one, other) != []


def test_what_is_there_in_one_answer_alone_is_a_difference() -> None:
    assert places({"status": {"ok": 1}}, {}) == ["status"]
    assert places({}, {"data": {}}) == ["data"]
    assert places(documents({"a": 1}), documents({"a": 1}, {"b": 1})) == ["data.documents[1]"]


def test_the_status_of_http_comes_first() -> None:
    compared = Comparer().compare(FIND, Answer(200, {}), Answer(404, {"text": ""}))
    assert list(map(str, compared)) == ["HTTP status: 200 expected, 404 found"]


MADE = ("8f7b8ab0-6d1c-4f0e-9d3b-2a1c5e6f7a80", "1b2c3d4e-5f60-4718-92a3-b4c5d6e7f801")


@pytest.mark.parametrize(
    "answer",
    [
        lambda made: {"data": {"documents": [{"_id": made, "n": 1}]}},
        lambda made: {"data": {"document": {"_id": made, "n": 1}}},
        lambda made: {"status": {"matchedCount": 0, "upsertedId": made}},
    ],
    ids=["find", "findOne", "updateOne"],
)
def test_ids_that_each_server_made_are_the_same_in_sorted_answers_too(answer: Callable[[str], Json]) -> None:
    comparer, request = Comparer(), {"find": {"sort": {"n": 1}}}
    here, there = map(answer, MADE)
    assert places(here, there, request, comparer) == []
    assert places(here, there, request, comparer) == []
    assert places(here, answer(MADE[0].replace("8", "9")), request, comparer) != []
