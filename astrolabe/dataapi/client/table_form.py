"""The rules of the form that makes a table or a column: which types there are, what may be a key, and what is sent.

Pure functions over drafts, so that the form can be tested without a terminal. The Data API checks everything again when
a command arrives; these rules say it earlier and next to the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_plans import plan_create_index, plan_create_table
from astrolabe.dataapi.client.table_words import VECTOR_INDEX
from astrolabe.dataapi.language.service import service_json
from astrolabe.dataapi.language.tables.column_parsing import READ_ONLY, check_part_name
from astrolabe.dataapi.language.tables.types import Scalar
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import DataApiError
from astrolabe.portal.databases.collection_form import VectorDraft, dimension_of, service_of, vector_problems

LARGEST_DIMENSION = 2**31 - 1
"""Longest vector of a column without a model."""

LONGEST_NAME, LONGEST_INDEX_NAME = 48, 100
"""Characters of the name of a table, and of an index."""

VECTOR = "vector"
"""The type whose details are asked for in fields of their own."""

SCALARS = tuple(scalar.value for scalar in Scalar if scalar not in READ_ONLY)
"""The types of one value that a column can be made with."""

_COLLECTION = re.compile(r"(list|set)<([^<>,]+)>|map<([^<>,]+),([^<>,]+)>")
_WORD = re.compile(r"[A-Za-z0-9_]+")


class KeyRole(StrEnum):
    """What a column does in the primary key."""

    NONE = "none"
    PARTITION = "partition"
    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """A column as it was typed.

    Attributes:
        name: Its name.
        type: Its type in short, such as ``text``, ``set<text>``, ``vector`` or the name of a user-defined type.
        role: What it does in the primary key.
        vector: What makes its vectors; None for other types.
        index: The name of the vector index that is made with the column; empty for none.
        text_column: The name of a text column beside it that keeps the words; empty for none.
    """

    name: str = ""
    type: str = "text"
    role: KeyRole = KeyRole.NONE
    vector: VectorDraft | None = None
    index: str = ""
    text_column: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that this one stands for: itself, and the one that keeps its words."""
        return (self.name, self.text_column) if self.text_column else (self.name,)


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A table as it was typed: its name, and its columns in their order."""

    name: str = ""
    columns: tuple[ColumnDraft, ...] = field(default_factory=lambda: (ColumnDraft("id", role=KeyRole.PARTITION),))


def type_names(user_types: Iterable[str] = ()) -> list[str]:
    """Return every type that a column can have, in short: single values, the vector, user-defined ones, collections."""
    own = list(user_types)
    held = [*SCALARS, *own]
    collections = [f"{kind}<{value}>" for kind in ("list", "set") for value in held]
    keys = [name for name in SCALARS if name != Scalar.DURATION]
    maps = [f"map<{key},{value}>" for key in keys for value in held]
    return [*sorted([*SCALARS, VECTOR]), *own, *collections, *maps]


def matching(typed: str, names: Sequence[str]) -> list[str]:
    """Return the types that a text may mean: those that begin with it, then those that have it inside."""
    wanted = _plain(typed)
    starts = [name for name in names if name.lower().startswith(wanted)]
    return starts + [name for name in names if wanted in name.lower() and name not in starts]


def known_type(typed: str, names: Sequence[str]) -> str | None:
    """Return the type that a text spells, whatever its case and spaces; None when it spells none."""
    return next((name for name in names if name.lower() == _plain(typed)), None)


def column_problems(draft: ColumnDraft, taken: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    """Return what is wrong with a column, by field: name, type, role, index, text-column, and those of its vector.

    Args:
        draft: The column.
        taken: The names of the table's other columns.
        names: What :func:`type_names` returns for the keyspace.
    """
    others = set(taken)
    found = {"name": _name_problem(draft.name, others)}
    if known_type(draft.type, names) is None:
        found["type"] = f"There is no type {draft.type.strip()}." if draft.type.strip() else "Choose a type."
    elif draft.role is not KeyRole.NONE:
        found["role"] = _key_problem(draft)
    if draft.vector is not None:
        found |= vector_problems(draft.vector)
        found["index"] = index_name_problem(draft.index) if draft.index else ""
        if draft.text_column:
            found["text-column"] = _name_problem(draft.text_column, others | {draft.name})
    return {name: text for name, text in found.items() if text}


def _name_problem(name: str, taken: set[str]) -> str:
    try:
        check_part_name("column", name)
    except DataApiError:
        return "A column needs a name." if not name.strip() else "Such a name is not possible: it is too long."
    return "There is a column of that name already." if name in taken else ""


def _key_problem(draft: ColumnDraft) -> str:
    kind = _plain(draft.type)
    if kind in SCALARS:
        return "Durations have no order: they cannot be part of the primary key." if kind == Scalar.DURATION else ""
    return "Only a column of single values can be part of the primary key."


def index_name_problem(name: str) -> str:
    """Return what is wrong with the name of an index; empty when nothing is."""
    return _schema_name_problem("index", name, LONGEST_INDEX_NAME)


def type_name_problem(name: str) -> str:
    """Return what is wrong with the name of a user-defined type; empty when nothing is."""
    return _schema_name_problem("type", name, LONGEST_NAME)


def _schema_name_problem(what: str, name: str, longest: int) -> str:
    good = len(name) <= longest and _WORD.fullmatch(name)
    return "" if good else f"The name of the {what} has 1 to {longest} letters (A-Z, a-z), digits or underscores."


def table_problems(draft: TableDraft) -> dict[str, str]:
    """Return what is wrong with a table whose columns are right one by one, by field: name or columns."""
    name = _schema_name_problem("table", draft.name, LONGEST_NAME) if draft.name else "Give the table a name."
    found = {"name": name, "columns": _columns_problem(draft)}
    return {name: text for name, text in found.items() if text}


def _columns_problem(draft: TableDraft) -> str:
    names = [name for column in draft.columns for name in column.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"There are two columns called {twice[0]}."
    if not any(column.role is KeyRole.PARTITION for column in draft.columns):
        return "A table needs a partition column: one that its rows are found by."
    indexes = [column.index for column in draft.columns if column.index]
    return "Two indexes have the same name." if len(indexes) > len(set(indexes)) else ""


def column_json(draft: ColumnDraft) -> JsonValue:
    """Return a column's type as the Data API takes it; the draft has no problem."""
    kind = draft.type.replace(" ", "")
    if draft.vector is not None:
        service, dimension = service_of(draft.vector), dimension_of(draft.vector)
        body: Json = {"type": VECTOR}
        if dimension is not None:
            body["dimension"] = dimension
        return body | ({"service": service_json(service)} if service is not None else {})
    found = _COLLECTION.fullmatch(kind)
    if found is None:
        return _element(kind)
    if found[1]:
        return {"type": found[1], "valueType": _element(found[2])}
    return {"type": "map", "keyType": _element(found[3]), "valueType": _element(found[4])}


def _element(name: str) -> JsonValue:
    return name if name in SCALARS else {"type": "userDefined", "udtName": name}


def columns_json(columns: Iterable[ColumnDraft]) -> Json:
    """Return columns by name as the Data API takes them, each followed by the one that keeps its words."""
    given: Json = {}
    for column in columns:
        given[column.name] = column_json(column)
        if column.text_column:
            given[column.text_column] = "text"
    return given


def definition(draft: TableDraft) -> Json:
    """Return a table's definition as the Data API takes it."""
    partition = [column.name for column in draft.columns if column.role is KeyRole.PARTITION]
    orders = {KeyRole.ASCENDING: 1, KeyRole.DESCENDING: -1}
    sort = {column.name: orders[column.role] for column in draft.columns if column.role in orders}
    key: JsonValue = partition[0] if len(partition) == 1 and not sort else {"partitionBy": partition}
    if isinstance(key, dict):
        key["partitionSort"] = sort
    return {"columns": columns_json(draft.columns), "primaryKey": key}


def plan_table(keyspace: str, draft: TableDraft) -> list[PlannedCommand]:
    """Return the commands that make a table: the table itself, then its vector indexes."""
    create = plan_create_table(keyspace, draft.name, definition(draft))
    return [create, *plan_indexes(keyspace, draft.name, draft.columns)]


def plan_indexes(keyspace: str, table: str, columns: Iterable[ColumnDraft]) -> list[PlannedCommand]:
    """Return the commands that make the vector indexes of new columns."""
    return [
        plan_create_index(
            keyspace,
            table,
            column.index,
            column.name,
            kind=VECTOR_INDEX,
            options={"metric": column.vector.metric.value},
        )
        for column in columns
        if column.vector is not None and column.index
    ]


def key_words(draft: TableDraft) -> str:
    """Return a primary key in a few words, such as ``(shop), at desc``."""
    partition = ", ".join(column.name for column in draft.columns if column.role is KeyRole.PARTITION)
    orders = {KeyRole.ASCENDING: "asc", KeyRole.DESCENDING: "desc"}
    sort = [f"{column.name} {orders[column.role]}" for column in draft.columns if column.role in orders]
    return ", ".join([f"({partition})", *sort])


def _plain(typed: str) -> str:
    return typed.replace(" ", "").lower()
