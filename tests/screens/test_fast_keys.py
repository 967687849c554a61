"""Keys that come faster than answers; ``make hard`` does the same with fifty seeds."""

from __future__ import annotations

import pytest

from screens.explorer.documents import ExplorerPane
from screens.kit.app_base import Section
from tests.screens.conftest import MakeConsole
from tests.support.console import many_documents
from tests.support.fast_keys import play_fast
from tests.support.steps import press, settle


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_pressed_fast_label_rows_and_cursor_belong_to_one_answer(
    seed: int, console: MakeConsole
) -> None:
    async with console(many_documents, start=Section.EXPLORER).run_test(size=(80, 24)) as pilot:
        await play_fast(pilot, seed, keys=60)


async def test_the_page_label_does_not_run_ahead_of_the_rows(console: MakeConsole) -> None:
    app = console(many_documents, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *("right_square_bracket",) * 3)
        pane = app.screen.query_one(ExplorerPane)
        assert pane.shown is not None
        assert (pane.shown.number, pane.documents[0]["_id"]) == (4, "n151")
        await press(pilot, *("right_square_bracket",) * 9)
        assert (pane.shown.number, pane.documents[-1]["_id"]) == (5, "n230")
