"""Making tables and indexes: what their dialogs have to know, and the commands one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import PlannedCommand, plan_list_types
from astrolabe.dataapi.client.table_form import TableDraft, plan_table, type_names
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import AstrolabeError
from screens.kit.app_base import Console
from screens.tables.create_table import CreateTableDialog
from screens.tables.index_dialog import IndexDialog


async def known_types(client: DatabaseClient, keyspace: str) -> list[str]:
    """Return the types that a column in a keyspace may have, those that were defined there among them."""
    found = (await client.run(plan_list_types(keyspace))).status.get("types") or ()
    return type_names(str(one.get("udtName", "")) for one in found)


async def ask_table(app: Console, client: DatabaseClient, keyspace: str, then: Callable[[str | None], None]) -> None:
    """Ask for a new table, make it, and give its name to ``then``."""
    database = app.selection.database
    if database is None:
        return
    taken = [one.name for one in (*await client.collections(keyspace), *await client.tables(keyspace))]
    choices = await app.connection.choices(database)

    async def create(draft: TableDraft) -> str:
        first, *indexes = plan_table(keyspace, draft)
        await client.run(first)
        await make_indexes(app, client, indexes)
        return draft.name

    app.ask(CreateTableDialog(keyspace, choices, await known_types(client, keyspace), taken, create), then)


def ask_index(
    app: Console, client: DatabaseClient, table: TargetInfo, column: str, then: Callable[[str | None], None]
) -> None:
    """Ask for an index on a column, make it, and give the column to ``then``."""

    async def create(planned: PlannedCommand) -> str:
        await client.run(planned)
        return column

    app.ask(IndexDialog(table, column, create), then)


async def make_indexes(app: Console, client: DatabaseClient, indexes: Sequence[PlannedCommand]) -> None:
    """Make the indexes of columns that are there by now; one that cannot be made is told, and keeps nothing else."""
    for planned in indexes:
        try:
            await client.run(planned)
        except AstrolabeError as error:
            app.tell(f"The columns are there, an index is not: {error.message}", warning=True)
