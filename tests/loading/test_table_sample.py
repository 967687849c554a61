"""The first rows of a file as a table would get them, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType
from astrolabe.loading.preview import preview
from astrolabe.loading.tables.sample import sample_rows

TABLE = TargetInfo(
    "places",
    "default_keyspace",
    columns={"code": ScalarType(Scalar.TEXT), "area": ScalarType(Scalar.DOUBLE), "note": ScalarType(Scalar.TEXT)},
)


def test_texts_of_csv_mean_what_the_column_says(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('code;area;note\n12;"8,90";\n13;"7,25";\n')
    found = preview(path)
    assert found.names == ("code", "area", "note")
    assert [field.name for field in found.fields] == ["code", "area"]
    columns = {name: name for name in found.names}
    rows, reasons = sample_rows(TABLE, columns, found)
    assert [(row["code"], float(row["area"])) for row in rows] == [("12", 8.9), ("13", 7.25)]
    assert all("note" not in row for row in rows)
    assert not reasons


def test_a_row_that_does_not_fit_is_named_with_its_reason_and_not_among_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"c": "x", "area": 1.5}, {"c": "y", "area": "wide"}]')
    rows, reasons = sample_rows(TABLE, {"code": "c", "area": "area"}, preview(path))
    assert [row["code"] for row in rows] == ["x"]
    assert len(reasons) == 1
    assert "column 'area' (double)" in reasons[0]


def test_a_row_that_cannot_be_sent_is_named_before_the_load(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"code": "x"}, {"code": "\\ud800"}]')
    rows, reasons = sample_rows(TABLE, {"code": "code"}, preview(path))
    assert [row["code"] for row in rows] == ["x"]
    assert reasons == ["a text in it has half of a surrogate pair, which is no character"]
