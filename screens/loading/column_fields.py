"""The columns of a table beside the fields of a file: a list that is changed with keys."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Select

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.loading.preview import Preview
from astrolabe.loading.tables.conversion import type_words
from astrolabe.loading.tables.matching import ColumnMatch, match_columns
from astrolabe.text.safe_text import display_text, fit, show_value
from screens.kit.actions import Action, register
from screens.kit.fields import WRONG, Field, choice, offer
from screens.kit.grid import Grid

LEFT_OUT = "left out"

NOTHING = ""
"""Value of the choice that gives a column no field; the others are the places of the fields."""

LABEL_WIDTH = 24
"""Cells of a label; what is longer would be cut without a sign."""

HEADINGS = (("Column", 14), ("Type", 14), ("Field", 17), ("First row", 15))


class ColumnFields(Vertical):
    """Each column with its field: at first the one of its name, then the one that is chosen for it.

    Attributes:
        given: The fields that were chosen, by column; an empty text leaves the column out.
        match: The columns and their fields now.
    """

    BINDINGS = register(Action("match.change", "enter", "Change", "Choose the field of the column."))

    class Changed(Message):
        """A column has another field now, the cursor is on another one, or the file has changed."""

    def __init__(self, info: TargetInfo) -> None:
        """Begin with the columns of a table and no file."""
        super().__init__(id="column-fields")
        self.info = info
        self.names: tuple[str, ...] = ()
        self.given: dict[str, str] = {}
        self.match: ColumnMatch = match_columns(info, ())
        self._first: Mapping[str, object] = {}

    def compose(self) -> ComposeResult:
        """Lay out the columns, and the choice of a field for the one under the cursor."""
        yield Grid("matches", HEADINGS)
        yield Field("Field", choice("column-field", [(LEFT_OUT, NOTHING)], NOTHING))

    def offer(self, found: Preview) -> None:
        """Offer the fields of a file; what was chosen stays if it has the same ones."""
        if found.names != self.names:
            self.given = {}
        self.names = found.names
        self._first = next(iter(found.written), {})
        fields = [(name, str(place)) for place, name in enumerate(self.names)]
        offer(self.query_one("#column-field", Select), [*fields, (LEFT_OUT, NOTHING)], NOTHING)
        self._show()
        if self.match.missing_keys:
            self.go_to(self.match.missing_keys[0])

    def columns(self) -> dict[str, str]:
        """Return what a plan says of the columns: the fields they have, and which are left out on purpose."""
        return {**self.match.columns, **dict.fromkeys(self.left_out(), "")}

    def left_out(self) -> frozenset[str]:
        """Return the columns that were left out on purpose."""
        return frozenset(column for column, field in self.given.items() if not field)

    def go_to(self, column: str) -> None:
        """Put the cursor on a column."""
        if column in self.info.columns:
            self.query_one("#matches", Grid).move_cursor(row=list(self.info.columns).index(column))
            self._show_choice()

    def _show(self) -> None:
        self.match = match_columns(self.info, self.names, self.given)
        self.query_one("#matches", Grid).fill([(column, self._cells(column)) for column in self.info.columns])
        self._show_choice()

    def _cells(self, column: str) -> list[str]:
        key = column in self.info.key_columns
        kind = f"{'key ' if key else ''}{type_words(self.info.columns[column])}"
        field = self.match.columns.get(column)
        if field is None:
            return [column, kind, f"{WRONG} no field" if key else LEFT_OUT, ""]
        value = show_value(self._first[field], limit=40) if field in self._first else ""
        return [column, kind, f"← {field}", value]

    @on(DataTable.RowHighlighted, "#matches")
    def _show_choice(self) -> None:
        column = self.query_one("#matches", Grid).chosen()
        if column is None:
            return
        select = self.query_one("#column-field", Select)
        self.query_one(Field).set_label(fit(display_text(f"Field for {column}"), LABEL_WIDTH))
        field = self.match.columns.get(column)
        with self.prevent(Select.Changed):
            select.value = str(self.names.index(field)) if field in self.names else NOTHING
        self.post_message(self.Changed())

    def about(self) -> str:
        """Return what the column under the cursor takes, as a sentence; empty when there is none."""
        column = self.query_one("#matches", Grid).chosen()
        if column is None:
            return ""
        vector = self.info.vectors.get(column)
        if vector is None:
            return f"{cut(column)} takes {type_words(self.info.columns[column])}."
        if vector.service is None:
            return f"{cut(column)} takes arrays of {vector.dimension} numbers."
        return f"Texts for {cut(column)} become vectors (provider {vector.service.provider}); vectors are taken, too."

    @on(DataTable.RowSelected, "#matches")
    def action_match_change(self) -> None:
        """Open the choice of a field."""
        select = self.query_one("#column-field", Select)
        select.focus()
        select.action_show_overlay()

    @on(Select.Changed, "#column-field")
    def _chosen(self, event: Select.Changed) -> None:
        column = self.query_one("#matches", Grid).chosen()
        if column is None or event.value is Select.NULL:
            return
        value = str(event.value)
        self.given[column] = self.names[int(value)] if value != NOTHING else ""
        self._show()
        self.query_one("#matches", Grid).focus()
