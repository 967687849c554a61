from __future__ import annotations

import csv
import errno
import io
import os
import sys
from decimal import Decimal

import pytest
import simplejson
from wcwidth import wcswidth

from astrolabe.errors import AstrolabeError
from tui.cli.output import Format, Row, emit, say, table_lines, to_json, wrapped, write_rows

HOSTILE = "a\x1b[31mred\x07\x9b2J\u202eevil\u2028line [click=quit]"
ROWS: list[Row] = [
    {"name": "smtplib", "score": Decimal("0.90"), "tags": ["mail", "net"]},
    {"name": "電子郵件", "score": Decimal("0.5"), "extra": None},
]


class Terminal(io.StringIO):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class FullDisk(io.StringIO):
    """A stdout on a disk without space."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def written(rows: list[Row], form: Format, monkeypatch: pytest.MonkeyPatch, *, terminal: bool = False) -> str:
    out = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    write_rows(rows, form)
    return out.getvalue()


def test_a_table_lines_its_columns_up_by_cells_not_characters() -> None:
    lines = list(table_lines(ROWS, ["name", "score"]))
    assert lines == ["name      score", "smtplib    0.90", "電子郵件    0.5"]


def test_a_table_fits_the_terminal_by_cutting_its_widest_column() -> None:
    rows: list[Row] = [{"id": "x" * 10, "text": "word " * 40}]
    lines = list(table_lines(rows, ["id", "text"], 50))
    assert all(wcswidth(line) <= 50 for line in lines)
    assert lines[1].startswith("x" * 10)
    assert lines[1].endswith("…")


def test_fields_that_do_not_fit_a_terminal_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    wide = {f"field{number}": "value" for number in range(30)}
    out = written([wide], Format.TABLE, monkeypatch, terminal=True)
    assert max(map(wcswidth, out.splitlines())) <= 40
    assert "25 more fields" in capsys.readouterr().err


def test_json_keeps_the_digits_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = Decimal("1234567890123456789012345678901234567890.12345678901234567890")
    out = written([{"n": exact}], Format.JSON, monkeypatch)
    assert simplejson.loads(out, use_decimal=True) == [{"n": exact}]
    assert str(exact) in out


def test_json_lines_are_one_object_each(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = written(ROWS, Format.JSONL, monkeypatch).splitlines()
    assert [simplejson.loads(line, use_decimal=True)["name"] for line in lines] == ["smtplib", "電子郵件"]


def test_csv_has_all_columns_and_writes_what_is_no_text_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    table = list(csv.DictReader(io.StringIO(written(ROWS, Format.CSV, monkeypatch))))
    assert table[0] == {"name": "smtplib", "score": "0.90", "tags": '["mail", "net"]', "extra": ""}
    assert table[1] == {"name": "電子郵件", "score": "0.5", "tags": "", "extra": ""}


def test_no_rows_are_an_empty_list_an_empty_file_or_a_word_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert written([], Format.JSON, monkeypatch) == "[]\n"
    assert written([], Format.JSONL, monkeypatch) == ""
    assert written([], Format.CSV, monkeypatch) == ""
    write_rows([], Format.TABLE, empty="Nothing yet.")
    assert capsys.readouterr().err == "Nothing yet.\n"


@pytest.mark.parametrize("form", list(Format))
def test_no_control_character_of_foreign_text_reaches_a_terminal(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    out = written([{HOSTILE: HOSTILE, "list": [HOSTILE]}], form, monkeypatch, terminal=True)
    assert not set("\x1b\x07\x9b\u202e\u2028") & set(out)


def test_json_of_foreign_text_is_still_the_same_text() -> None:
    assert simplejson.loads(to_json({"text": HOSTILE})) == {"text": HOSTILE}


def test_csv_into_a_file_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    out = written([{"text": HOSTILE}], Format.CSV, monkeypatch)
    assert next(csv.DictReader(io.StringIO(out, newline="")))["text"] == HOSTILE


def test_narration_is_neutralised(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"There is no database '{HOSTILE}'.")
    assert "\x1b" not in capsys.readouterr().err


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", FullDisk())
    with pytest.raises(AstrolabeError, match="No space left"):
        emit(["data"])


def test_a_closed_stdout_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(AstrolabeError, match="closed"):
        write_rows([{"a": 1}], Format.TABLE)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("電子 郵件 x", ["電子 郵件", "x"]),
        ("a-very-long-word b", ["a-very-long-word", "b"]),
        ("run `a b c d e` now", ["run", "`a b c d e`", "now"]),
        ("say `x y`.", ["say", "`x y`."]),
        ("a ` b ` c d e", ["a ` b ` c", "d e"]),
    ],
)
def test_prose_breaks_between_words_and_never_in_a_command(text: str, lines: list[str]) -> None:
    assert wrapped(text, 9) == lines


def test_prose_on_a_terminal_breaks_at_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    say("The collection default.tools was created.")
    assert err.getvalue() == "The collection\ndefault.tools was\ncreated.\n"


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (40, ["name  detail", "a     the quick brown fox jumps over the", "      lazy dog", "bb"]),
        (20, ["name", "    detail", "a", "    the quick brown", "    fox jumps over", "    the lazy dog", "bb"]),
        (80, ["name  detail", "a     the quick brown fox jumps over the lazy dog", "bb"]),
    ],
)
def test_the_last_column_of_a_whole_table_breaks_between_words(
    columns: int, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    rows: list[Row] = [{"name": "a", "detail": "the quick brown fox jumps over the lazy dog"}, {"name": "bb"}]
    write_rows(rows, Format.TABLE, whole=True)
    assert out.getvalue().splitlines() == lines
