"""What the Load Data dialog of a table says about fields that it has not seen yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType
from astrolabe.loading.preview import preview
from astrolabe.loading.tables.matching import match_columns
from screens.loading.load_table import match_words, missing_keys

TABLE = TargetInfo(
    "places",
    "default_keyspace",
    columns={"code": ScalarType(Scalar.TEXT), "area": ScalarType(Scalar.DOUBLE)},
)


@pytest.mark.parametrize(
    ("before", "left_out", "said"),
    [(3, frozenset[str](), False), (300, frozenset[str](), True), (300, frozenset({"area"}), False)],
)
def test_a_column_may_get_a_field_that_only_later_rows_have(
    tmp_path: Path, before: int, left_out: frozenset[str], said: bool
) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"code": str(number)} for number in range(before)]
    path.write_text("\n".join(json.dumps(row) for row in [*rows, {"code": "last", "area": 2.5}]))
    found = preview(path)
    match = match_columns(TABLE, found.names, dict.fromkeys(left_out, ""))
    words = " ".join(match_words(TABLE, match, found, left_out))
    assert ("The first rows have no field for area: a field of the same name in later rows" in words) == said


@pytest.mark.parametrize(
    ("before", "left_out", "missing"),
    [(3, frozenset[str](), ["id"]), (300, frozenset[str](), []), (300, frozenset({"id"}), ["id"])],
)
def test_a_load_starts_though_only_later_rows_have_the_key(
    tmp_path: Path, before: int, left_out: frozenset[str], missing: list[str]
) -> None:
    columns = {**TABLE.columns, "id": ScalarType(Scalar.INT)}
    table = TargetInfo("places", "default_keyspace", columns=columns, primary_key=PrimaryKey(("id",), {}))
    path = tmp_path / "a.jsonl"
    rows = [{"code": str(number)} for number in range(before)]
    path.write_text("\n".join(json.dumps(row) for row in [*rows, {"code": "last", "area": 1}]))
    found = preview(path)
    match = match_columns(table, found.names, dict.fromkeys(left_out, ""))
    assert missing_keys(match, found, left_out) == missing
    words = " ".join(match_words(table, match, found, left_out))
    assert ("have no field for id" in words) == (not missing)
