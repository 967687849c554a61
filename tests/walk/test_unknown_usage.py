"""What the console says of a key when a database cannot be read: first of all, that it does not know."""

from __future__ import annotations

import re

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.workspace import Workspace
from screens.kit.app_base import Section
from tests.support.provider_server import ProviderServer
from tests.support.shop import NAME, shop_with_notes, urls
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole


async def shop_with_a_damaged_archive(workspace: Workspace) -> None:
    """The shop, and another database whose file is no database any more."""
    await shop_with_notes(workspace)
    archive = await workspace.create_database(DatabaseDraft("archive"))
    await workspace._stores.close(archive.id)
    workspace._files.contents(archive.id).write_bytes(b"no database " * 1000)


async def says(user: Walker, *texts: str) -> None:
    """Wait until the screen says all of these, wherever its lines break."""

    def there() -> bool:
        words = " ".join(re.sub("[│╭╮╰╯─]", " ", user.screen).split())
        return all(text in words for text in texts)

    await user.until(there)


async def test_the_dialogs_of_a_key_say_first_what_could_not_be_read(console: MakeConsole) -> None:
    async with ProviderServer() as server:
        app = console(shop_with_a_damaged_archive, start=Section.INTEGRATIONS, urls=urls(server))
        async with app.run_test(size=(100, 40)) as pilot:
            user = Walker(pilot)
            await user.press("right", "right", "enter")
            await says(user, "Hugging Face - Serverless › Active", NAME)
            await user.press("m", "d")
            await says(
                user, "Remove API key", "Unknown: The database archive could not be read", "shop: default_keyspace"
            )
            await user.press("escape")
            await user.press("m", "h")
            await says(user, "Unknown: The database archive could not be read", "? unknown", "1 stops")
            await user.press("escape")
            await says(user, "› Active")
            await user.press("a")
            await says(user, "Add API key", "Unknown: The database archive could not be read")
