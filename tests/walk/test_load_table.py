"""A file into a table, with keys only: a column gets another field, the command is shown, the rows are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shop_tables import tables
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole
from tests.walk.test_credentials import says


def write(name: str, text: str) -> None:
    """Put a file into the working directory."""
    Path(name).write_text(text)


async def test_a_column_takes_the_field_that_is_chosen_for_it(
    console: MakeConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write("seen.csv", "address,Hits,who\n/home,007,ada\n/shop,many,ben\n")
    async with console(tables).run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("down", "enter", "down", "down")
        await user.sees("This table has no rows.", "Press L to load a file")
        await user.press("L")
        await user.type("seen.csv")
        await user.sees("page", "✗ no field", "← Hits", "Fields without a column: address, who.")
        await user.press("ctrl+s")
        await says(user, "✗ Choose a field for page: the primary key needs it.")

        await user.press("shift+tab")
        await user.press("enter")
        await user.type("address")
        await user.press("enter")
        await user.sees("← address", "/home", "Fields without a column: who.")
        await says(user, "Of the first 2 rows, 1 will be refused: column 'hits' (int)")
        assert "Choose a field" not in user.screen
        await user.press("f2")
        await user.sees('"insertMany"', '"page": "/home"', '"hits": 7')
        assert "/shop" not in user.screen

        await user.press("escape", "ctrl+s")
        await says(user, "Done, but some rows were refused.", "1 loaded", "1 refused")
        await user.press("escape")
        await user.sees("/home", "7")


async def test_a_column_can_be_left_out(console: MakeConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("seen.json", '[{"page": "/home", "hits": 41}]')
    async with console(tables).run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("down", "enter", "down", "down", "l")
        await user.type("seen.json")
        await user.sees("← hits", "41")
        await user.press("tab", "down")
        await user.sees("Field for hits")
        await user.press("enter")
        await user.type("left")
        await user.press("enter")
        await user.sees("left out", "Fields without a column: hits.")
        await user.press("ctrl+s")
        await says(
            user, "Done: every row of the file is in the table.", "1 loaded", "Fields without a column were left out"
        )
        await user.press("escape")
        await user.sees("/home")
        assert "41" not in user.screen
