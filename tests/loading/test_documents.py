"""From a row to a document: where its vector comes from, which id it gets, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import simplejson

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import RuleError
from astrolabe.loading.document_builder import DocumentBuilder
from astrolabe.loading.formats.detect import inspect_file
from astrolabe.loading.formats.readers import FileRows
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.prepared import PreparedRow
from astrolabe.loading.survey import Surveyor
from astrolabe.loading.vector_field import check_vector_field
from astrolabe.portal.organization import ServiceConfig
from storage.loads.ledger import FailedRow
from tests.support.infos import info_of


def collection(*, service: bool = False, dimension: int | None = None, default_id: str | None = None) -> TargetInfo:
    options: dict[str, Any] = {"defaultId": {"type": default_id}} if default_id else {}
    config = ServiceConfig("embedded", "wordllama") if service else None
    return info_of("docs", dimension=dimension, service=config, **options)


VECTORIZING = collection(service=True, dimension=2)
PLAIN_VECTOR = collection(dimension=2)
NO_VECTOR = collection()


def build(
    folder: Path,
    rows: list[Any] | str,
    info: TargetInfo,
    vector_field: str | None = None,
    name: str = "a.jsonl",
    *,
    words: bool = False,
) -> list[PreparedRow | FailedRow]:
    path = folder / name
    path.write_text(rows if isinstance(rows, str) else "".join(simplejson.dumps(row) + "\n" for row in rows))
    file = inspect_file(path)
    with Surveyor(file) as surveyor:
        while surveyor.step():
            pass
        survey = surveyor.finish()
    builder = DocumentBuilder(survey, LoadPlan(path, "db", info, vector_field, words=words))
    with FileRows(file) as reader:
        return [builder.build(row) for row in reader]


def document(outcome: PreparedRow | FailedRow) -> dict[str, Any]:
    assert isinstance(outcome, PreparedRow), outcome
    return outcome.document


def reason(outcome: PreparedRow | FailedRow) -> str:
    assert isinstance(outcome, FailedRow), outcome
    return outcome.reason


def test_the_text_is_made_searchable_by_words_where_the_row_has_none_of_its_own(tmp_path: Path) -> None:
    rows = [{"text": "a red chair"}, {"text": "a lamp", "$lexical": "light"}, {"text": "a desk", "$hybrid": "desk"}]
    first, second, third = build(tmp_path, rows, VECTORIZING, "text", words=True)
    assert (document(first)["$lexical"], document(first)["$vectorize"]) == ("a red chair", "a red chair")
    assert document(second)["$lexical"] == "light"
    assert not (isinstance(third, PreparedRow) and "$lexical" in third.document)


def test_the_text_is_vectorized_and_stays_in_its_field(tmp_path: Path) -> None:
    [outcome] = build(tmp_path, [{"_id": 1, "text": "a red bicycle", "price": 12}], VECTORIZING, "text")
    assert document(outcome) == {"_id": 1, "text": "a red bicycle", "price": 12, "$vectorize": "a red bicycle"}


@pytest.mark.parametrize("value", [[0.5, 1], "[0.5, 1]"])
def test_numbers_become_the_vector_and_leave_their_field(tmp_path: Path, value: object) -> None:
    [outcome] = build(tmp_path, [{"_id": 1, "numbers": value}], PLAIN_VECTOR, "numbers")
    assert simplejson.dumps(document(outcome)) == '{"_id": 1, "$vector": [0.5, 1]}'


@pytest.mark.parametrize(
    ("row", "info", "field", "words"),
    [
        ({"a": 1}, VECTORIZING, "text", "the Vector Field 'text' is missing"),
        ({"text": None}, VECTORIZING, "text", "the Vector Field 'text' is null"),
        ({"text": ""}, VECTORIZING, "text", "the Vector Field 'text' is empty"),
        ({"text": " \n\t"}, VECTORIZING, "text", "the Vector Field 'text' is empty"),
        ({"text": 5}, VECTORIZING, "text", "the Vector Field 'text' holds a number, not a text"),
        ({"text": True}, VECTORIZING, "text", "holds true or false, not a text"),
        ({"text": [1, 2]}, VECTORIZING, "text", "holds an array of numbers, not a text"),
        ({"text": {"a": 1}}, VECTORIZING, "text", "holds an object, not a text"),
        ({"text": []}, PLAIN_VECTOR, "text", "is empty"),
        ({"text": "words"}, PLAIN_VECTOR, "text", "holds a text; without an embedding service it needs numbers"),
        ({"text": ["a"]}, PLAIN_VECTOR, "text", "holds an array; without an embedding service"),
        ({"text": [1, True]}, PLAIN_VECTOR, "text", "holds an array; without"),
        ({"text": "x", "$vector": [1, 2]}, VECTORIZING, "text", "'$vector' beside the Vector Field 'text'"),
        ({"text": "x", "$vectorize": "y"}, VECTORIZING, "text", "'$vectorize' beside the Vector Field 'text'"),
        ({"$vector": [1, 2], "$vectorize": "y"}, VECTORIZING, None, "it has both"),
        ({"$vectorize": 7}, VECTORIZING, None, "'$vectorize' holds a number, not a text"),
        ({"$vectorize": "x"}, PLAIN_VECTOR, None, "no embedding service"),
        ({"$vector": [1, 2]}, NO_VECTOR, None, "no vectors"),
        ({"a": 1}, VECTORIZING, "$vectorize", "the Vector Field '$vectorize' is missing"),
        (7, VECTORIZING, "text", "the row is a number, not an object"),
        (["a"], VECTORIZING, "text", "the row is an array, not an object"),
        (None, VECTORIZING, "text", "the row is null, not an object"),
        ({"text": "\ud800"}, VECTORIZING, "text", "half of a surrogate pair"),
        ({"text": "x" * 4_000_001}, VECTORIZING, "text", "characters; a document has 4,000,000 at most"),
        ({"text": "x", "deep": simplejson.loads("[" * 80 + "]" * 80)}, VECTORIZING, "text", "nested more than"),
    ],
)
def test_a_row_that_cannot_be_loaded_says_why(
    tmp_path: Path, row: object, info: TargetInfo, field: str | None, words: str
) -> None:
    outcomes = build(tmp_path, [row, {"a": 1}], info, field)
    assert words in reason(outcomes[0])
    assert isinstance(outcomes[0], FailedRow)
    assert (outcomes[0].row, outcomes[0].line) == (0, 1)
    assert simplejson.loads(outcomes[0].content) == row


def test_rows_bring_their_own_text_or_vector_when_no_field_is_named(tmp_path: Path) -> None:
    rows = [{"_id": 1, "$vectorize": "a text"}, {"_id": 2, "$vector": [1, 2]}, {"_id": 3}, {"_id": 4, "$vectorize": ""}]
    assert [document(outcome) for outcome in build(tmp_path, rows, VECTORIZING)] == rows


def test_missing_ids_are_made_from_content_and_row_number(tmp_path: Path) -> None:
    rows = [{"a": 1}, {"a": 1}, {"_id": "own", "a": 1}]
    first, second, third = (document(outcome)["_id"] for outcome in build(tmp_path, rows, NO_VECTOR))
    assert first != second
    assert third == "own"
    again = [document(outcome)["_id"] for outcome in build(tmp_path, rows, NO_VECTOR, name="renamed.jsonl")]
    assert again == [first, second, third]
    changed = [document(outcome)["_id"] for outcome in build(tmp_path, [*rows, {"a": 2}], NO_VECTOR)]
    assert first not in changed


@pytest.mark.parametrize(
    ("default_id", "member", "length"), [("uuid", "$uuid", 36), ("uuidv7", "$uuid", 36), ("objectId", "$objectId", 24)]
)
def test_missing_ids_have_the_form_that_the_collection_gives_them(
    tmp_path: Path, default_id: str, member: str, length: int
) -> None:
    [outcome] = build(tmp_path, [{"a": 1}], collection(default_id=default_id))
    found = document(outcome)["_id"]
    assert list(found) == [member]
    assert len(found[member]) == length


def test_a_repeated_id_fails_and_names_the_line_that_was_first(tmp_path: Path) -> None:
    rows = [{"_id": "a"}, {"_id": "b"}, {"_id": {"$uuid": "a"}}, {"_id": "a"}, {"_id": 1}, {"_id": 1.0}, {"_id": "1"}]
    rows[2] = {"_id": "b", "again": True}
    outcomes = build(tmp_path, rows, NO_VECTOR)
    assert [isinstance(outcome, FailedRow) for outcome in outcomes] == [False, False, True, True, False, True, False]
    assert reason(outcomes[2]) == "line 2 has the same _id"
    assert reason(outcomes[3]) == "line 1 has the same _id"
    assert reason(outcomes[5]) == "line 5 has the same _id"


def test_repeated_ids_are_found_on_one_and_the_same_line(tmp_path: Path) -> None:
    rows = '[{"_id": "a"}, {"_id": "b"}, {"_id": "a"}, {"_id": "b"}]'
    outcomes = build(tmp_path, rows, NO_VECTOR, name="a.json")
    assert [isinstance(outcome, FailedRow) for outcome in outcomes] == [False, False, True, True]
    assert reason(outcomes[2]) == "line 1 has the same _id"
    assert reason(outcomes[3]) == "row 2 on line 1 has the same _id"
    assert [outcome.place for outcome in outcomes if isinstance(outcome, FailedRow)] == [
        "row 3 on line 1",
        "row 4 on line 1",
    ]


def test_an_id_is_not_taken_by_a_row_that_failed(tmp_path: Path) -> None:
    outcomes = build(tmp_path, [{"_id": "a"}, {"_id": "a", "text": "fine"}], VECTORIZING, "text")
    assert "missing" in reason(outcomes[0])
    assert document(outcomes[1])["_id"] == "a"


def test_csv_rows_become_typed_documents(tmp_path: Path) -> None:
    rows = "_id,text,price,sold\n007,a bike,12.50,true\n8,,3,false\n"
    outcomes = build(tmp_path, rows, VECTORIZING, "text", "a.csv")
    assert simplejson.dumps(document(outcomes[0])) == (
        '{"_id": "007", "text": "a bike", "price": 12.50, "sold": true, "$vectorize": "a bike"}'
    )
    assert "'text' is empty" in reason(outcomes[1])


def test_a_row_that_cannot_be_read_fails_with_its_place(tmp_path: Path) -> None:
    outcomes = build(tmp_path, '{"a": 1}\n{"a": x}\n', NO_VECTOR)
    assert reason(outcomes[1]) == "not valid JSON: expecting value (column 7)"
    assert isinstance(outcomes[1], FailedRow)
    assert simplejson.loads(outcomes[1].content) == '{"a": x}'


def test_a_collection_without_vectors_takes_no_vector_field() -> None:
    with pytest.raises(RuleError) as caught:
        check_vector_field(NO_VECTOR, "text")
    assert caught.value.field == "vector_field"
    check_vector_field(NO_VECTOR, None)
    check_vector_field(VECTORIZING, "text")
