"""The Load Data dialog for tables: a file, and which of its fields goes into which column."""

from __future__ import annotations

from collections.abc import Container, Mapping

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_insert_many
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.types import TEXTS, ScalarType
from astrolabe.loading.formats.rows import FileFormat
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.preview import FieldType, Preview
from astrolabe.loading.tables.matching import ColumnMatch
from astrolabe.loading.tables.sample import sample_rows
from astrolabe.text.safe_text import display_text
from screens.loading.column_fields import ColumnFields
from screens.loading.load_file import LoadFileDialog


class LoadTableDialog(LoadFileDialog):
    """Asks what to load into a table."""

    OTHER_KEYS = "enter changes · "

    def compose_contents(self) -> ComposeResult:
        """Lay out the columns with their fields, and what is to be known of them."""
        yield ColumnFields(self.info)
        yield Static("", id="match-about", markup=False)

    def show_contents(self, found: Preview | None) -> None:
        """Match the file's fields to the columns."""
        columns = self.query_one(ColumnFields)
        columns.display = self.query_one("#match-about").display = found is not None
        if found is not None:
            columns.offer(found)

    @on(ColumnFields.Changed)
    def _say_what_becomes_of_it(self) -> None:
        if self.preview is None:
            return
        columns = self.query_one(ColumnFields)
        lines = [columns.about(), *match_words(self.info, columns.match, self.preview, columns.left_out())]
        words = display_text("\n".join(filter(None, lines)), limit=1200, multiline=True)
        self.query_one("#match-about", Static).update(Content(words))
        self.fields()["column-field"].set_problem(self.problems().get("column-field", ""))

    def problems(self) -> dict[str, str]:
        """Refuse to start without a file, and without a field for a column of the key that none can come for."""
        found = super().problems()
        columns = self.query_one(ColumnFields)
        missing = missing_keys(columns.match, self.preview, columns.left_out()) if self.preview is not None else ()
        if not found and missing:
            found["column-field"] = f"Choose a field for {listed(missing)}: the primary key needs it."
        return found

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Mark the fields that are wrong, with the cursor on the first column that needs a field."""
        columns = self.query_one(ColumnFields)
        if "column-field" in problems and columns.match.missing_keys:
            columns.go_to(columns.match.missing_keys[0])
        super().show_problems(problems)

    def draft(self) -> LoadPlan:
        """Return the plan."""
        return LoadPlan(self.path, self.database, self.info, columns=self.query_one(ColumnFields).columns())

    def planned(self) -> PlannedCommand:
        """Return the insertMany that the first rows would become; those that do not fit are not sent."""
        columns = self.query_one(ColumnFields).match.columns
        rows = sample_rows(self.info, columns, self.preview)[0] if self.preview is not None else []
        return plan_insert_many(CollectionTarget(self.info.keyspace, self.info.name, is_table=True), rows)


def missing_keys(match: ColumnMatch, found: Preview, left_out: Container[str]) -> list[str]:
    """Return the columns of the key that stay without a field, whatever rows come; arguments as of `match_words`."""
    return [column for column in match.missing_keys if column in left_out or not _goes_on(found)]


def _goes_on(found: Preview) -> bool:
    """Return whether later rows may have other fields; in CSV the heading names all of them."""
    return not found.complete and found.format is not FileFormat.CSV


def match_words(
    info: TargetInfo, match: ColumnMatch, found: Preview, left_out: Container[str] = frozenset()
) -> list[str]:
    """Return what is to be known before a file is loaded with these fields, as sentences.

    Args:
        info: The table.
        match: The columns and their fields.
        found: The beginning of the file.
        left_out: Columns that were left out on purpose.
    """
    lines = [f"Fields without a column: {listed(match.left_out)}."] if match.left_out else []
    lines += _unseen_fields(match, found, left_out)
    lines += _lost_texts(info, match, found)
    reasons = sample_rows(info, match.columns, found)[1]
    if reasons and not missing_keys(match, found, left_out):
        lines.append(f"Of the first {len(found.written)} rows, {len(reasons)} will be refused: {reasons[0]}.")
    return lines


def _unseen_fields(match: ColumnMatch, found: Preview, left_out: Container[str]) -> list[str]:
    """Say which columns may still get a field that only later rows have."""
    waiting = [column for column in (*match.missing_keys, *match.empty) if column not in left_out]
    if not _goes_on(found) or not waiting:
        return []
    seen = f"The first rows have no field for {listed(waiting)}"
    return [f"{seen}: a field of the same name in later rows will be taken, any other name will not."]


def _lost_texts(info: TargetInfo, match: ColumnMatch, found: Preview) -> list[str]:
    """Return for each column that embeds texts which no column keeps where they could be kept."""
    texts = {field.name for field in found.fields if field.type in {FieldType.TEXT, FieldType.MIXED}}
    free = next((column for column in match.empty if _holds_text(info, column)), None)
    offer = f"choose it for {cut(free)}, too, to keep them" if free is not None else "no text column is free for them"
    return [
        f"The texts of {cut(match.columns[column])} become vectors in {cut(column)} and are not kept: {offer}."
        for column, vector in info.vectors.items()
        if vector.service is not None and match.columns.get(column) in texts and not match.kept(column, info)
    ]


def _holds_text(info: TargetInfo, column: str) -> bool:
    kind = info.columns[column]
    return isinstance(kind, ScalarType) and kind.scalar in TEXTS
