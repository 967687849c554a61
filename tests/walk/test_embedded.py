"""README's first walk: from an empty data folder to a search by meaning, with no network and no mouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_from_an_empty_folder_to_a_search_by_meaning(
    console: MakeConsole, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SAMPLES.parents[1])
    async with console().run_test(size=size) as pilot:
        user = Walker(pilot)
        await user.sees("There is no database yet")
        await user.press("n")
        await user.type("home")
        await user.press("ctrl+s")
        await user.sees("home", "● active")

        await user.press("enter")
        await user.sees("This keyspace has no collection")
        await user.press("c")
        await user.type("tools")
        await user.sees("Embedded", "Set by the model.")
        await user.press("ctrl+s")
        await user.sees("tools", "256 dimensions")

        await user.press("l")
        await user.type("docs/samples/tools.csv")
        await user.sees("CSV", "Claw hammer")
        await user.press("ctrl+s")
        await user.sees("Done: every row of the file is in the collection.", "20  loaded")
        await user.press("escape")
        await user.sees("Claw hammer", "1–20")

        await user.press("s")
        await user.type("something for the roses")
        await user.press("enter")
        await user.sees("10 results")
        first = next(line for line in user.screen.splitlines() if " t" in line and "0." in line)
        assert "Pruning shears" in first


async def test_a_json_file_with_its_vector_field(console: MakeConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES.parents[1])
    async with console().run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("n")
        await user.type("kitchen")
        await user.press("ctrl+s", "enter", "c")
        await user.type("recipes")
        await user.press("ctrl+s", "l")
        await user.type("docs/samples/recipes.json")
        await user.sees("JSON", "Lentil soup", "method")
        await user.press("ctrl+s")
        await user.sees("12  loaded")
        await user.press("escape", "s")
        await user.type("a cold drink for the summer")
        await user.press("enter")
        await user.sees("10 results")
        first = next(line for line in user.screen.splitlines() if " r" in line and "0." in line)
        assert "Iced tea" in first


async def test_the_sample_collection_finds_smtplib(console: MakeConsole) -> None:
    async with console().run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("n")
        await user.type("home")
        await user.press("ctrl+s", "enter")
        await user.sees("This keyspace has no collection")
        await user.press("m")
        await user.sees("256 dimensions")
        await user.press("s")
        await user.type("send an e-mail")
        await user.press("enter")
        await user.sees("10 results")
        assert "smtplib" in user.screen


async def test_a_new_database_is_the_one_that_enter_opens(console: MakeConsole) -> None:
    async with console().run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        for name in ("bees", "ants", "cats"):
            await user.press("n")
            await user.type(name)
            await user.press("ctrl+s")
            await user.press("enter")
            await user.sees(f"Data Explorer › {name}")
            await user.press("1")
