"""From an empty data folder to a search by meaning and words together, and by words alone, with keys only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_from_an_empty_folder_to_a_hybrid_search(
    console: MakeConsole, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    async with console().run_test(size=size) as pilot:
        user = Walker(pilot)
        await user.press("n")
        await user.type("home")
        await user.press("ctrl+s", "enter", "c")
        await user.type("tools")
        await user.sees("Embedded", "[x] Lexical search")
        await user.press("ctrl+s")
        await user.sees("tools", "256 dimensions")

        await user.press("l")
        await user.type("docs/samples/tools.csv")
        await user.sees("CSV", "Claw hammer", "[ ] Searchable by words, too")
        await user.press("tab", "tab", "tab", "space")
        await user.sees("[x] Searchable by words, too")
        await user.press("ctrl+s")
        await user.sees("20  loaded")
        await user.press("escape", "s")

        await user.sees("Mode   meaning")
        await user.press("f3")
        await user.sees("Mode   hybrid")
        await user.type("nails")
        await user.press("enter")
        await user.sees("10 results", "fused by rank: no reranker")
        assert [row[2] for row in rows(user)].count("1") == 1
        assert "–" in {row[2] for row in rows(user)}

        await user.press("f3")
        await user.sees("Mode   words", "result")
        assert "fused" not in user.screen
        assert all("nails" in " ".join(row).lower() for row in rows(user))

        await user.press("f3")
        await user.sees("Mode   meaning", "10 results", "$similarity")


def rows(user: Walker) -> list[list[str]]:
    """Return the words of the lines that show a document."""
    lines = [line.split() for line in user.screen.splitlines()]
    return [line for line in lines if line and line[0].startswith("t") and line[0][1:].isdigit()]


async def test_a_collection_without_words_offers_no_other_mode(console: MakeConsole) -> None:
    async with console().run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("n")
        await user.type("home")
        await user.press("ctrl+s", "enter", "c")
        await user.type("tools")
        await user.press(*("tab",) * 5, "space")
        await user.sees("[ ] Lexical search")
        await user.press("ctrl+s")
        await user.sees("256 dimensions")
        await user.press("s")
        await user.sees("they are matched by meaning")
        assert "Mode   " not in user.screen
        await user.press("f3")
        assert "hybrid" not in user.screen
