"""Random keys in the explorer, faster than answers come: what is on the screen belongs to one answer all the same."""

from __future__ import annotations

import random
import re
from typing import Any

from textual.pilot import Pilot

from screens.explorer.documents import ExplorerPane
from screens.explorer.page import DataExplorerPage
from tests.support.console import MANY, SceneConsole
from tests.support.headless import strips
from tests.support.steps import key_event, press, settle

KEYS = (
    *("right_square_bracket",) * 6,
    *("left_square_bracket",) * 3,
    *("j", "k", "h", "l", "0", "dollar_sign", "g", "G", "ctrl+d", "ctrl+u", "space", "asterisk"),
    *("less_than_sign", "greater_than_sign", "z", "v", "tab", "shift+tab", "up", "down", "enter", "escape", "f5"),
    *("1", "2", "3", "3", "3", "4", "5"),
)
"""What is pressed: nothing of it changes a document."""

MOST_AT_ONCE = 40
"""Keys that are sent without waiting for anything."""

_RANGE = re.compile(r"(?<!columns )(?<!\d)([\d,]+)–([\d,]+) of ([\d,]+)")


async def play_fast(pilot: Pilot[Any], seed: int, keys: int = 200) -> None:
    """Press random keys in bursts, and look at what is there whenever it has settled.

    Raises:
        AssertionError: Label, rows or cursor belong to different answers.
    """
    source = random.Random(seed)  # noqa: S311 - no secret
    app = pilot.app
    assert isinstance(app, SceneConsole)
    await settle(pilot)
    left = keys
    while left > 0:
        burst = min(left, source.randint(1, MOST_AT_ONCE))
        for _ in range(burst):
            app.post_message(key_event(source.choice(KEYS)))
        left -= burst
        await settle(pilot)
        check(app, f"seed {seed}, {keys - left} keys")
    for _ in range(10):
        await press(pilot, "escape")
    assert len(app.screen_stack) == 1, f"seed {seed}: {app.screen_stack} cannot be left with escape"


def check(app: SceneConsole, where: str) -> None:
    """Check that what the explorer shows is one answer."""
    if not isinstance(app.screen, DataExplorerPage):
        return
    page, pane = app.screen, app.screen.query_one(ExplorerPane)
    shown, info = pane.shown, page.chosen()
    assert shown is not None, where
    assert info is not None, where
    assert pane.opened is not None, where
    assert not pane.reading, where
    assert pane.opened.info.name == info.name == app.selection.collection, where
    expected = answer_to(info.name, dict(shown.query.sort))
    assert pane.documents == expected[shown.first - 1 : shown.first + 49], f"{where}: page {shown.number}"
    table = pane.table
    ids = [document["_id"] for document in pane.documents]
    assert [row[0] for row in table.rows] == ids, where
    assert 0 <= table.row < len(ids), where
    assert pane.chosen() == pane.documents[table.row], where
    lines = [strip.text for strip in strips(page.app)]
    label = _RANGE.search("\n".join(lines))
    if label is not None:
        numbers = tuple(int(one.replace(",", "")) for one in label.groups())
        assert numbers == (shown.first, shown.first + len(ids) - 1, len(expected)), f"{where}: {label[0]}"
    if not pane.as_json:
        assert any(ids[table.row] in line for line in lines), f"{where}: the row under the cursor is not to be seen"


def answer_to(name: str, sort: dict[str, int]) -> list[dict[str, Any]]:
    """Return all documents of a collection in the order that was asked for."""
    documents: list[dict[str, Any]] = MANY if name == "tickets" else [{"_id": "v1", "page": "/"}]
    for field, way in sort.items():
        documents = sorted(documents, key=lambda one: one[field], reverse=way == -1)
    return documents
