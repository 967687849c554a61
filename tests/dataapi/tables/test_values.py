"""What columns take, what they give back, and what they refuse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.language.tables.problems import ValueProblemError
from astrolabe.dataapi.language.tables.types import (
    ColumnType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
    UserType,
)
from astrolabe.dataapi.language.tables.values import read_operand, read_value, write_value
from astrolabe.dataapi.protocol import JsonValue
from storage import jsontext

ADDRESS = UserType("address", {"street": ScalarType(Scalar.TEXT), "zip": ScalarType(Scalar.INT)})
INT, TEXT = ScalarType(Scalar.INT), ScalarType(Scalar.TEXT)


def back(kind: ColumnType, value: JsonValue) -> JsonValue:
    """Return what an answer shows of a value, after it has been JSON in between."""
    stored = jsontext.loads(jsontext.dumps(read_value(kind, value)))
    return write_value(kind, stored)


def scalar_back(kind: str, text: str) -> str:
    """Return the JSON text that comes back for a JSON text."""
    return jsontext.dumps(back(ScalarType(Scalar(kind)), jsontext.loads(text)))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("bigint", "9007199254740993", "9007199254740993"),
        ("bigint", "-9223372036854775808", "-9223372036854775808"),
        ("int", "7.0", "7"),
        ("int", "1E+3", "1000"),
        ("varint", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("varint", "-1E+30", "-1" + "0" * 30),
        ("decimal", "12.345", "12.345"),
        ("decimal", "1", "1"),
        ("decimal", "0.1234567890123456789012345678901234567891", "0.1234567890123456789012345678901234567891"),
        ("decimal", "-123456789012345678901234567890.123456789", "-123456789012345678901234567890.123456789"),
        ("double", "1", "1.0"),
        ("double", "1.5", "1.5"),
        ("double", "0.1", "0.1"),
        ("double", "-0.0", "0.0"),
        ("double", "1E+400", '"Infinity"'),
        ("double", '"NaN"', '"NaN"'),
        ("double", '"-Infinity"', '"-Infinity"'),
        ("float", "0.1", "0.1"),
        ("float", "16777217", "16777216.0"),
        ("float", "0.123456789", "0.12345679"),
        ("float", "1E+300", '"Infinity"'),
        ("float", "-1E+300", '"-Infinity"'),
        ("float", '"NaN"', '"NaN"'),
        ("blob", '{"$binary":"AQID"}', '{"$binary":"AQID"}'),
        ("blob", '{"$binary":""}', '{"$binary":""}'),
        ("uuid", '"0190B7A8-7A5C-7000-8000-00000000000F"', '"0190b7a8-7a5c-7000-8000-00000000000f"'),
        ("inet", '"127.0.0.1"', '"127.0.0.1"'),
        ("inet", '"::1"', '"0:0:0:0:0:0:0:1"'),
        ("inet", '"2001:DB8::00ff"', '"2001:db8:0:0:0:0:0:ff"'),
        ("date", '"2024-02-29"', '"2024-02-29"'),
        ("date", '"0000-02-29"', '"0000-02-29"'),
        ("date", '"-0044-03-15"', '"-0044-03-15"'),
        ("date", '"+12345-01-01"', '"+12345-01-01"'),
        ("date", '"-5877641-06-23"', '"-5877641-06-23"'),
        ("date", '"+5881580-07-11"', '"+5881580-07-11"'),
        ("time", '"12:34"', '"12:34"'),
        ("time", '"12:34:00"', '"12:34"'),
        ("time", '"12:34:56.7"', '"12:34:56.700"'),
        ("time", '"00:00:00.000000001"', '"00:00:00.000000001"'),
        ("time", '"12:34:56.789001"', '"12:34:56.789001"'),
        ("timestamp", '"2024-02-29T12:34:56.789Z"', '"2024-02-29T12:34:56.789Z"'),
        ("timestamp", '"2024-02-29T12:34:56+02:00"', '"2024-02-29T10:34:56Z"'),
        ("timestamp", '"2024-12-31T24:00:00Z"', '"2025-01-01T00:00:00Z"'),
        ("timestamp", '"2024-02-29T12:34:56.7899999Z"', '"2024-02-29T12:34:56.789Z"'),
        ("timestamp", '"-0001-01-01T00:00:00Z"', '"-0001-01-01T00:00:00Z"'),
        ("timestamp", '"1969-12-31T23:59:59.999Z"', '"1969-12-31T23:59:59.999Z"'),
        ("timestamp", '{"$date":1700000000000}', '"2023-11-14T22:13:20Z"'),
        ("timestamp", '{"$date":9223372036854775807}', '"+292278994-08-17T07:12:55.807Z"'),
        ("timestamp", '{"$date":-9223372036854775808}', '"-292275055-05-16T16:47:04.192Z"'),
        ("duration", '"1mo2d3h"', '"P1M2DT3H"'),
        ("duration", '"P1Y2M"', '"P1Y2M"'),
        ("duration", '"PT1H"', '"PT1H"'),
        ("duration", '"-1d"', '"-P1D"'),
        ("duration", '"15mo10d"', '"P1Y3M10D"'),
        ("duration", '"1d24h"', '"P1DT24H"'),
        ("duration", '"2W"', '"P14D"'),
        ("duration", '"P2W"', '"P14D"'),
        ("duration", '"P0001-02-03T04:05:06"', '"P1Y2M3DT4H5M6S"'),
        ("duration", '"22h1ms"', '"PT22H0.001S"'),
        ("duration", '"1m37us"', '"PT1M0.000037S"'),
        ("duration", '"1m37µs"', '"PT1M0.000037S"'),
        ("duration", '"PT0.5S"', '"PT0.5S"'),
        ("duration", '"0s"', '"PT0S"'),
        ("duration", '"-PT1.000000001S"', '"-PT1.000000001S"'),
        ("boolean", "false", "false"),
        ("text", '"héllo\\u0000"', '"héllo\\u0000"'),
        ("ascii", '"abc"', '"abc"'),
    ],
)
def test_values_come_back_as_the_server_writes_them(kind: str, text: str, expected: str) -> None:
    assert scalar_back(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("ascii", "é", "non-ASCII character at index #0"),
        ("ascii", 5, "no codec"),
        ("text", True, "no codec"),
        ("text", {}, "no codec"),
        ("bigint", "5", "no codec"),
        ("bigint", Decimal("1.5"), "Rounding necessary"),
        ("bigint", 2**63, "too big for BIGINT"),
        ("int", 2**31, "too big for INT"),
        ("int", True, "no codec"),
        ("int", Decimal("1E+999999999"), "digits"),
        ("smallint", 40000, "too big for SMALLINT"),
        ("tinyint", -129, "too big for TINYINT"),
        ("varint", Decimal("1E+999999999"), "digits"),
        ("varint", 10**4000, "digits"),
        ("decimal", "1.5", "no codec"),
        ("decimal", "NaN", "no codec"),
        ("double", "x", "only"),
        ("double", "nan", "only"),
        ("float", True, "no codec"),
        ("blob", "AQID", "no codec"),
        ("blob", {"$binary": "!!"}, "not valid Base64"),
        ("blob", {"$binary": 5}, "only STRING"),
        ("blob", {"$binary": "AQID", "x": 1}, "no codec"),
        ("uuid", "x", "Invalid UUID"),
        ("uuid", {"$uuid": "0190b7a8-7a5c-7000-8000-000000000001"}, "no codec"),
        ("timeuuid", "0190b7a8-7a5c-7000-8000-000000000001", "time-based"),
        ("inet", "256.1.1.1", "Invalid IP address"),
        ("inet", "fe80::1%eth0", "interface"),
        ("date", "2024-13-01", "no month 13"),
        ("date", "2023-02-29", "no day 29"),
        ("date", "1900-02-29", "no day 29"),
        ("date", "-0000-01-01", "no year"),
        ("date", "+2024-01-01", "2024-02-29"),
        ("date", "+5881580-07-12", "reach"),
        ("date", "2024-1-1", "2024-02-29"),
        ("date", 5, "no codec"),
        ("time", "25:00", "no hour 25"),
        ("time", "12:60", "no minute 60"),
        ("time", "12", "12:34:56.789"),
        ("timestamp", "2024-02-29", "2024-02-29T12:34:56Z"),
        ("timestamp", "2024-02-29T12:34:56", "2024-02-29T12:34:56Z"),
        ("timestamp", "2024-02-29T12:34:56+19:00", "no offset"),
        ("timestamp", "+292278994-08-17T07:12:55.808Z", "reach"),
        ("timestamp", {"$date": 2**63}, "reach"),
        ("timestamp", {"$date": "x"}, "only NUMBER"),
        ("timestamp", {"$date": Decimal("1.5")}, "Rounding necessary"),
        ("timestamp", {"$date": Decimal("1E+999999999")}, "digits"),
        ("timestamp", 5, "no codec"),
        ("duration", "x", "Unable to convert"),
        ("duration", "", "Unable to convert"),
        ("duration", "P", "Unable to convert"),
        ("duration", "PT", "Unable to convert"),
        ("duration", "1d2mo", "long to short"),
        ("duration", "1d2d", "long to short"),
        ("duration", "9999999999y", "Unable to convert"),
        ("duration", "9" * 5000 + "y", "Unable to convert"),
        ("boolean", "true", "no codec"),
        ("boolean", 1, "no codec"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(kind: str, value: JsonValue, reason: str) -> None:
    with pytest.raises(ValueProblemError, match=reason.replace("(", r"\(")):
        read_value(ScalarType(Scalar(kind)), value)


@pytest.mark.parametrize("year", [1, 4, 100, 400, 1582, 1900, 1970, 2000, 2024, 9999])
def test_dates_agree_with_the_calendar_of_python(year: int) -> None:
    for day in (dt.date(year, 1, 1), dt.date(year, 2, 28), dt.date(year, 12, 31)):
        days = read_value(ScalarType(Scalar.DATE), day.isoformat())
        assert days == (day - dt.date(1970, 1, 1)).days
        assert write_value(ScalarType(Scalar.DATE), days) == day.isoformat()


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_date_comes_back(days: int) -> None:
    assert read_value(ScalarType(Scalar.DATE), write_value(ScalarType(Scalar.DATE), days)) == days


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_timestamp_comes_back(milliseconds: int) -> None:
    kind = ScalarType(Scalar.TIMESTAMP)
    assert read_value(kind, write_value(kind, milliseconds)) == milliseconds


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1), st.sampled_from([-1, 1]))
def test_every_duration_comes_back(months: int, days: int, nanoseconds: int, sign: int) -> None:
    kind, stored = ScalarType(Scalar.DURATION), [sign * months, sign * days, sign * nanoseconds]
    assert read_value(kind, write_value(kind, stored)) == stored


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_as_the_same_32_bits(number: float) -> None:
    shown = back(ScalarType(Scalar.FLOAT), Decimal(repr(number)))
    assert np.float32(float(shown)) == np.float32(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_comes_back_as_the_same_64_bits(number: float) -> None:
    assert float(back(ScalarType(Scalar.DOUBLE), Decimal(repr(number)))) == number


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ListType(INT), [3, 1, 2, 3], [3, 1, 2, 3]),
        (SetType(TEXT), ["b", "a", "a"], ["a", "b"]),
        (SetType(ScalarType(Scalar.DECIMAL)), [Decimal("1.0"), Decimal(-2), 1], [-2, 1]),
        (MapType(TEXT, INT), {"y": 2, "x": 1}, {"x": 1, "y": 2}),
        (MapType(TEXT, INT), [["k", 1]], {"k": 1}),
        (MapType(INT, TEXT), [[2, "two"], [1, "one"], [2, "zwei"]], [[1, "one"], [2, "zwei"]]),
        (MapType(ScalarType(Scalar.UUID), ScalarType(Scalar.BLOB)), [], None),
        (ListType(ADDRESS), [{"street": "A"}, {"zip": 2}], [{"street": "A"}, {"zip": 2}]),
        (SetType(ADDRESS), [{"zip": 2}, {"street": "A"}, {"zip": 2}], [{"zip": 2}, {"street": "A"}]),
        (MapType(TEXT, ADDRESS), {"home": {"street": "A", "zip": None}}, {"home": {"street": "A"}}),
        (ADDRESS, {"zip": 1, "street": "Main"}, {"street": "Main", "zip": 1}),
        (ADDRESS, [["zip", 1]], {"zip": 1}),
        (ADDRESS, {}, None),
        (ListType(INT), [], None),
        (MapType(TEXT, INT), {}, None),
        (INT, None, None),
        (ListType(ScalarType(Scalar.FLOAT)), ["NaN", Decimal("0.1")], ["NaN", Decimal("0.1")]),
    ],
)
def test_collections_and_user_types_come_back(kind: ColumnType, value: JsonValue, expected: JsonValue) -> None:
    if value == [] and isinstance(kind, MapType):
        with pytest.raises(ValueProblemError, match="no codec"):
            read_value(kind, value)
        return
    assert jsontext.loads(jsontext.dumps(back(kind, value))) == expected


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (ListType(INT), "x", "no codec matching value type"),
        (ListType(INT), {"a": 1}, "no codec matching value type"),
        (ListType(INT), [1, "a"], "declared element type `INT`"),
        (ListType(INT), [None], "null values are not allowed in list column"),
        (SetType(TEXT), [None], "null values are not allowed in set column"),
        (ListType(INT), [2**31], "too big for INT"),
        (MapType(TEXT, INT), [1], "no codec matching value type"),
        (MapType(TEXT, INT), {"a": "b"}, "map declared value type `INT`"),
        (MapType(TEXT, INT), {"k": None}, "null keys/values"),
        (MapType(INT, TEXT), {"1": "one"}, "map declared key type `INT`"),
        (MapType(INT, TEXT), [[1]], "no codec matching value type"),
        (MapType(INT, TEXT), [[None, "a"]], "null keys/values"),
        (ADDRESS, {"nosuch": 1}, "Missing field 'nosuch' in UDT 'address'"),
        (ADDRESS, {"zip": "x"}, "UDT address for field zip"),
        (ADDRESS, "x", "no codec matching value type"),
        (ADDRESS, [1], "no codec matching value type"),
        (ADDRESS, [[1, 2]], "no codec matching value type"),
        (ListType(ADDRESS), [5], r"UDT\(address\)"),
    ],
)
def test_what_does_not_fit_into_a_collection_is_refused(kind: ColumnType, value: JsonValue, reason: str) -> None:
    with pytest.raises(ValueProblemError, match=reason):
        read_value(kind, value)


def test_a_type_that_has_grown_gives_its_older_values_without_the_new_fields() -> None:
    grown = UserType("address", {**ADDRESS.fields, "town": TEXT})
    renamed = UserType("address", {"road": TEXT, "zip": INT})
    stored = read_value(ADDRESS, {"street": "Main", "zip": 1})
    assert write_value(grown, stored) == {"street": "Main", "zip": 1}
    assert write_value(renamed, stored) == {"road": "Main", "zip": 1}


def test_filters_understand_uuids_in_their_wrapper() -> None:
    text = "0190b7a8-7a5c-7000-8000-00000000000f"
    assert read_operand(ScalarType(Scalar.UUID), {"$uuid": text.upper()}) == text


LEAVES = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text()
WRAPPED = st.sampled_from(["$binary", "$date", "$uuid", "x"])
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(WRAPPED | st.text(), inner), max_leaves=6
)
SCALARS = st.sampled_from(list(Scalar)).map(ScalarType)
KINDS = SCALARS | st.builds(ListType, SCALARS) | st.builds(SetType, SCALARS) | st.builds(MapType, SCALARS, SCALARS)


@given(KINDS | st.just(ADDRESS), ANYTHING)
def test_any_json_is_read_and_comes_back_the_same_way_again_or_is_refused(kind: ColumnType, value: JsonValue) -> None:
    try:
        shown = back(kind, value)
    except ValueProblemError:
        return
    assert back(kind, shown) == shown
