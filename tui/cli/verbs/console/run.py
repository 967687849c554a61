"""``astrolabe`` and ``astrolabe demo``: the console, on your data or on a sample that is thrown away."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from astrolabe.dataapi.client.search_form import SearchDraft, plan_search
from astrolabe.errors import ProviderError
from astrolabe.portal.organization import DEFAULT_KEYSPACE, Database, DatabaseDraft
from astrolabe.workspace import Workspace
from tui.cli.output import Format, say
from tui.cli.process import tell
from tui.cli.session import existing_collection, go_where_asked, options_of, settings_of
from tui.cli.terminal import Opening, has_terminal, open_console, require_terminal
from tui.cli.verbs.console.arguments import ConsoleArguments, DemoArguments
from tui.cli.verbs.search.run import found, write_found

DEMO_DATABASE = "demo"
DEMO_QUESTION = "send an e-mail"
"""What is searched for where there is no terminal."""

_DEMO_RESULTS = 5


async def console(args: ConsoleArguments) -> int:
    """Open the console on the data folder."""
    require_terminal()
    settings = settings_of(args)
    async with Workspace.opened(options_of(settings)) as workspace:
        badges = await go_where_asked(workspace, settings)
        return await open_console(workspace, settings, Opening(badges=badges))


async def demo(args: DemoArguments) -> int:
    """Open the console on a new data folder with a sample in it; without a terminal, print a search instead."""
    settings = settings_of(args)
    if has_terminal():
        require_terminal()
    with tempfile.TemporaryDirectory(prefix="astrolabe-demo-") as folder:
        options = options_of(settings, data_dir=Path(folder) / "data")
        say("Loading the sample: the modules of Python's standard library …")
        # Read-only or not, the sample must get in first.
        async with Workspace.opened(replace(options, read_only=False)) as workspace:
            database = await workspace.create_database(DatabaseDraft(DEMO_DATABASE))
            sample = await _sample(workspace, database)
        async with Workspace.opened(options) as workspace:
            if sample is None or has_terminal():  # without a terminal, there is a sample
                opening = Opening(database, DEFAULT_KEYSPACE, sample, badges=("demo",))
                return await open_console(workspace, settings, opening)
            return await _print_search(workspace, database, sample)


async def _sample(workspace: Workspace, database: Database) -> str | None:
    """Create the sample. Without the Embedded provider the console is worth opening all the same, a search is not."""
    try:
        return await workspace.create_sample(database, DEFAULT_KEYSPACE)
    except ProviderError as error:
        if not has_terminal():
            raise
        tell(error)
        return None


async def _print_search(workspace: Workspace, database: Database, collection: str) -> int:
    client = await workspace.client(database)
    info = await existing_collection(client, DEFAULT_KEYSPACE, collection)
    say(f"There is no terminal for the console. Searching {collection} for: {DEMO_QUESTION}")
    planned = plan_search(SearchDraft(DEMO_QUESTION, limit=str(_DEMO_RESULTS)), info)
    write_found(await found(client, planned), Format.TABLE)
    return 0
