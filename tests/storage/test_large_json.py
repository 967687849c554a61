"""Large texts in pieces: the values, the texts accepted and the errors of the decoder, and turns in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import gil_yield, jsontext, large_json
from storage.jsontext import DuplicateKeyError, LongNumberError, loads_in_pieces, loads_request
from storage.large_json import PieceReader, TooManyValuesError, dismantle

STRICT = jsontext._STRICT_DECODER
scalars = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["},", "],", '"', "\\", "{["])
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars | st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: number + Decimal("0.0")),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner, max_size=6),
    max_leaves=30,
)


def read(text: str, most_values: int | None = None) -> Any:  # noqa: ANN401 - any JSON
    return PieceReader(text, STRICT.scan_once, duplicate=DuplicateKeyError, most_values=most_values).read()


@pytest.fixture(params=[2, 5, 20])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Pieces so short that nearly everything is larger."""
    monkeypatch.setattr(large_json, "PIECE", request.param)
    monkeypatch.setattr(large_json, "SMALL_PIECE", 2)
    return int(request.param)


@settings(max_examples=200, deadline=None)
@given(values, st.sampled_from([2, 5, 20]), st.sampled_from([None, 1]))
def test_the_value_is_the_same_whatever_the_pieces(value: Any, size: int, indent: int | None) -> None:  # noqa: ANN401
    text = simplejson.dumps(value, use_decimal=True, indent=indent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "PIECE", size)
        patch.setattr(large_json, "SMALL_PIECE", 2)
        assert read(text) == STRICT.decode(text)
        assert read(f" \n{text}\t ") == STRICT.decode(text)


BROKEN = [
    *("", " ", "[", "{", "[1,", "[1,2", "[1,]", '{"a":1,}', '{"a" 1}', '{"a":}', '{"a":1 "b":2}', "[1 2]", "{1:2}"),
    *("[1]]", "[1] x", "nul", "[tru]", "[+1]", "[01]", "[1e]", '["a', '["a\nb"]', '{"a', "[NaN]", "[1,,2]", "[,1]"),
    *('[{"a":1},{"b":2]]', "[[1],[2}]", '{"a":[1,2}', "]", "}", ":", '"a":1', "[1,2,3,4,5,6,7,8,9,x]", "[-]", "[1.]"),
]


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("text", BROKEN)
def test_what_is_not_json_is_refused_where_the_decoder_refuses_it(text: str) -> None:
    with pytest.raises(simplejson.JSONDecodeError) as expected:
        STRICT.decode(text)
    with pytest.raises(simplejson.JSONDecodeError) as found:
        read(text)
    assert found.value.pos == expected.value.pos


@settings(max_examples=200, deadline=None)
@given(values, st.data())
def test_a_damaged_text_is_refused_exactly_when_the_decoder_refuses_it(value: Any, data: st.DataObject) -> None:  # noqa: ANN401
    text = simplejson.dumps(value, use_decimal=True)
    at = data.draw(st.integers(0, len(text) - 1))
    text = text[:at] + data.draw(st.sampled_from(["", ",", "]", "}", '"', " ", "1"])) + text[at + 1 :]
    outcomes: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "PIECE", 6)
        patch.setattr(large_json, "SMALL_PIECE", 2)
        for decode in (STRICT.decode, read):
            try:
                outcomes.append(decode(text))
            except (simplejson.JSONDecodeError, DuplicateKeyError) as error:
                outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("text", ['{"a":1,"bbbbbbbbbbbbbbbbbbb":2,"a":3}', '[{"a":[1,2,3,4,5,6],"a":1}]'])
def test_a_key_that_stands_twice_is_found_over_all_pieces(text: str) -> None:
    with pytest.raises(DuplicateKeyError) as refused:
        read(text)
    assert refused.value.key == "a"


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize(
    ("text", "count"), [("[{}, {}, [[], []], 1]", 7), ('{"a": [1, "x,y,z", {"b": 2}]}', 6), ("[1,2,3,4,5,6]", 7)]
)
def test_values_are_counted_and_commas_in_texts_are_not(text: str, count: int) -> None:
    read(text, count)
    with pytest.raises(TooManyValuesError):
        read(text, count - 1)


@pytest.mark.parametrize(
    "text",
    [
        r"plain",
        r"\"\\\/\b\f\n\r\t\u00e9",
        r"\ud83d\ude00" * 9_000,
        r"x\ud83d" * 5_000,
        r"\ud83d" * 9_000 + r"\ude00",
        "a" * 2_729 + r"\n" + r"\ud83d\ude00" * 5_000,
        "é" * 300_000 + r"\t" + "x" * 300_000,
    ],
    ids=["plain", "escapes", "pairs", "halves", "high halves", "shifted", "long"],
)
def test_a_text_is_put_together_of_its_parts(text: str) -> None:
    for document in (f'["{text}"]', f'{{"{text}": "{text}"}}', f'["{text}", "{text}"]'):
        padded = document + " " * large_json.PIECE
        assert read(padded) == STRICT.decode(padded)


@pytest.mark.parametrize("text", ['"abc', '"ab\\', '"ab\\x"', '"ab\\u12"', '"a\nb"', '"' + "x" * 300_000])
def test_a_text_without_an_end_or_with_a_wrong_character_is_refused(text: str) -> None:
    for document in (text, f"[{text}", f'{{"a": {text}'):
        with pytest.raises(simplejson.JSONDecodeError) as expected:
            STRICT.decode(document)
        with pytest.raises(simplejson.JSONDecodeError) as found:
            read(document)
        assert (found.value.msg, found.value.pos) == (expected.value.msg, expected.value.pos)


def test_a_large_request_has_at_most_a_million_values() -> None:
    assert len(loads_request("[" + "[]," * 999_998 + "0]")) == 999_999
    with pytest.raises(TooManyValuesError):
        loads_request("[" + "[]," * 1_000_000 + "0]")
    assert loads_request('["' + "," * 2_000_000 + '"]') == ["," * 2_000_000]


def test_an_object_of_a_large_request_has_at_most_a_hundred_thousand_fields() -> None:
    fields = ",".join(f'"{number}":0' for number in range(100_000))
    assert len(loads_request(f"{{{fields}}}")) == 100_000
    assert len(loads_request(f'[{{{fields}}},{{"more":0}}]')) == 2
    with pytest.raises(TooManyValuesError) as refused:
        loads_request(f'{{{fields},"more":0}}')
    assert refused.value.of_object


def test_long_numbers_are_refused_in_large_requests_too() -> None:
    padding = '"' + "x" * 70_000 + '"'
    digits = "9" * 101
    assert loads_request(f'[{padding}, "{digits}"]')[1] == digits
    for number in (digits, f"1.{digits}", f"-{digits}"):
        with pytest.raises(LongNumberError):
            loads_request(f"[{padding}, {number}]")
        with pytest.raises(LongNumberError):
            loads_request(f'[{padding}, {{"a": [{number}, {padding}]}}]')


def test_nesting_without_end_is_an_error_and_no_fault() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(RecursionError):
            loads_request(text)
    deep = "[" * 200 + "0," * 40_000 + "0" + "]" * 200
    assert loads_request(deep)


def test_a_stored_text_is_read_alike_in_pieces() -> None:
    text = '{"a": [' + "1.10, " * 20_000 + '1], "a": 2}'
    assert loads_in_pieces('{"b": ' + text.replace('"a": 2', '"c": 2') + "}") == jsontext.loads(
        '{"b": ' + text.replace('"a": 2', '"c": 2') + "}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" + "123456, " * 100_000 + "0]",
        '{"documents": [' + '{"_id": 1, "a": {"b": [1, 2]}}, ' * 20_000 + "0]}",
        "{" + ", ".join(f'"k{number}": {number}' for number in range(50_000)) + "}",
        "[" * 100 + '{"a": [{"b": [1]}]}, ' * 20_000 + "0" + "]" * 100,
        '["' + '", "'.join(["x" * 100] * 10_000) + '"]',
    ],
    ids=["numbers", "documents", "members", "nested", "texts"],
)
def test_a_large_text_gives_way_for_every_piece_of_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[int] = []
    decoded: list[int] = []
    monkeypatch.setattr(gil_yield, "TURN", -1.0)
    monkeypatch.setattr(gil_yield, "give_way", lambda: rests.append(1))

    def decode(part: str, start: int) -> tuple[Any, int]:
        value, end = STRICT.scan_once(part, start)
        decoded.append(end - start)
        return value, end

    PieceReader(text, decode, duplicate=DuplicateKeyError).read()
    assert max(decoded) <= large_json.PIECE + 2
    assert len(rests) >= len(text) // large_json.PIECE


def test_a_value_is_taken_apart() -> None:
    inner: list[Any] = [{"a": [1] * 1000}, [[{}]]]
    value = {"x": inner, "y": {"z": inner}}
    dismantle(value)
    assert value == {}
    assert inner == []
    dismantle(5)
