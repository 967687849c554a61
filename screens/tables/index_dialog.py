"""The dialog that makes an index on a column: what there is to choose depends on the column's type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Checkbox, Input, Select

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_form import LONGEST_INDEX_NAME, index_name_problem
from astrolabe.dataapi.client.table_plans import plan_create_index
from astrolabe.dataapi.client.table_words import REGULAR_INDEX, TEXT_INDEX, VECTOR_INDEX
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.tables.types import TEXTS, MapType, Scalar, ScalarType, VectorType
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.portal.databases.collection_form import METRIC_LABELS
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice, text_input
from storage.shapes import Metric

_PARTS = (("entries: key and value together", ""), ("keys", "$keys"), ("values", "$values"))
_KINDS = (("filters by the whole value", REGULAR_INDEX), ("search by words", TEXT_INDEX))
_CHECKS = ("caseSensitive", "normalize", "ascii")


class IndexDialog(Dialog[PlannedCommand, str]):
    """Asks for an index."""

    SUBMIT = "Create index"

    def __init__(self, table: TargetInfo, column: str, perform: Callable[[PlannedCommand], Awaitable[str]]) -> None:
        """Ask for an index on a column of a table; ``perform`` sends the command and returns the index's name."""
        super().__init__(perform)
        self.table = table
        self.column = column
        self.kind = table.columns[column]

    def heading(self) -> str:
        """Return the title."""
        return f"Create index on {self.table.name}.{self.column}"

    def compose_form(self) -> ComposeResult:
        """Lay out the fields that the column's type has."""
        name = f"{self.table.name}_{self.column}_index"
        plain = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in name)
        yield Field("Index name", text_input("name", plain[:LONGEST_INDEX_NAME], max_length=LONGEST_INDEX_NAME))
        if isinstance(self.kind, VectorType):
            metrics = [(label, metric.value) for metric, label in METRIC_LABELS.items()]
            yield Field("Similarity metric", choice("metric", metrics, Metric.COSINE.value), help="What near means.")
        if isinstance(self.kind, MapType):
            yield Field("What of the map", choice("part", _PARTS, ""))
        if self._is_text():
            if self.kind == ScalarType(Scalar.TEXT):
                yield Field("For", choice("kind", _KINDS, REGULAR_INDEX))
                yield Field(
                    "Analyzer", text_input("analyzer", "standard"), help="Makes words of texts: standard, english …"
                )
            yield Field("", check("caseSensitive", "Case sensitive", value=True))
            yield Field("", check("normalize", "Normalize characters"))
            yield Field("", check("ascii", "Compare as ASCII"))

    def _is_text(self) -> bool:
        return isinstance(self.kind, ScalarType) and self.kind.scalar in TEXTS

    @on(events.Mount)
    @on(Select.Changed, "#kind")
    def _show_options(self) -> None:
        """Show the options of the chosen kind."""
        rows, by_words = self.fields(), self._kind() == TEXT_INDEX
        for name in (*_CHECKS, "analyzer"):
            if name in rows:
                rows[name].display = by_words == (name == "analyzer")

    def _kind(self) -> str:
        if isinstance(self.kind, VectorType):
            return VECTOR_INDEX
        return self._chosen("kind") or REGULAR_INDEX

    def _chosen(self, name: str) -> str:
        return next((str(select.value) for select in self.query(f"#{name}").results(Select)), "")

    def problems(self) -> Mapping[str, str]:
        """Check the name; what an analyzer may be the Data API says."""
        problem = index_name_problem(self.query_one("#name", Input).value.strip())
        return {"name": problem} if problem else {}

    def draft(self) -> PlannedCommand:
        """Return the command."""
        return self.planned()

    def planned(self) -> PlannedCommand:
        """Return the command that makes the index."""
        part = self._chosen("part")
        place: JsonValue = {self.column: part} if part else self.column
        name = self.query_one("#name", Input).value.strip()
        return plan_create_index(
            self.table.keyspace, self.table.name, name, place, kind=self._kind(), options=self._options()
        )

    def _options(self) -> Json:
        kind = self._kind()
        if kind == VECTOR_INDEX:
            return {"metric": self._chosen("metric")}
        if kind == TEXT_INDEX:
            return {"analyzer": self.query_one("#analyzer", Input).value.strip() or "standard"}
        boxes = {name: box.value for name in _CHECKS for box in self.query(f"#{name}").results(Checkbox)}
        usual = {"caseSensitive": True, "normalize": False, "ascii": False}
        return {name: value for name, value in boxes.items() if value != usual[name]}
