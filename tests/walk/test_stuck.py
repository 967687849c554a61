"""Whatever was pressed and however the terminal was resized, there is a way on."""

from __future__ import annotations

from screens.databases.page import DatabasesPage
from screens.kit.app_base import Section
from screens.search.page import SearchPage
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole


async def test_an_enlarged_terminal_shows_the_console_again_although_help_was_open(console: MakeConsole) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await pilot.resize_terminal(40, 10)
        await user.sees("Please enlarge the terminal")
        await pilot.press("f1")
        await user.sees("Keys")
        await pilot.resize_terminal(80, 24)
        await pilot.press("escape")
        await user.until(lambda: isinstance(app.screen, DatabasesPage))
        await user.sees("There is no database yet")


async def test_search_without_a_collection_lets_go_of_the_keys(console: MakeConsole) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("n", *"home", "ctrl+s")
        await user.sees("home", "● active")
        await user.press("enter", "c", *"tools", "ctrl+s")
        await user.sees("256 dimensions")
        await user.press("s", *"words")
        await user.sees("words")
        assert app.selection.database is not None
        client = await app.workspace.client(app.selection.database)
        await client.delete_collection("default_keyspace", "tools")
        await user.press("f5")
        await user.until(lambda: isinstance(app.screen, SearchPage) and app.screen.info is None)
        await user.press("1")
        await user.until(lambda: app.current_mode == Section.DATABASES.value)
        await user.press("4")
        await user.sees("There is no collection to search yet")
        await user.press("2")
        await user.until(lambda: app.current_mode == Section.INTEGRATIONS.value)
