"""The Create table dialog: a name, and an editor of columns that is worked by keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_form import (
    LONGEST_NAME,
    ColumnDraft,
    KeyRole,
    TableDraft,
    key_words,
    plan_table,
    table_problems,
)
from astrolabe.portal.organization import VectorizeChoice
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.code import CommandsDialog
from screens.kit.dialog import Dialog
from screens.kit.fields import WRONG, Field, text_input
from screens.kit.grid import Grid
from screens.tables.column_dialog import ColumnDialog, ColumnSurroundings

HEADINGS = (("Column", 18), ("Type", 17), ("Key", 11), ("Made by", 18))

KEYS = "a add · enter change · d remove · - up · + down"

_ROLES: Mapping[KeyRole, str] = {
    KeyRole.NONE: "",
    KeyRole.PARTITION: "partition",
    KeyRole.ASCENDING: "sort asc",
    KeyRole.DESCENDING: "sort desc",
}


class ColumnsEditor(Vertical):
    """The columns of a table that is being made; what is asked for is asked by the dialog around it."""

    BINDINGS = register(
        Action("columns.add", "a", "Add", "Add a column."),
        Action("columns.change", "enter", "Change", "Change the column."),
        Action("columns.remove", "d", "Remove", "Remove the column."),
        Action("columns.up", "minus", "Up", "Move the column up; the order of the key follows."),
        Action("columns.down", "plus", "Down", "Move the column down; the order of the key follows."),
    )

    class Asked(Message):
        """A column is to be added (None) or changed (its place)."""

        def __init__(self, place: int | None) -> None:
            super().__init__()
            self.place = place

    class Changed(Message):
        """There are other columns now."""

    def __init__(self, columns: Sequence[ColumnDraft]) -> None:
        """Begin with ``columns``."""
        super().__init__(id="columns-editor")
        self.columns = list(columns)

    def compose(self) -> ComposeResult:
        """Lay out the columns and the keys."""
        yield Grid("columns", HEADINGS)
        yield Static(Content(KEYS), id="columns-keys")

    def on_mount(self) -> None:
        """Show the first columns."""
        self.show()

    def show(self, place: int | None = None) -> None:
        """Show the columns, with the cursor at ``place``."""
        grid = self.query_one("#columns", Grid)
        place = grid.cursor_row if place is None else place
        grid.fill([(str(number), _cells(column)) for number, column in enumerate(self.columns)])
        if self.columns:
            grid.move_cursor(row=max(0, min(place, len(self.columns) - 1)))
        self.post_message(self.Changed())

    def put(self, place: int | None, column: ColumnDraft) -> None:
        """Put a column in the place of another, or behind the last."""
        if place is None:
            self.columns.append(column)
            place = len(self.columns) - 1
        else:
            self.columns[place] = column
        self.show(place)

    def _place(self) -> int | None:
        chosen = self.query_one("#columns", Grid).chosen()
        return int(chosen) if chosen is not None and self.columns else None

    def action_columns_add(self) -> None:
        """Ask for a column."""
        self.post_message(self.Asked(None))

    @on(DataTable.RowSelected)
    def action_columns_change(self) -> None:
        """Ask for the column anew."""
        if self._place() is not None:
            self.post_message(self.Asked(self._place()))

    def action_columns_remove(self) -> None:
        """Remove the column."""
        place = self._place()
        if place is not None:
            del self.columns[place]
            self.show(place)

    def action_columns_up(self) -> None:
        """Move the column up."""
        self._move(-1)

    def action_columns_down(self) -> None:
        """Move the column down."""
        self._move(1)

    def _move(self, step: int) -> None:
        place = self._place()
        if place is not None and 0 <= place + step < len(self.columns):
            self.columns.insert(place + step, self.columns.pop(place))
            self.show(place + step)


def _cells(column: ColumnDraft) -> list[str]:
    made_by = ""
    if column.vector is not None:
        made_by = column.vector.choice.provider.key if column.vector.choice else "own vectors"
    kind = column.type
    if column.vector is not None and column.vector.dimension.strip():
        kind = f"vector({column.vector.dimension.strip()})"
    return [column.name, kind, _ROLES[column.role], made_by]


class CreateTableDialog(Dialog[TableDraft, str]):
    """Asks for a table; says at every moment whether it can be made, and if not, why."""

    HEADING = "Create table"
    SUBMIT = "Create table"

    def __init__(
        self,
        keyspace: str,
        choices: Sequence[VectorizeChoice],
        types: Sequence[str],
        taken: Collection[str],
        perform: Callable[[TableDraft], Awaitable[str]],
    ) -> None:
        """Ask for a table in ``keyspace``.

        Args:
            keyspace: Where it will live.
            choices: The methods the database may use.
            types: The types that a column may have.
            taken: The names that collections and tables of the keyspace have.
            perform: Makes the table and its indexes; returns its name.
        """
        super().__init__(perform)
        self.keyspace = keyspace
        self.choices = choices
        self.types = types
        self.taken = frozenset(taken)

    def compose_form(self) -> ComposeResult:
        """Lay out the name, the columns and what they amount to."""
        yield Field("Table name", text_input("name", max_length=LONGEST_NAME))
        yield ColumnsEditor(TableDraft().columns)
        yield Static("", id="table-state", markup=False)

    @on(events.Mount)
    def _show_first_state(self) -> None:
        self._show_state()

    @on(Input.Changed, "#name")
    @on(ColumnsEditor.Changed)
    def _show_state(self) -> None:
        found = self.problems()
        state = self.query_one("#table-state", Static)
        state.set_class(bool(found), "-wrong")
        if found:
            state.update(Content(display_text(f"{WRONG} {next(iter(found.values()))}", limit=300)))
        else:
            draft = self.draft()
            count, indexes = sum(len(one.names) for one in draft.columns), len(plan_table(self.keyspace, draft)) - 1
            words = f"✓ {count} column{'' if count == 1 else 's'} · key {key_words(draft)}"
            words += f" · {indexes} vector index{'' if indexes == 1 else 'es'}" if indexes else ""
            lost = [one.name for one in draft.columns if one.vector and one.vector.choice and not one.text_column]
            words += f"\nOnly vectors are kept in {', '.join(lost)}, not the texts." if lost else ""
            state.update(Content(display_text(words, limit=300, multiline=True)))

    @on(ColumnsEditor.Asked)
    def _ask_column(self, event: ColumnsEditor.Asked) -> None:
        editor, place = self.query_one(ColumnsEditor), event.place
        draft = editor.columns[place] if place is not None else None
        others = [one for number, one in enumerate(editor.columns) if number != place]
        around = ColumnSurroundings(
            self.draft().name, self.choices, self.types, [name for one in others for name in one.names]
        )

        async def take(column: ColumnDraft) -> ColumnDraft:
            return column

        def then(column: ColumnDraft | None) -> None:
            if column is not None:
                editor.put(place, column)

        self.app.ask(ColumnDialog(around, draft, take), then)

    def problems(self) -> Mapping[str, str]:
        """Check the table with the rules of tables."""
        draft = self.draft()
        found = table_problems(draft)
        if draft.name in self.taken:
            found["name"] = "There is a collection or table of that name already."
        return found

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Mark the name; what is wrong with the columns stands under them at every moment."""
        super().show_problems({field: text for field, text in problems.items() if field != "columns"})

    def draft(self) -> TableDraft:
        """Return the table."""
        name = self.query_one("#name", Input).value.strip()
        return replace(TableDraft(name), columns=tuple(self.query_one(ColumnsEditor).columns))

    def planned(self) -> PlannedCommand:
        """Return the command that makes the table."""
        return plan_table(self.keyspace, self.draft())[0]

    def show_command(self) -> None:
        """Show the commands: the table's, and one for each vector index."""
        self.app.ask(CommandsDialog(plan_table(self.keyspace, self.draft()), self.endpoint()))
