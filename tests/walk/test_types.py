"""A user-defined type from nothing to a column of a table and back, with keys only."""

from __future__ import annotations

from tests.support.shop_tables import tables
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole
from tests.walk.test_credentials import says


async def create_amount(user: Walker) -> None:
    await user.press("c")
    await user.type("amount")
    await user.press("tab")
    await user.type("value decimal, unit")
    await user.press("ctrl+s")
    await says(user, "✗ The field unit has no type.")
    await user.type(" text")
    await user.press("f2")
    await user.sees('"createType"', '"value": "decimal"')
    await user.press("escape", "ctrl+s")
    await user.sees("amount", "value decimal, unit text")


async def add_and_rename(user: Walker) -> None:
    await user.press("down", "a")
    await user.sees("Add fields to amount", "Rows that are there have nothing in a new field.")
    await user.type("unit int")
    await user.press("ctrl+s")
    await says(user, "✗ There are two fields called unit.")
    await user.press(*("backspace",) * len("unit int"))
    await user.type("on date")
    await user.press("ctrl+s")
    await user.sees("on: date", "No table uses it.")

    await user.press("r", "tab")
    await user.type("number")
    await user.press("ctrl+s")
    await user.sees("number: decimal")


async def make_a_column_of_it(user: Walker) -> None:
    """Add a column of the type, and see that the type cannot be dropped then."""
    await user.press("escape", "o", "a")
    await user.type("paid")
    await user.press("tab")
    await user.type("set<am")
    await user.sees("set<amount>")
    await user.press("enter", "ctrl+s")
    await user.sees("paid")
    await user.press("escape", "T")
    await user.sees("amount")
    await user.press("down")
    await user.sees("number: decimal", "Used by notes.")
    await user.press("d")
    await says(user, "It is used by notes: it is refused until those columns are dropped.")
    await user.type("amount")
    await user.press("ctrl+s")
    await says(user, "is used by the tables notes; it is unchanged.")


async def drop_both(user: Walker) -> None:
    await user.press("escape", "escape", "o", "end", "d", "c")
    await user.sees("Drop column")
    await user.type("paid")
    await user.press("ctrl+s", "escape", "T", "down", "d")
    await says(user, "No table uses it; no row changes.")
    await user.type("amount")
    await user.press("ctrl+s")
    await user.sees("address", "Used by notes.")
    assert "amount" not in user.screen


async def test_a_type_is_created_extended_renamed_used_and_dropped(console: MakeConsole) -> None:
    async with console(tables).run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("down", "enter", "down", "T")
        await user.sees("address", "street text, house int", "notes", "Used by notes.")
        await create_amount(user)
        await add_and_rename(user)
        await make_a_column_of_it(user)
        await drop_both(user)
