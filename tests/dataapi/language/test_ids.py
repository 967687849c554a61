"""Document ids: what may be one, under which key it is stored, how missing ones are made."""

from __future__ import annotations

import time
import uuid
from decimal import Decimal
from typing import Any

import pytest

from astrolabe.dataapi.language.document_rules import canonical_key
from astrolabe.dataapi.language.ids import DefaultId, check_id, new_id, new_object_id, new_uuid6, new_uuid7
from storage.filters.tree import Instant
from tests.dataapi.language.refusals import deep, refused

UUID = "123e4567-e89b-42d3-a456-426614174000"
OBJECT_ID = "0123456789abcdef01234567"


@pytest.mark.parametrize(
    "value",
    ["a", " ", "0", 0, -1, Decimal("1.5"), True, False, None, {"$date": -5}, {"$uuid": UUID}, {"$objectId": OBJECT_ID}],
)
def test_these_values_may_be_ids(value: object) -> None:
    check_id(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "SHRED_BAD_DOCID_VALUE"),
        ("half \ud800 pair", "SHRED_BAD_DOCID_VALUE"),
        ([], "SHRED_BAD_DOCID_TYPE"),
        (["a"], "SHRED_BAD_DOCID_TYPE"),
        ({}, "SHRED_BAD_DOCID_TYPE"),
        ({"a": 1}, "SHRED_BAD_DOCID_TYPE"),
        ({"$binary": "AAAA"}, "SHRED_BAD_DOCID_TYPE"),
        ({"$date": 1, "$uuid": UUID}, "SHRED_BAD_DOCID_TYPE"),
        (deep(10_000), "SHRED_BAD_DOCID_TYPE"),
        ({"$date": "now"}, "SHRED_BAD_DOCID_TYPE"),
        ({"$uuid": "x"}, "SHRED_BAD_DOCID_TYPE"),
        ({"$objectId": UUID}, "SHRED_BAD_DOCID_TYPE"),
    ],
)
def test_these_values_may_not(value: object, code: str) -> None:
    with refused(code, "'_id'"):
        check_id(value)


@pytest.mark.parametrize(
    "alike",
    [
        [1, Decimal("1.0"), Decimal("1E0"), Decimal("1.000"), Decimal("0.1E+1")],
        [100, Decimal("1E2"), Decimal("100.00")],
        [0, Decimal("-0.0"), Decimal("0E-9")],
        [UUID, {"$uuid": UUID}],
        [OBJECT_ID, {"$objectId": OBJECT_ID}],
        [{"$date": 1}, Instant(1)],
        [Decimal("0.1"), 0.1],
    ],
)
def test_these_ids_are_one_key(alike: list[Any]) -> None:
    assert len({canonical_key(value) for value in alike}) == 1


def test_other_ids_have_keys_of_their_own() -> None:
    ids: list[Any] = [1, -1, 10, "1", True, "true", None, "null", "", {"$date": 1}, {"$date": -1}, "d:1", 10**60]
    ids += [Decimal("1.1"), Decimal("1E-400"), Decimal("1." + "0" * 50 + "1"), 10**60 + 1, False]
    assert len({canonical_key(value) for value in ids}) == len(ids)


def test_the_spelling_of_keys_is_fixed_because_it_is_stored() -> None:
    spelled = {key: canonical_key(value) for key, value in {"t": "a", "n": Decimal("-12.50"), "d": Instant(7)}.items()}
    assert spelled == {"t": "s:a", "n": "n:-125E-1", "d": "d:7"}
    assert [canonical_key(value) for value in (True, None, 0)] == ["b:true", "z", "n:0"]


@pytest.mark.parametrize("value", [[], {"a": 1}, {"$binary": "AAAA"}])
def test_what_is_no_id_has_no_key(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_key(value)


@pytest.mark.parametrize(
    ("default", "name", "version"),
    [
        (None, None, 4),
        (DefaultId.UUID, "$uuid", 4),
        (DefaultId.UUID_V6, "$uuid", 6),
        (DefaultId.UUID_V7, "$uuid", 7),
    ],
)
def test_generated_ids_have_the_version_asked_for(default: DefaultId | None, name: str | None, version: int) -> None:
    made: Any = new_id(default)
    text = made if name is None else made[name]
    assert isinstance(text, str)
    assert (uuid.UUID(text).version, uuid.UUID(text).variant) == (version, uuid.RFC_4122)
    check_id(made)


def test_a_version_6_uuid_tells_the_time() -> None:
    number = uuid.UUID(new_uuid6()).int
    steps = (number >> 80) << 12 | (number >> 64) & 0xFFF
    assert abs(steps / 1e7 - 12_219_292_800 - time.time()) < 600


def test_a_version_7_uuid_tells_the_time() -> None:
    assert abs((uuid.UUID(new_uuid7()).int >> 80) / 1000 - time.time()) < 600


def test_object_ids_tell_the_time_and_count() -> None:
    first, second = (bytes.fromhex(new_object_id()) for _ in range(2))
    assert abs(int.from_bytes(first[:4], "big") - time.time()) < 600
    assert first[4:9] == second[4:9]
    assert (int.from_bytes(second[9:], "big") - int.from_bytes(first[9:], "big")) % 2**24 == 1
    check_id(new_id(DefaultId.OBJECT_ID))


def test_generated_ids_differ() -> None:
    for default in (None, *DefaultId):
        assert len({canonical_key(new_id(default)) for _ in range(500)}) == 500
