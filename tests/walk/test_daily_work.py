"""A day with a collection, with keys only: load, find, correct, take back, delete, restore, sort, copy, export."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from astrolabe.dataapi.client.client import Collection
from screens.explorer import changes
from screens.explorer.documents import ExplorerPane
from screens.kit.app_base import Section
from tests.support.console import SceneConsole, articles, many_documents
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

TICKETS = [
    {"_id": f"t{number:04}", "title": f"Ticket {number}", "price": number * 7 % 1000, "open": number % 2 == 0}
    for number in range(2000)
]


def editor(folder: Path, code: str) -> str:
    """Write an editor that changes the text it is given with a line of Python; return its command."""
    script = folder / "editor.py"
    script.write_text(
        f"import sys\npath = sys.argv[1]\ntext = open(path).read()\n{code}\nopen(path, 'w').write(text)\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return f"python3 {script}"


async def collection(app: SceneConsole, name: str) -> Collection:
    return (await app.selected_client()).collection("default_keyspace", name)


async def everything(of: Collection, where: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return sorted([one async for one in of.find_all(filter=where)], key=lambda one: str(one["_id"]))


async def create(user: Walker, name: str) -> None:
    """Create a collection without vectors."""
    await user.press("c")
    await user.type(name)
    await user.press("tab", "space", "ctrl+s")
    await user.sees(name, "This collection has no documents")


async def load(user: Walker, file: str) -> None:
    await user.press("L")
    await user.type(file)
    await user.press("ctrl+s")
    await user.sees("Done: every row")
    await user.press("escape")


async def correct_a_title_and_take_it_back(user: Walker, tickets: Collection) -> None:
    await user.press("enter", "slash")
    await user.type('{"title": "Ticket 1234"}')
    await user.press("enter")
    await user.sees("t1234", "1–1 of 1", 'filter {"title": "Ticket 1234"}')
    await user.press("E")
    await user.sees("- title", "+ title", "Tickets, all of them")
    await user.press("ctrl+s")
    await user.sees("No document matches the filter")
    found = await tickets.find_one(filter={"_id": "t1234"})
    assert found is not None
    assert found["title"] == "Tickets, all of them"
    await user.press("u")
    await user.sees("t1234", "1–1 of 1")
    assert await everything(tickets) == TICKETS
    await user.press("enter", "slash", *("backspace",) * 30, "enter")
    await user.sees("1–50 of 2,000")


async def delete_three_and_restore_them(user: Walker, tickets: Collection) -> None:
    await user.press("space", "space", "space")
    await user.sees("3 marked")
    await user.press("d")
    await user.sees("Delete 3 documents")
    await user.press("ctrl+s")
    await user.sees("1–50 of 1,997")
    assert await everything(tickets) == TICKETS[3:]
    await user.press("u")
    await user.sees("1–50 of 2,000")
    assert await everything(tickets) == TICKETS


async def sort_copy_and_export(user: Walker, app: SceneConsole) -> None:
    await user.press("l", "l", "greater_than_sign")
    await user.sees("by price ↓", "price ↓")
    assert app.screen.query_one(ExplorerPane).documents[0]["price"] == 999
    await user.press("y", "y")
    assert app.clipboard == "999"
    await user.press("slash")
    await user.type('{"open": true}')
    await user.press("enter")
    await user.sees("1–50 of 1,000")
    await user.press("w")
    await user.sees("documents that match the filter")
    await user.press("ctrl+s")
    await user.sees("There is such a file already")
    await user.press(*("backspace",) * 13)
    await user.type("open.jsonl")
    assert "There is such a file" not in user.screen
    await user.press("ctrl+s")
    await user.sees("1,000 documents were written")


async def test_a_day_with_two_thousand_tickets(
    console: MakeConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tickets.jsonl").write_text("".join(json.dumps(ticket) + "\n" for ticket in TICKETS))
    monkeypatch.setenv("VISUAL", editor(tmp_path, "text = text.replace('Ticket 1234', 'Tickets, all of them')"))
    app = console()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("n", *"home", "ctrl+s", "enter")
        await create(user, "tickets")
        await load(user, "tickets.jsonl")
        await user.sees("1–50 of 2,000", "2,000")
        tickets = await collection(app, "tickets")
        await correct_a_title_and_take_it_back(user, tickets)
        await delete_three_and_restore_them(user, tickets)
        await sort_copy_and_export(user, app)
        await user.press("escape")
        await create(user, "again")
        await load(user, "open.jsonl")
        await user.sees("1–50 of 1,000")
        again = await everything(await collection(app, "again"))
        assert again == [ticket for ticket in TICKETS if ticket["open"]]


@pytest.mark.parametrize("typed", ["3", "230"])
async def test_more_than_twenty_are_deleted_when_their_number_is_typed(console: MakeConsole, typed: str) -> None:
    app = console(many_documents, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter", "asterisk")
        await user.sees("all 230 marked")
        await user.press("d")
        await user.sees("Delete 230 documents", "Type 230 to confirm")
        await user.type(typed)
        await user.press("ctrl+s")
        if typed == "3":
            await user.sees("The name is not")
            return
        await user.sees("This collection has no documents")
        await user.press("u")
        await user.sees("1–50 of 230")


async def test_what_cannot_be_taken_back_says_so(console: MakeConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_TAKEN_BACK", 100)
    async with console(many_documents, start=Section.EXPLORER).run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter", "asterisk", "d")
        await user.sees("taken back: 100 is the most")
        await user.type("230")
        await user.press("ctrl+s")
        await user.sees("This collection has no documents", "This cannot be taken back")


@pytest.mark.parametrize("most", [1000, 100])
async def test_nothing_is_deleted_when_more_match_than_was_said(
    console: MakeConsole, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(changes, "MOST_TAKEN_BACK", most)
    app = console(many_documents, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter", "asterisk", "d")
        await user.sees("Type 230 to confirm")
        tickets = await collection(app, "tickets")
        await tickets.insert_one({"_id": "late"})
        await user.type("230")
        await user.press("ctrl+s")
        await user.sees("231 documents match now, not 230")
        assert await tickets.estimated_count() == 231


async def test_d_acts_on_what_the_cursor_is_on(console: MakeConsole) -> None:
    async with console(many_documents, start=Section.EXPLORER).run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("d")
        await user.sees("Delete collection", "tickets")
        await user.press("escape", "enter", "d")
        await user.sees("Delete 1 document", "the document n001")


async def test_what_somebody_else_changed_meanwhile_is_not_written_over(console: MakeConsole) -> None:
    app = console(many_documents, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter", "e")
        await user.press(*("down",) * 2, "end", "left", "left", *"er")
        await user.press("ctrl+s")
        await user.sees("- label", "+ label")
        tickets = await collection(app, "tickets")
        await tickets.update_one({"_id": "n001"}, {"$set": {"price": 5000}})
        await user.press("ctrl+s")
        await user.sees("Somebody else has changed", "5000", "What you would change")
        found = await tickets.find_one(filter={"_id": "n001"})
        assert found is not None
        assert (found["label"], found["price"]) == ("ticket 1", 5000)


async def test_undo_stops_where_somebody_else_has_been(console: MakeConsole) -> None:
    app = console(many_documents, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter", "D", "ctrl+s")
        await user.sees("1–50 of 231")
        tickets = await collection(app, "tickets")
        await tickets.update_one({"label": "ticket 1", "_id": {"$ne": "n001"}}, {"$set": {"price": 5000}})
        await user.press("u")
        await user.sees("Somebody else has changed")
        assert await tickets.estimated_count() == 231


async def test_a_changed_text_is_embedded_again_and_undo_brings_its_vector_back(console: MakeConsole) -> None:
    app = console(articles, start=Section.DATABASES)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("down", "enter", "enter")
        lamps = await collection(app, "articles")
        before = await lamps.find_one(filter={"_id": "a1"}, projection={"*": 1})
        assert before is not None
        await user.press("e", *("down",) * 5, "end", "left", *" by night")
        await user.press("ctrl+s")
        await user.sees("embedded again by embedded, wordllama")
        await user.press("ctrl+s")
        await user.sees("Done. u takes it back")
        after = await lamps.find_one(filter={"_id": "a1"}, projection={"*": 1})
        assert after is not None
        assert after["$vectorize"] == before["$vectorize"] + " by night"
        assert after["$vector"] != before["$vector"]
        await user.press("u")
        await user.sees("Taken back")
        assert await lamps.find_one(filter={"_id": "a1"}, projection={"*": 1}) == before


async def test_a_filter_does_not_survive_a_change_of_collection(console: MakeConsole) -> None:
    app = console(many_documents, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter", "slash")
        await user.type('{"kind": "wish"}')
        await user.press("enter")
        await user.sees("1–50 of 77", 'filter {"kind": "wish"}')
        await user.press("f5")
        await user.sees("1–50 of 77", 'filter {"kind": "wish"}')
        await user.press("escape", "down")
        await user.sees("v1")
        assert "filter" not in user.screen
        await user.press("up", "enter")
        await user.sees("1–50 of 230")
        await user.press("slash", "up")
        await user.sees('Filter {"kind": "wish"}')


async def test_every_field_can_be_reached(console: MakeConsole) -> None:
    async with console(many_documents, start=Section.EXPLORER).run_test(size=(80, 24), notifications=True) as pilot:
        user = Walker(pilot)
        await user.press("enter")
        await user.sees("columns 1–", "of 12 ›")
        seen: set[str] = set()
        for _ in range(12):
            seen |= {word for word in user.screen.split() if word.startswith("field_")}
            await user.press("l")
        assert seen == {f"field_{name}" for name in "abcdefgh"}
        await user.sees("–12 of 12")
