"""``astrolabe databases``: create, list and delete databases."""

from __future__ import annotations

from typing import Any

from astrolabe.portal.organization import Database, DatabaseDraft
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, say, write_rows
from tui.cli.session import connected
from tui.cli.verbs.databases.arguments import CreateArguments, DeleteArguments, ListArguments


async def create(args: CreateArguments) -> int:
    """Create a database."""
    async with connected(args) as workspace:
        database = await workspace.connection.create_database(DatabaseDraft(args.name, args.provider, args.region))
    say(f"The database {database.name} is {database.status}.")
    write_rows([_row(database)], Format(args.format))
    return 0


async def list_all(args: ListArguments) -> int:
    """List the databases."""
    async with connected(args) as workspace:
        databases = await workspace.connection.databases()
        managed = workspace.connection.capabilities.manages_databases
    create_one = " `astrolabe databases create NAME` creates one." if managed else ""
    empty = f"There is no database yet.{create_one}"
    write_rows([_row(database) for database in databases], Format(args.format), empty=empty)
    return 0


async def delete(args: DeleteArguments) -> int:
    """Delete a database with everything in it, after its name was typed or ``--yes`` was given."""
    async with connected(args) as workspace:
        connection = workspace.connection
        database = await connection.find(args.name)
        if not connection.capabilities.manages_databases:
            await connection.delete_database(database)  # says why not, before anybody types a name
        lost = (
            f"All keyspaces, collections and documents of {database.name} are deleted; this cannot be undone.",
            "It leaves the scope of every credential. The credentials themselves stay.",
        )
        await confirm_name(database.name, "database", lost, yes=args.yes)
        await workspace.connection.delete_database(database)
    say(f"The database {database.name} was deleted.")
    return 0


def _row(database: Database) -> dict[str, Any]:
    return {
        "name": database.name,
        "status": database.status.value,
        "cloud_provider": database.cloud_provider,
        "region": database.region,
        "created_at": database.created_at.isoformat(timespec="seconds") if database.created_at.timestamp() else None,
        "id": database.id,
    }
