"""The dialog for one column: name, type, key role, and what makes its vectors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Checkbox, Input, Select

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_form import (
    LARGEST_DIMENSION,
    LONGEST_INDEX_NAME,
    VECTOR,
    ColumnDraft,
    KeyRole,
    column_problems,
)
from astrolabe.portal.organization import VectorizeChoice
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice, text_input
from screens.kit.vector_fields import OWN_VECTORS, VectorFields
from screens.tables.type_field import TypeField

LASTING = "The service can be changed later; the dimensions cannot."

ROLES = (
    ("not in the primary key", KeyRole.NONE),
    ("partition: rows lie together by it", KeyRole.PARTITION),
    ("clustering, ascending", KeyRole.ASCENDING),
    ("clustering, descending", KeyRole.DESCENDING),
)


@dataclass(frozen=True, slots=True)
class ColumnSurroundings:
    """What a column is made in.

    Attributes:
        table: The table's name, which names of indexes begin with.
        choices: The methods the database may use.
        types: The types a column may have.
        taken: The names of the table's other columns.
        key: Whether the primary key can still be chosen.
    """

    table: str
    choices: Sequence[VectorizeChoice]
    types: Sequence[str]
    taken: Collection[str]
    key: bool = True


class ColumnDialog(Dialog[ColumnDraft, ColumnDraft]):
    """Asks for a column."""

    def __init__(
        self,
        around: ColumnSurroundings,
        draft: ColumnDraft | None,
        perform: Callable[[ColumnDraft], Awaitable[ColumnDraft]],
        plan: Callable[[ColumnDraft], PlannedCommand] | None = None,
    ) -> None:
        """Ask for a column.

        Args:
            around: What it is made in.
            draft: The column to change; None for a new one.
            perform: Takes the column.
            plan: The command that adds it; None where none is sent yet.
        """
        super().__init__(perform)
        self.around = around
        self.start = draft or ColumnDraft()
        self.is_new = draft is None
        self._plan = plan

    def heading(self) -> str:
        """Return the title."""
        return "Add column" if self.is_new else f"Column {self.start.name}"

    def submit_label(self) -> str:
        """Return the verb."""
        return "Add column" if self.is_new else "Take it"

    @property
    def sends_command(self) -> bool:
        """Whether submitting sends a command."""
        return self._plan is not None

    def compose_form(self) -> ComposeResult:
        """Lay out the fields."""
        yield Field("Column name", text_input("name", self.start.name))
        yield Field(
            "Type",
            TypeField("type", self.around.types, "" if self.is_new else self.start.type),
            help="Type to search: text, set<text>, map<text,int>, vector …",
        )
        if self.around.key:
            roles = [(label, role.value) for label, role in ROLES]
            yield Field("Primary key", choice("role", roles, self.start.role.value))
        with Vertical(id="vector-part"):
            yield VectorFields(self.around.choices, lasting=LASTING, largest=LARGEST_DIMENSION)
            yield Field(
                "", check("indexed", "Vector index", value=True), help="Without one the column cannot be searched."
            )
            yield Field("Index name", text_input("index", self.start.index, max_length=LONGEST_INDEX_NAME))
            yield Field(
                "",
                check("keep-text", "Keep the text in a column, too", value=bool(self.start.text_column)),
                help="Of a text only the vector is kept; give the text itself in this column.",
            )
            yield Field("Text column", text_input("text-column", self.start.text_column))

    @on(events.Mount)
    def _show_parts_first(self) -> None:
        self._show_parts()

    @on(TypeField.Changed)
    @on(Select.Changed, "#method")
    @on(Checkbox.Changed)
    def _show_parts(self) -> None:
        """Show the fields that apply to the type and the method."""
        is_vector = self._type() == VECTOR
        self.query_one("#vector-part").display = is_vector
        rows = self.fields()
        if "role" in rows:
            rows["role"].display = not is_vector
        methods = list(self.query("#method").results(Select))
        has_service = bool(methods) and methods[0].value not in {OWN_VECTORS, Select.NULL}
        rows["keep-text"].display = has_service
        rows["index"].display = self._ticked("indexed")
        rows["text-column"].display = has_service and self._ticked("keep-text")
        self._suggest_names()

    @on(Input.Changed, "#name")
    def _suggest_names(self) -> None:
        """Name the index and the text column after the column, as long as nobody has named them otherwise."""
        name = self.query_one("#name", Input).value.strip()
        index = "_".join(part for part in (self.around.table, name, "index") if part)
        plain = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in index)
        for place, suggested in (("index", plain[:LONGEST_INDEX_NAME]), ("text-column", f"{name}_text")):
            box = self.query_one(f"#{place}", Input)
            if not box.value or box.value == box.placeholder:
                box.value = suggested if name else ""
            box.placeholder = suggested

    def _type(self) -> str:
        return self.query_one(TypeField).value

    def _ticked(self, name: str) -> bool:
        return self.query_one(f"#{name}", Checkbox).value

    def problems(self) -> Mapping[str, str]:
        """Check the column with the rules of tables."""
        fields = self.query_one(VectorFields)
        found = column_problems(self.draft(), self.around.taken, self.around.types)
        return fields.placed(found)

    def draft(self) -> ColumnDraft:
        """Return the column."""
        kind = self._type()
        name = self.query_one("#name", Input).value.strip()
        if kind != VECTOR:
            roles = [str(select.value) for select in self.query("#role").results(Select)]
            return ColumnDraft(name, kind, KeyRole(roles[0]) if roles else KeyRole.NONE)
        vector = self.query_one(VectorFields).draft()
        keeps = vector.choice is not None and self._ticked("keep-text")
        return ColumnDraft(
            name,
            kind,
            vector=vector,
            index=self.query_one("#index", Input).value.strip() if self._ticked("indexed") else "",
            text_column=self.query_one("#text-column", Input).value.strip() if keeps else "",
        )

    def planned(self) -> PlannedCommand:
        """Return the command that adds the column."""
        return self._plan(self.draft()) if self._plan is not None else super().planned()
