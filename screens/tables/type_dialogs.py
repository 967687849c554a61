"""Dialogs for user-defined types: create one, add fields, rename a field, and what is said before one is dropped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Select, Static

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_form import LONGEST_NAME, type_name_problem
from astrolabe.dataapi.client.user_types import (
    UserTypeInfo,
    field_name_problem,
    fields_problem,
    plan_add_fields,
    plan_create_type,
    plan_drop_type,
    plan_rename_fields,
    read_fields,
)
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.text.safe_text import display_text
from screens.kit.confirm import DeleteConfirmation
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, choice, text_input

_FIELDS_HELP = "Name and type, with commas between: street text, house int"

Send = Callable[[PlannedCommand], Awaitable[str]]
"""Sends the command and returns the type's name."""


class CreateTypeDialog(Dialog[PlannedCommand, str]):
    """Asks for a type."""

    HEADING = "Create type"
    SUBMIT = "Create type"

    def __init__(self, keyspace: str, taken: Collection[str], perform: Send) -> None:
        """Ask for a type of a keyspace whose name is not in ``taken``."""
        super().__init__(perform)
        self.keyspace = keyspace
        self.taken = taken

    def compose_form(self) -> ComposeResult:
        """Lay out the fields."""
        yield Field("Type name", text_input("name", max_length=LONGEST_NAME))
        yield Field("Fields", text_input("fields"), help=_FIELDS_HELP)

    def problems(self) -> Mapping[str, str]:
        """Check name and fields."""
        name = _typed(self, "name")
        taken = f"There is a type {name} already." if name in self.taken else ""
        found = {"name": type_name_problem(name) or taken, "fields": fields_problem(_typed(self, "fields"))}
        return {field: text for field, text in found.items() if text}

    def draft(self) -> PlannedCommand:
        """Return the command."""
        return self.planned()

    def planned(self) -> PlannedCommand:
        """Return the command that creates it."""
        return plan_create_type(self.keyspace, _typed(self, "name"), dict(read_fields(_typed(self, "fields"))))


class AddFieldsDialog(Dialog[PlannedCommand, str]):
    """Asks for more fields of a type."""

    SUBMIT = "Add fields"

    def __init__(self, keyspace: str, info: UserTypeInfo, perform: Send) -> None:
        """Ask for fields that ``info`` has not."""
        super().__init__(perform)
        self.keyspace = keyspace
        self.info = info

    def heading(self) -> str:
        """Return the title."""
        return f"Add fields to {self.info.name}"

    def compose_form(self) -> ComposeResult:
        """Lay out the field, and what happens to the rows that are there."""
        yield _consequence("Rows that are there have nothing in a new field. A field cannot be taken away again.")
        yield Field("Fields", text_input("fields"), help=_FIELDS_HELP)

    def problems(self) -> Mapping[str, str]:
        """Check the fields."""
        problem = fields_problem(_typed(self, "fields"), self.info.fields)
        return {"fields": problem} if problem else {}

    def draft(self) -> PlannedCommand:
        """Return the command."""
        return self.planned()

    def planned(self) -> PlannedCommand:
        """Return the command that adds them."""
        return plan_add_fields(self.keyspace, self.info.name, dict(read_fields(_typed(self, "fields"))))


class RenameFieldDialog(Dialog[PlannedCommand, str]):
    """Asks for another name of a field."""

    SUBMIT = "Rename field"

    def __init__(self, keyspace: str, info: UserTypeInfo, perform: Send) -> None:
        """Ask for a field of ``info`` and its new name."""
        super().__init__(perform)
        self.keyspace = keyspace
        self.info = info

    def heading(self) -> str:
        """Return the title."""
        return f"Rename a field of {self.info.name}"

    def compose_form(self) -> ComposeResult:
        """Lay out the choice and the name."""
        yield _consequence("Values keep their place. Programs that use the old name are refused from now on.")
        names = [(name, str(place)) for place, name in enumerate(self.info.fields)]
        yield Field("Field", choice("field", names, "0"))
        yield Field("New name", text_input("name"))

    def problems(self) -> Mapping[str, str]:
        """Check the new name."""
        problem = field_name_problem(_typed(self, "name"), self.info.fields)
        return {"name": problem} if problem else {}

    def draft(self) -> PlannedCommand:
        """Return the command."""
        return self.planned()

    def planned(self) -> PlannedCommand:
        """Return the command that renames it."""
        field = list(self.info.fields)[int(str(self.query_one("#field", Select).value))]
        return plan_rename_fields(self.keyspace, self.info.name, {field: _typed(self, "name")})


def type_danger(keyspace: str, info: UserTypeInfo) -> DeleteConfirmation:
    """Return what dropping a type says."""
    used = f"It is used by {listed(info.tables)}: it is refused until those columns are dropped."
    return DeleteConfirmation(
        heading="Drop type",
        name=info.name,
        noun="Type name",
        verb="Drop type",
        consequences=(used if info.tables else "No table uses it; no row changes.",),
        planned=plan_drop_type(keyspace, info.name),
    )


def _typed(dialog: Dialog[PlannedCommand, str], name: str) -> str:
    return dialog.query_one(f"#{name}", Input).value.strip()


def _consequence(words: str) -> Static:
    return Static(Content(display_text(words)), classes="consequence")
