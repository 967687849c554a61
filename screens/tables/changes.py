"""What the table page asks for: columns, indexes and services, to add, to change and to drop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_form import ColumnDraft, columns_json, plan_indexes
from astrolabe.dataapi.client.table_plans import plan_add_columns
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.portal.organization import Database
from screens.kit.confirm import DeleteConfirmation
from screens.kit.menu import MenuDialog
from screens.kit.page import Page
from screens.tables.column_dialog import ColumnDialog, ColumnSurroundings
from screens.tables.dropping import TABLE, ask_to_drop, droppable
from screens.tables.making import ask_index, known_types, make_indexes
from screens.tables.service_dialog import ServiceDialog


class TableChanges:
    """Opens the table page's dialogs, carries out what they return, and lets the page show what has changed."""

    def __init__(self, page: Page, database: Database, dropped: Callable[[], None]) -> None:
        """Work for ``page``, which shows a table of ``database``; ``dropped`` is called once the table is gone."""
        self.page = page
        self.database = database
        self._dropped = dropped

    async def _client(self) -> DatabaseClient:
        return await self.page.app.connection.client(self.database)

    def _changed(self, done: object) -> None:
        if done:
            self.page.refresh_contents()

    def add_column(self, table: TargetInfo) -> None:
        """Ask for a column, and add it."""
        self.page.open_in_background(partial(self._ask_column, table), "column")

    async def _ask_column(self, table: TargetInfo) -> None:
        client = await self._client()
        choices = await self.page.app.connection.choices(self.database)
        types = await known_types(client, table.keyspace)
        around = ColumnSurroundings(table.name, choices, types, list(table.columns), key=False)

        def plan(draft: ColumnDraft) -> PlannedCommand:
            return plan_add_columns(table.keyspace, table.name, columns_json([draft]))

        async def add(draft: ColumnDraft) -> ColumnDraft:
            await client.run(plan(draft))
            await make_indexes(self.page.app, client, plan_indexes(table.keyspace, table.name, [draft]))
            return draft

        self.page.app.ask(ColumnDialog(around, None, add, plan), self._changed)

    def create_index(self, table: TargetInfo, column: str) -> None:
        """Ask for an index of a column, and make it."""
        self.page.open_in_background(partial(self._ask_index, table, column), "index")

    async def _ask_index(self, table: TargetInfo, column: str) -> None:
        ask_index(self.page.app, await self._client(), table, column, self._changed)

    def change_service(self, table: TargetInfo, column: str) -> None:
        """Ask for the service of a vector column, and attach it."""
        self.page.open_in_background(partial(self._ask_service, table, column), "service")

    async def _ask_service(self, table: TargetInfo, column: str) -> None:
        choices = await self.page.app.connection.choices(self.database)

        async def attach(planned: PlannedCommand) -> str:
            await (await self._client()).run(planned)
            return column

        self.page.app.ask(ServiceDialog(table, column, choices, attach), self._changed)

    def drop(self, table: TargetInfo, column: str) -> None:
        """Ask what to drop, then for its name."""
        found = {one.entry.id: one for one in droppable(table, column)}

        def chosen(name: str | None) -> None:
            if name is not None:
                self._confirm(found[name].danger, whole_table=name == TABLE)

        self.page.app.ask(MenuDialog("Drop", [one.entry for one in found.values()]), chosen)

    def _confirm(self, danger: DeleteConfirmation, *, whole_table: bool) -> None:
        async def send(planned: PlannedCommand) -> None:
            await (await self._client()).run(planned)

        def then(done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
            if done and whole_table:
                self._dropped()
            else:
                self._changed(done)

        ask_to_drop(self.page.app, danger, send, then)
