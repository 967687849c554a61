"""What becomes of a file's values in columns of each type, and what is refused with which reason."""

from __future__ import annotations

from decimal import Decimal

import pytest

from astrolabe.dataapi.language.tables.column_json import read_type, read_user_types
from astrolabe.dataapi.language.tables.problems import ValueProblemError
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.loading.tables.conversion import converted, type_words

TYPES = read_user_types({"address": {"street": "text", "number": "int"}})
SERVICE = {"provider": "embedded", "modelName": "wordllama-l2-supercat-256"}


def made(kind: JsonValue, value: JsonValue) -> JsonValue:
    return converted(read_type(kind, TYPES), value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "007", "007"),
        ("text", 12, "12"),
        ("text", Decimal("12.50"), "12.50"),
        ("text", False, "false"),
        ("text", "  ", "  "),
        ("int", " 12 ", 12),
        ("int", "+3", 3),
        ("int", "1e3", 1000),
        ("int", "", None),
        ("bigint", "-9223372036854775808", -(2**63)),
        ("varint", "123456789012345678901234567890", 123456789012345678901234567890),
        ("decimal", "12.50", Decimal("12.50")),
        ("double", ".5", Decimal("0.5")),
        ("double", "nan", "NaN"),
        ("float", "-inf", "-Infinity"),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("boolean", 1, True),
        ("date", " 2024-02-29 ", "2024-02-29"),
        ("time", "12:34", "12:34"),
        ("timestamp", "2024-02-29", "2024-02-29T00:00:00Z"),
        ("timestamp", "2024-02-29 12:34", "2024-02-29T12:34:00Z"),
        ("timestamp", "2024-02-29 12:34:56.789 +0200", "2024-02-29T12:34:56.789+02:00"),
        ("timestamp", "2024-02-29T12:34:56Z", "2024-02-29T12:34:56Z"),
        ("timestamp", 1700000000000, {"$date": 1700000000000}),
        ("duration", "1h30m", "1h30m"),
        ("uuid", {"$uuid": "0f3b9c1e-1111-4222-8333-444455556666"}, "0f3b9c1e-1111-4222-8333-444455556666"),
        ("inet", " 10.0.0.1", "10.0.0.1"),
        ("blob", "aGk=", {"$binary": "aGk="}),
        ("blob", "0x6869", {"$binary": "aGk="}),
        ("blob", {"$binary": "aGk="}, {"$binary": "aGk="}),
        ({"type": "list", "valueType": "int"}, '[1, "2"]', [1, 2]),
        ({"type": "set", "valueType": "text"}, ["a", 1], ["a", "1"]),
        ({"type": "map", "keyType": "text", "valueType": "int"}, '{"a": "1"}', {"a": 1}),
        ({"type": "map", "keyType": "int", "valueType": "text"}, {"1": "a"}, [[1, "a"]]),
        ({"type": "map", "keyType": "int", "valueType": "text"}, [["1", "a"]], [[1, "a"]]),
        (
            {"type": "userDefined", "udtName": "address"},
            '{"street": "Elm", "number": "7"}',
            {"street": "Elm", "number": 7},
        ),
        ({"type": "vector", "dimension": 2}, "[1, 0.5]", [1, Decimal("0.5")]),
        ({"type": "vector", "dimension": 2}, [1, 2], [1, 2]),
        ({"type": "vector", "dimension": 2, "service": SERVICE}, "a red bicycle", "a red bicycle"),
        ({"type": "vector", "dimension": 2, "service": SERVICE}, "[1, 2]", [1, 2]),
        ({"type": "vector", "dimension": 2, "service": SERVICE}, "", None),
    ],
)
def test_a_value_becomes_what_its_column_takes(kind: JsonValue, value: JsonValue, expected: JsonValue) -> None:
    found = made(kind, value)
    assert (found, str(found)) == (expected, str(expected))


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("int", "twelve", "'twelve' is no number"),
        ("int", "1.5", "1.5 is no whole number"),
        ("int", "3000000000", "Overflow, value too big for INT"),
        ("tinyint", 200, "Overflow, value too big for TINYINT"),
        ("int", [1], "an array of numbers is no int"),
        ("text", {"a": 1}, "an object is no text"),
        ("ascii", "é", "String contains non-ASCII character"),
        ("boolean", "maybe", "'maybe' is neither true nor false"),
        ("date", "29.02.2024", "could not be parsed"),
        ("date", 20240229, "a number is no date"),
        ("timestamp", "2023-02-29", "the month has no day 29"),
        ("timestamp", "yesterday", "could not be parsed"),
        ("uuid", "12", "Invalid UUID string: 12"),
        ("inet", "300.1.1.1", "Invalid IP address"),
        ("blob", "0xzz", "hexadecimal"),
        ("blob", "%%", "Base64"),
        ("decimal", "1,5", "'1,5' is no number"),
        ("decimal", "9" * 6000, "is no number"),
        ({"type": "list", "valueType": "int"}, "1, 2", "the text is no JSON; an array is needed"),
        ({"type": "list", "valueType": "int"}, '{"a": 1}', "is no list<int>"),
        ({"type": "map", "keyType": "text", "valueType": "int"}, "[", "an object is needed"),
        ({"type": "set", "valueType": "int"}, [1, None], "null values are not allowed"),
        ({"type": "userDefined", "udtName": "address"}, {"town": "x"}, "Missing field 'town'"),
        ({"type": "vector", "dimension": 2}, "[1, 2, 3]", "the vector has 3 numbers; 2 are needed"),
        ({"type": "vector", "dimension": 2}, "a text", "without an embedding service numbers are needed"),
        ({"type": "vector", "dimension": 2, "service": SERVICE}, 5, "a text or an array of numbers is needed"),
    ],
)
def test_what_a_column_cannot_take_is_refused_with_the_reason(kind: JsonValue, value: JsonValue, reason: str) -> None:
    with pytest.raises(ValueProblemError) as caught:
        made(kind, value)
    assert reason in caught.value.reason


def test_types_are_told_in_short() -> None:
    kind = read_type({"type": "map", "keyType": "text", "valueType": "int"}, {})
    assert type_words(kind) == "map<text, int>"
    assert type_words(read_type({"type": "vector", "dimension": 3}, {})) == "vector(3)"
