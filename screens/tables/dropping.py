"""What of a table can be dropped, and what stops with it: told before, with a name to type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_plans import (
    plan_drop_columns,
    plan_drop_index,
    plan_drop_services,
    plan_drop_table,
)
from astrolabe.dataapi.client.table_words import TEXT_INDEX, VECTOR_INDEX, IndexInfo, indexes_of
from astrolabe.dataapi.client.target_info import TargetInfo
from screens.kit.app_base import Console
from screens.kit.confirm import DeleteConfirmation, TypeTheNameDialog
from screens.kit.menu import Entry

TABLE = "table"
"""What a choice of the whole table is called."""


@dataclass(frozen=True, slots=True)
class Droppable:
    """Something that can be dropped: how the menu offers it, and what has to be confirmed."""

    entry: Entry
    danger: DeleteConfirmation


def droppable(table: TargetInfo, column: str) -> list[Droppable]:
    """Return what can be dropped at a column: its indexes, its service, itself, and the whole table."""
    found = [
        Droppable(Entry(f"index-{place}", str(place), f"Index {index.name}"), index_danger(table, index))
        for place, index in enumerate(indexes_of(table, column), start=1)
    ]
    vector = table.vectors.get(column)
    if vector is not None and vector.service is not None:
        words = f"Service {vector.service.provider}"
        found.append(Droppable(Entry("service", "s", words), service_danger(table, column)))
    if column not in table.key_columns and not indexes_of(table, column):
        found.append(Droppable(Entry("column", "c", f"Column {column}"), column_danger(table, column)))
    return [*found, Droppable(Entry(TABLE, "t", f"Table {table.name}"), table_danger(table))]


def index_danger(table: TargetInfo, index: IndexInfo) -> DeleteConfirmation:
    """Return what dropping an index says."""
    stops = f"Filters by {index.column} read the whole table from now on."
    if index.kind == VECTOR_INDEX:
        stops = f"Searches by {index.column} are refused until it has a vector index again."
    elif index.kind == TEXT_INDEX:
        stops = f"Searches by the words of {index.column} are refused until it has a text index again."
    return DeleteConfirmation(
        heading="Drop index",
        name=index.name,
        noun="Index name",
        verb="Drop index",
        consequences=(stops, "The rows stay as they are."),
        planned=plan_drop_index(table.keyspace, index.name),
    )


def service_danger(table: TargetInfo, column: str) -> DeleteConfirmation:
    """Return what dropping a service says."""
    return DeleteConfirmation(
        heading="Drop service",
        name=column,
        noun="Column name",
        verb="Drop service",
        consequences=(
            f"Texts are refused in {column} from now on, in rows and in searches; vectors are taken as before.",
            "The vectors that are there stay. Attaching the same service brings it back.",
        ),
        planned=plan_drop_services(table.keyspace, table.name, [column]),
    )


def column_danger(table: TargetInfo, column: str) -> DeleteConfirmation:
    """Return what dropping a column says."""
    return DeleteConfirmation(
        heading="Drop column",
        name=column,
        noun="Column name",
        verb="Drop column",
        consequences=(
            f"Everything that rows have in {column} is deleted; this cannot be undone.",
            "A column of the same name can be added later with its old type only, and comes back empty.",
        ),
        planned=plan_drop_columns(table.keyspace, table.name, [column]),
    )


def table_danger(table: TargetInfo) -> DeleteConfirmation:
    """Return what dropping a table says."""
    services = [one.service.provider for one in table.vectors.values() if one.service is not None]
    return DeleteConfirmation(
        heading="Drop table",
        name=table.name,
        noun="Table name",
        verb="Drop table",
        consequences=(
            f"All rows of {table.keyspace}.{table.name} are deleted; this cannot be undone.",
            *_used(services),
        ),
        planned=plan_drop_table(table.keyspace, table.name),
    )


def _used(services: Sequence[str]) -> tuple[str, ...]:
    if not services:
        return ()
    return (f"The credentials of its services ({', '.join(dict.fromkeys(services))}) stay.",)


def ask_to_drop(
    app: Console,
    danger: DeleteConfirmation,
    send: Callable[[PlannedCommand], Awaitable[object]],
    then: Callable[[bool | None], None],
) -> None:
    """Have a name typed before something is dropped.

    Args:
        app: The console.
        danger: What is lost, and the command that does it.
        send: Sends the command.
        then: Is told whether it was done.
    """

    async def drop(_typed: str) -> bool:
        if danger.planned is not None:
            await send(danger.planned)
        return True

    app.ask(TypeTheNameDialog(danger, drop), then)
