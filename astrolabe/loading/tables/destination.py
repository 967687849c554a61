"""A load into a table: rows are told by their key, and a row is written over the one that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import simplejson

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.service import service_json
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import RuleError
from astrolabe.loading.destination import Builder, Destination
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.prepared import PreparedRow
from astrolabe.loading.survey import Survey
from astrolabe.loading.tables.matching import ColumnMatch, by_name, check_given, check_match, match_columns
from astrolabe.loading.tables.rows import TableRowBuilder, key_text, table_row
from storage.loads.ledger import LoadKey


class TableDestination(Destination):
    """A table that a load goes into."""

    overwrites: ClassVar[bool] = True
    items: ClassVar[str] = "rows"

    def __init__(self, plan: LoadPlan, collection: Collection) -> None:
        """Check the plan.

        Raises:
            RuleError: A column is not there, the Vector Field has no column of its own, or words are asked for.
        """
        super().__init__(collection)
        self._info = plan.info
        self._given = {**_of_vector_field(plan), **plan.columns}
        check_given(plan.info, self._given)
        if plan.words:
            raise RuleError(
                f"The table {plan.info.name} has its words where its text indexes are.",
                field="words",
                hint="Make a text index on the column, and load without it.",
            )
        self._match = ColumnMatch({}, (), (), ())
        self._repeated: frozenset[int] = frozenset()
        self._spelled = False
        self._commas: frozenset[str] = frozenset()
        self._key_fields: tuple[set[str], dict[str, str]] | None = None
        self._builders: list[TableRowBuilder] = []

    def key_of(self, value: Json) -> str | None:
        """Return the key of a row, if it is whole."""
        if self._key_fields is None or self._key_fields[0] != value.keys():
            chosen = {**by_name(self._info, value), **self._given}
            columns = {column: chosen[column] for column in self._info.key_columns if column in chosen}
            self._key_fields = set(value), columns
        document, problems = table_row(self._info, self._key_fields[1], value)
        return None if problems else key_text(self._info, document)

    def prepare(self, survey: Survey) -> None:
        """Match the fields that the first pass has found to the columns.

        Raises:
            RuleError: A column of the key has no field, or a field that was given is in no row.
        """
        self._match = match_columns(self._info, survey.fields, self._given)
        check_match(self._info, self._match, survey.fields)
        self._repeated, self._spelled = survey.repeated, survey.kinds is not None
        self._commas = survey.kinds.commas if survey.kinds is not None else frozenset()

    @property
    def treatment(self) -> str:
        """The field of each column, and what makes its vectors of texts: another model is another load."""
        services = {
            name: service_json(vector.service)
            for name, vector in self._info.vectors.items()
            if vector.service is not None and name in self._match.columns
        }
        return simplejson.dumps({"columns": dict(self._match.columns), "services": services}, sort_keys=True)

    def builder(self) -> Builder:
        """Return what makes the table's rows of the file's."""
        columns, repeated = self._match.columns, self._repeated
        builder = TableRowBuilder(self._info, columns, repeated, spelled=self._spelled, commas=self._commas)
        self._builders.append(builder)
        return builder

    async def existing(self, documents: Sequence[PreparedRow]) -> set[int]:
        """Return the numbers of the rows whose keys the table has."""
        projection = dict.fromkeys(self._info.key_columns, True)
        found: set[int] = set()
        for document in documents:
            where = {column: {"$eq": document.document[column]} for column in self._info.key_columns}
            if await self.collection.find_one(filter=where, projection=projection) is not None:
                found.add(document.row)
        return found

    @property
    def again(self) -> str:
        """Say what becomes of rows that are there."""
        return "This file was loaded here before; its rows are written again, over those that are there."

    def otherwise(self, older: LoadKey, key: LoadKey) -> str:
        """Return the sentence about a load of the same file into other columns, or with other services."""
        what = "into other columns"
        if simplejson.loads(older.vector_field or "{}").get("columns") == simplejson.loads(key.vector_field)["columns"]:
            what = "with another embedding service"
        return f"This file was loaded here before {what}; its rows are written over those that are there."

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which fields went nowhere, and which texts are not kept."""
        match, info = self._match, self._info
        embedded = {column for builder in self._builders for column in builder.embedded}
        lost = [column for column in info.vectors if column in embedded and not match.kept(column, info)]
        left_out = [f"Fields without a column were left out: {listed(match.left_out)}."] if match.left_out else []
        return (
            *left_out,
            *(
                f"The texts of '{cut(match.columns[column])}' became the vectors of '{cut(column)}' and are not kept; "
                "give the field a text column, too, to keep them."
                for column in lost
            ),
        )


def _of_vector_field(plan: LoadPlan) -> dict[str, str]:
    """Return the Vector Field as the field of the table's only vector column.

    Raises:
        RuleError: The table has no vector column, or several.
    """
    if plan.vector_field is None:
        return {}
    columns = list(plan.info.vectors)
    if len(columns) == 1:
        return {columns[0]: plan.vector_field}
    has = f"several vector columns: {listed(columns)}" if columns else "no vector column"
    raise RuleError(
        f"The table {plan.info.name} has {has}, so a Vector Field says too little.",
        field="vector_field",
        hint="Give each column its field." if columns else "Load without a Vector Field.",
    )
