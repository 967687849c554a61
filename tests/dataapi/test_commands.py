"""Request bodies become commands, or the documented errors."""

from __future__ import annotations

from decimal import Decimal

import pytest

from astrolabe.dataapi.language.commands import COMMANDS, TABLE_COMMANDS, Level, parse_command
from astrolabe.dataapi.language.commands.collection_commands import Find, InsertMany
from astrolabe.dataapi.language.commands.schema import CreateCollection
from astrolabe.dataapi.protocol import Json, JsonValue
from storage.shapes import Metric

MISMATCH = "REQUEST_STRUCTURE_MISMATCH"
INVALID = "COMMAND_FIELD_VALUE_INVALID"
UNKNOWN = "COMMAND_FIELD_UNKNOWN"
CREATE_FIELD = "INVALID_CREATE_COLLECTION_FIELD"
NO_OPTIONS = "COMMAND_ACCEPTS_NO_OPTIONS"


def refusal(body: JsonValue, level: Level) -> tuple[str, str]:
    parsed = parse_command(body, level)
    assert parsed.command is None
    return parsed.errors[0].code, parsed.errors[0].message


def create(options: Json) -> Json:
    return {"createCollection": {"name": "docs", "options": options}}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (None, INVALID, "'command' value `null`"),
        ([], MISMATCH, "not Array"),
        ("find", MISMATCH, "not String"),
        (Decimal(1), MISMATCH, "not Number"),
        ({}, MISMATCH, "it has 0: None"),
        ({"find": {}, "findOne": {}}, MISMATCH, "it has 2: find, findOne"),
        ({"find": None}, MISMATCH, "must be an object, not Null"),
        ({"find": "x"}, MISMATCH, "must be an object, not String"),
    ],
)
def test_a_body_is_one_command(body: JsonValue, code: str, words: str) -> None:
    got, message = refusal(body, Level.COLLECTION)
    assert got == code
    assert words in message


@pytest.mark.parametrize("level", list(Level))
def test_an_unknown_command_names_its_group_and_what_is_in_it(level: Level) -> None:
    code, message = refusal({"bogus": {}}, level)
    assert code == "COMMAND_UNKNOWN"
    assert level.value in message
    assert f"[{', '.join(sorted(COMMANDS[level]))}]" in message
    assert "belongs" not in message


@pytest.mark.parametrize(
    ("verb", "level", "path"),
    [
        ("find", Level.KEYSPACE, "/v1/{keyspace}/{collection}"),
        ("createCollection", Level.COLLECTION, "/v1/{keyspace},"),
        ("findKeyspaces", Level.KEYSPACE, "/v1,"),
        ("createVectorIndex", Level.KEYSPACE, "/v1/{keyspace}/{table}"),
        ("createTable", Level.GENERAL, "/v1/{keyspace},"),
    ],
)
def test_a_command_on_the_wrong_path_is_told_the_right_one(verb: str, level: Level, path: str) -> None:
    code, message = refusal({verb: {}}, level)
    assert code == "COMMAND_UNKNOWN"
    assert f"post it to {path}" in message


def test_table_commands_are_no_collection_commands() -> None:
    assert not TABLE_COMMANDS & set(COMMANDS[Level.COLLECTION])


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"findKeyspaces": {"options": {"a": 1}}}, NO_OPTIONS, "findKeyspaces"),
        ({"findKeyspaces": {"options": 5}}, NO_OPTIONS, "findKeyspaces"),
        ({"findKeyspaces": {"options": {}, "x": 1}}, UNKNOWN, "'x' in 'command'"),
        ({"createKeyspace": {"name": []}}, MISMATCH, "must be a string, not Array"),
        ({"dropKeyspace": {}}, INVALID, "command.name"),
        ({"dropKeyspace": {"name": ""}}, INVALID, "must not be empty"),
        ({"createKeyspace": {"name": "a", "options": {"replication": {"class": "Nope"}}}}, INVALID, "Nope"),
        ({"createKeyspace": {"name": "a", "options": {"replication": {}}}}, INVALID, "SimpleStrategy"),
        (
            {"findEmbeddingProviders": {"options": {"filterModelStatus": "new"}}},
            INVALID,
            "command.options.filterModelStatus",
        ),
        ({"findEmbeddingProviders": {"options": {"status": "new"}}}, UNKNOWN, "command.options"),
    ],
)
def test_general_commands(body: Json, code: str, words: str) -> None:
    got, message = refusal(body, Level.GENERAL)
    assert got == code
    assert words in message


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"createCollection": {"name": "a", "x": 1}}, UNKNOWN, "'x'"),
        (create({"x": 1}), CREATE_FIELD, "command.options"),
        (create({"vector": {"dimensions": 1}}), CREATE_FIELD, "'dimensions' in 'command.options.vector'"),
        (create({"defaultId": {"kind": "uuid"}}), CREATE_FIELD, "command.options.defaultId"),
        (create({"indexing": {"only": []}}), CREATE_FIELD, "command.options.indexing"),
        (create({"vector": {"service": {"model": 1}}}), UNKNOWN, "command.options.vector.service"),
        (create({"vector": {"dimension": 0}}), INVALID, "command.options.vector.dimension"),
        (create({"vector": {"dimension": "five"}}), MISMATCH, "a whole number, not String"),
        (create({"vector": {"dimension": Decimal("1E+400")}}), MISMATCH, "a whole number, not Number"),
        (create({"vector": {"dimension": True}}), MISMATCH, "a whole number, not Boolean"),
        (create({"vector": {"metric": "Cosine"}}), INVALID, "cosine, dot_product, euclidean"),
        (create({"vector": {"metric": 5}}), MISMATCH, "a string, not Number"),
        (create({"vector": {"sourceModel": "gpt"}}), INVALID, "'openai-v3-small'"),
        (create({"defaultId": {"type": "guid"}}), INVALID, "'uuidv7'"),
        (create({"vector": {"service": {"authentication": {"providerKey": []}}}}), MISMATCH, "providerKey"),
        ({"deleteCollection": {"name": ""}}, INVALID, "must not be empty"),
        ({"deleteCollection": {}}, INVALID, "command.name"),
        ({"deleteCollection": {"name": "a", "options": {"x": 1}}}, NO_OPTIONS, "deleteCollection"),
    ],
)
def test_keyspace_commands(body: Json, code: str, words: str) -> None:
    got, message = refusal(body, Level.KEYSPACE)
    assert got == code
    assert words in message


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"insertMany": {"documents": []}}, INVALID, "command.documents"),
        ({"insertMany": {"documents": [{}] * 101}}, INVALID, "over the max limit (101 vs 100)"),
        ({"insertMany": {"documents": {}}}, MISMATCH, "an array, not Object"),
        ({"insertMany": {}}, INVALID, "must not be null"),
        ({"insertOne": {}}, INVALID, "command.document"),
        ({"insertOne": {"document": {}, "options": {"ordered": True}}}, NO_OPTIONS, "insertOne"),
        ({"deleteOne": {}}, INVALID, "command.filter"),
        ({"updateOne": {"filter": {}}}, INVALID, "command.update"),
        ({"findOneAndReplace": {}}, INVALID, "command.replacement"),
        ({"findOneAndUpdate": {"update": {}, "options": {"returnDocument": "both"}}}, INVALID, "'before' or 'after'"),
        ({"find": {"options": {"includeSimilarity": "yes"}}}, MISMATCH, 'a boolean, not String: "yes"'),
        ({"find": {"options": {"limit": "x"}}}, MISMATCH, "a whole number, not String"),
        ({"findOneAndDelete": {"options": {}}}, UNKNOWN, "'filter', 'projection', 'sort'"),
        ({"findOneAndReplace": {"replacement": [1]}}, MISMATCH, "an object, not Array"),
        ({"find": {"options": {"limit": 2**2000}, "where": 1}}, UNKNOWN, "'where'"),
    ],
)
def test_collection_commands(body: Json, code: str, words: str) -> None:
    got, message = refusal(body, Level.COLLECTION)
    assert got == code
    assert words in message


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"limit": "12", "includeSimilarity": "true"}, (12, True)),
        ({"limit": Decimal("1.9"), "includeSimilarity": 0}, (1, False)),
        ({"limit": " 7 ", "includeSimilarity": 5}, (7, True)),
        ({"limit": "", "includeSimilarity": ""}, (None, None)),
        ({"limit": None, "includeSimilarity": "FALSE"}, (None, False)),
    ],
)
def test_scalars_are_read_as_what_they_say(options: Json, expected: tuple[int | None, bool | None]) -> None:
    command = parse_command({"find": {"options": options}}, Level.COLLECTION).command
    assert isinstance(command, Find)
    assert (command.options.limit, command.options.include_similarity) == expected


def test_numbers_are_read_as_names() -> None:
    command = parse_command(create({"vector": {"dimension": "5"}}) | {}, Level.KEYSPACE).command
    named = parse_command({"createCollection": {"name": 5}}, Level.KEYSPACE).command
    assert isinstance(command, CreateCollection)
    assert isinstance(named, CreateCollection)
    assert command.options is not None
    assert command.options.vector is not None
    assert (command.options.vector.dimension, named.name) == (5, "5")


def test_documents_that_are_not_there_break_two_rules() -> None:
    for body in ({}, {"documents": None}):
        parsed = parse_command({"insertMany": body}, Level.COLLECTION)
        assert [error.message.partition(": ")[2] for error in parsed.errors] == [
            "must not be null.",
            "must not be empty.",
        ]


def test_each_invalid_value_is_an_error_of_its_own() -> None:
    parsed = parse_command({"find": {"options": {"limit": 0, "skip": -(10**5000)}}}, Level.COLLECTION)
    messages = [error.message for error in parsed.errors]
    assert [error.code for error in parsed.errors] == [INVALID, INVALID]
    assert messages[0] == "Command field 'command.options.limit' value `0` not valid: must be greater than 0."
    assert messages[1] == (
        "Command field 'command.options.skip' value `…` not valid: must be greater than or equal to 0."
    )


@pytest.mark.parametrize("option", ["limit", "skip"])
def test_numbers_of_more_than_32_bits_are_refused(option: str) -> None:
    parsed = parse_command({"find": {"sort": {"n": 1}, "options": {option: 2**31}}}, Level.COLLECTION)
    assert [error.code for error in parsed.errors] == [INVALID]
    assert "must be less than or equal to 2147483647" in parsed.errors[0].message
    assert not parse_command({"find": {"sort": {"n": 1}, "options": {option: 2**31 - 1}}}, Level.COLLECTION).errors


def test_null_options_mean_defaults() -> None:
    find = parse_command({"find": {"options": None}}, Level.COLLECTION).command
    insert = parse_command({"insertMany": {"documents": [{}], "options": None}}, Level.COLLECTION).command
    assert isinstance(find, Find)
    assert find.options.limit is None
    assert isinstance(insert, InsertMany)
    assert insert.options.ordered is None


def test_older_names_are_understood() -> None:
    find = parse_command({"find": {"options": {"pagingState": "p"}}}, Level.COLLECTION).command
    assert isinstance(find, Find)
    assert find.options.page_state == "p"
    made = parse_command(create({"vector": {"size": 3, "function": "euclidean"}}), Level.KEYSPACE).command
    assert isinstance(made, CreateCollection)
    assert made.options is not None
    assert made.options.vector is not None
    assert (made.options.vector.dimension, made.options.vector.metric) == (3, Metric.EUCLIDEAN)


@pytest.mark.parametrize(
    ("spelling", "metric"),
    [("COSINE", Metric.COSINE), ("DOT_PRODUCT", Metric.DOT_PRODUCT), ("EUCLIDIAN", Metric.EUCLIDEAN)],
)
def test_the_samples_spellings_of_metrics_are_understood(spelling: str, metric: Metric) -> None:
    made = parse_command(create({"vector": {"metric": spelling}}), Level.KEYSPACE).command
    assert isinstance(made, CreateCollection)
    assert made.options is not None
    assert made.options.vector is not None
    assert made.options.vector.metric is metric


def test_long_names_are_cut_in_messages() -> None:
    _, message = refusal({"x" * 100_000: {}}, Level.GENERAL)
    assert len(message) < 1000
    _, message = refusal({"find": {f"{number}": 1 for number in range(10_000)}}, Level.COLLECTION)
    assert len(message) < 1000
