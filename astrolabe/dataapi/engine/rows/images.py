"""Rows as they are stored: a JSON object of the stored values by column, the vectors beside it.

Null is not stored, nor is an empty list, set or map. A column with a vector holds null in its place, so that the body
alone says whether there is one. The key's columns come first. A row that was made by an
update and never inserted lasts only as long as it has a value beside its key, as in the database behind the API;
:data:`UPDATED_ONLY` marks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.engine.definitions.row_layout import indexed_values, row_key
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.types import VectorType
from astrolabe.dataapi.language.tables.values import write_value
from astrolabe.dataapi.language.vectors import floats_to_json
from astrolabe.dataapi.protocol import Json, JsonValue
from storage import jsontext
from storage.documents.scanning import parse_body
from storage.rows.shapes import RowImage
from storage.shapes import Item, VectorValue

UPDATED_ONLY = ""
"""The member of a body that says that its row was never inserted; no column can have that name."""


@dataclass(frozen=True, slots=True)
class RowValues:
    """Values that a command gives to columns of one row.

    Attributes:
        values: Stored values by column; None takes the value away.
        vectors: Vectors by column; None takes the vector away.
    """

    values: Mapping[str, Stored] = field(default_factory=dict)
    vectors: Mapping[str, VectorValue | None] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """About how many bytes are written."""
        texts = sum(len(value) for value in self.values.values() if isinstance(value, str))
        return texts + sum(vector.data.nbytes for vector in self.vectors.values() if vector is not None)

    def key(self, table: TableDefinition) -> str:
        """Return the key of the row that has these values, all columns of the key among them."""
        return row_key(table, self.values)

    def written_over(
        self, table: TableDefinition, body: Mapping[str, Any] | None, *, inserted: bool
    ) -> RowImage | None:
        """Return a row with these values over those that it has.

        Args:
            table: The table.
            body: The stored row; None when there is none.
            inserted: Whether the row is inserted, so that it is there even without values.

        Returns:
            What is stored; None when nothing is left of a row that was never inserted.
        """
        changed = {table.stored_as(name): self.values[name] for name in table.primary_key.columns}
        changed.update(body if body is not None else {} if inserted else {UPDATED_ONLY: True})
        for name, value in self.values.items():
            _put(changed, table.stored_as(name), value, present=value is not None and value != [])
        for name, vector in self.vectors.items():
            if name not in table.primary_key.columns:
                _put(changed, table.stored_as(name), None, present=vector is not None)
        if inserted:
            changed.pop(UPDATED_ONLY, None)
        elif UPDATED_ONLY in changed and len(changed) == len(table.primary_key.columns) + 1:
            return None
        return RowImage(
            jsontext.dumps(changed),
            indexed_values(table, changed),
            {table.stored_as(name): vector for name, vector in self.vectors.items() if vector is not None},
            [table.stored_as(name) for name, vector in self.vectors.items() if vector is None],
        )


def _put(body: dict[str, Any], name: str, value: Stored, *, present: bool) -> None:
    if present:
        body[name] = value
    else:
        body.pop(name, None)


def row_json(table: TableDefinition, item: Item, columns: Mapping[str, Any]) -> Json:
    """Return some columns of a stored row as an answer shows them; what is null or empty is left out."""
    body = parse_body(item)
    row: Json = {}
    for name in columns:
        value = _column_json(table, name, body, item)
        if value is not None:
            row[name] = value
    return row


def _column_json(table: TableDefinition, name: str, body: Mapping[str, Any], item: Item) -> JsonValue:
    kind, stored_as = table.columns[name], table.stored_as(name)
    if isinstance(kind, VectorType):
        vector = item.vectors.get(stored_as)
        return None if vector is None else floats_to_json(vector.data)
    return write_value(kind, body.get(stored_as))


def key_json(table: TableDefinition, values: Mapping[str, Stored]) -> list[JsonValue]:
    """Return the values of a row's key as an answer shows them, in the order of the key."""
    return [
        values[name] if isinstance(kind, VectorType) else write_value(kind, values[name])
        for name, kind in table.key_columns.items()
    ]
