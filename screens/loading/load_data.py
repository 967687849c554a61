"""The Load Data dialog: a file, its first rows, and the Vector Field that embeddings are made from."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Checkbox, Select

from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_insert_many
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.preview import FieldType, Preview
from astrolabe.loading.vector_field import can_have_words, place_vector, place_words
from astrolabe.text.safe_text import show_value
from screens.kit.fields import Field, check, choice, select_options
from screens.kit.grid import Grid
from screens.loading.load_file import LoadFileDialog
from storage.lexical.analyzers import MOST_BYTES

NO_FIELD = "none"
"""Value of the Vector Field that uses no field."""

PREVIEW_COLUMNS = 6
"""Columns shown before a load."""


class LoadDataDialog(LoadFileDialog):
    """Asks what to load into a collection."""

    def compose_contents(self) -> ComposeResult:
        """Lay out the first rows and the Vector Field."""
        yield Grid("preview", cursor=False)
        yield Field("Vector Field", choice("vector-field", [("none", NO_FIELD)], NO_FIELD), help=self._vector_help())
        yield Field(
            "",
            check("words", "Searchable by words, too"),
            help=f"The text also goes to $lexical. It may have {MOST_BYTES:,} bytes of words there.",
        )

    def _vector_help(self) -> str:
        if self.info.service is not None:
            return "The field whose text is embedded; it stays in the document too. With none, no search finds them."
        if self.info.vector is not None:
            return f"The field that holds the vector, an array of {self.info.vector.dimension} numbers."
        return "This collection has no vectors."

    def show_contents(self, found: Preview | None) -> None:
        """Show the first rows, and offer their fields."""
        self.query_one("#preview").display = found is not None
        self.fields()["vector-field"].display = found is not None
        self.fields()["words"].display = found is not None and can_have_words(self.info)
        if found is None:
            return
        names = [field.name for field in found.fields][:PREVIEW_COLUMNS]
        grid = self.query_one("#preview", Grid)
        grid.set_columns([(name, None) for name in names])
        rows = [[show_value(one[name], limit=40) if name in one else "" for name in names] for one in found.rows]
        grid.fill([(str(place), cells) for place, cells in enumerate(rows)])
        self._offer_vector_fields(found)

    def _offer_vector_fields(self, found: Preview) -> None:
        select = self.query_one("#vector-field", Select)
        wanted = FieldType.TEXT if self.info.service is not None else FieldType.VECTOR
        fitting = [field.name for field in found.fields if field.type in {wanted, FieldType.MIXED}]
        names = fitting if self.info.vector is not None else []
        select.set_options(select_options([*((name, name) for name in names), ("none", NO_FIELD)]))
        suggested = found.suggested_vector_field if self.info.service is not None else next(iter(names), None)
        select.value = suggested if suggested in names else NO_FIELD

    def _vector_field(self) -> str | None:
        value = self.query_one("#vector-field", Select).value
        return None if value in {NO_FIELD, Select.NULL} else str(value)

    def _words(self) -> bool:
        return self.query_one("#words", Checkbox).value

    def draft(self) -> LoadPlan:
        """Return the plan."""
        return LoadPlan(self.path, self.database, self.info, self._vector_field(), words=self._words(), no_vectors=True)

    def planned(self) -> PlannedCommand:
        """Return the insertMany that the first rows would become."""
        documents = [dict(row) for row in self.preview.rows] if self.preview else []
        for document in documents:
            place_vector(document, self._vector_field(), self.info)
            if self._words():
                place_words(document)
        return plan_insert_many(CollectionTarget(self.info.keyspace, self.info.name), documents)
