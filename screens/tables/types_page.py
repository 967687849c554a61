"""The page of a keyspace's user-defined types: their fields, and the tables that use them."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.dataapi.client.command_builders import PlannedCommand, plan_list_types
from astrolabe.dataapi.client.user_types import UserTypeInfo, read_user_types
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.portal.organization import Database
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.grid import Grid
from screens.kit.page import Page
from screens.tables.dropping import ask_to_drop
from screens.tables.type_dialogs import AddFieldsDialog, CreateTypeDialog, RenameFieldDialog, Send, type_danger

_HEADINGS = (("Type", 18), ("Fields", 36), ("Used by", 16))

_NONE_YET = "This keyspace has no user-defined type.\n\nPress c to create one. A column can then be of it."


class TypesPage(Page):
    """Shows the user-defined types of one keyspace."""

    SECTION = Section.EXPLORER
    HEADING = " Data Explorer"

    BINDINGS = register(
        Action("types.create", "c", "New type", "Create a user-defined type."),
        Action("types.add", "a", "Add fields", "Add fields to the chosen type."),
        Action("types.rename", "r", "Rename field", "Give a field of the chosen type another name."),
        Action("types.drop", "d", "Drop", "Drop the chosen type; asks before."),
    )

    def __init__(self, database: Database, keyspace: str) -> None:
        """Show the types of a keyspace of ``database``."""
        super().__init__()
        self.database = database
        self.keyspace = keyspace
        self.types: dict[str, UserTypeInfo] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the types, and what there is to say of the chosen one."""
        yield Grid("types", _HEADINGS)
        yield Static("", id="type-about", markup=False)
        yield Static(Content(_NONE_YET), id="types-empty", classes="empty", markup=False)

    async def reload(self) -> None:
        """Read the types again."""
        client = await self.app.connection.client(self.database)
        found = (await client.run(plan_list_types(self.keyspace))).status.get("types") or ()
        self.types = {one.name: one for one in read_user_types(found, await client.tables(self.keyspace))}
        self.set_heading("Data Explorer", self.database.name, self.keyspace, "Types")
        grid = self.query_one("#types", Grid)
        grid.fill([(one.name, [one.name, one.words, ", ".join(one.tables)]) for one in self.types.values()])
        grid.display = self.query_one("#type-about").display = bool(self.types)
        self.query_one("#types-empty").display = not self.types
        if self.types and self.focused is None:
            grid.focus()
        self._show_details()

    @on(DataTable.RowHighlighted, "#types")
    def _show_details(self) -> None:
        info = self.chosen()
        if info is not None:
            used = f"Used by {listed(info.tables)}." if info.tables else "No table uses it."
            lines = [*(f"{name}: {kind}" for name, kind in info.fields.items()), used]
            self.query_one("#type-about", Static).update(Content(display_text("\n".join(lines), multiline=True)))
        self.refresh_bindings()

    def chosen(self) -> UserTypeInfo | None:
        """Return the type under the cursor."""
        name = self.query_one("#types", Grid).chosen() if self.types else None
        return self.types.get(name) if name is not None else None

    def _sender(self, name: Callable[[PlannedCommand], str]) -> Send:
        async def send(planned: PlannedCommand) -> str:
            await (await self.app.connection.client(self.database)).run(planned)
            return name(planned)

        return send

    def _changed(self, name: str | None) -> None:
        if name is not None:
            self.refresh_contents()

    def action_types_create(self) -> None:
        """Create a type."""
        send = self._sender(lambda planned: str(planned.command["createType"]["name"]))
        self.app.ask(CreateTypeDialog(self.keyspace, self.types, send), self._changed)

    def action_types_add(self) -> None:
        """Add fields."""
        info = self.chosen()
        if info is not None:
            self.app.ask(AddFieldsDialog(self.keyspace, info, self._sender(lambda _: info.name)), self._changed)

    def action_types_rename(self) -> None:
        """Rename a field."""
        info = self.chosen()
        if info is not None:
            self.app.ask(RenameFieldDialog(self.keyspace, info, self._sender(lambda _: info.name)), self._changed)

    def action_types_drop(self) -> None:
        """Drop a type."""
        info = self.chosen()
        if info is None:
            return
        danger = type_danger(self.keyspace, info)

        def then(done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
            self._changed(info.name if done else None)

        ask_to_drop(self.app, danger, self._sender(lambda _: info.name), then)

    def allows(self, action: str) -> bool | None:
        """Dim what needs a type."""
        return None if action in {"types_add", "types_rename", "types_drop"} and self.chosen() is None else True
