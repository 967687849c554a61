"""Updates of rows: ``$set``, ``$unset``, ``$push`` and ``$pullAll``.

What an update needs of the row as it is, it looks up when it is applied, inside the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.engine.rows.images import RowValues
from astrolabe.dataapi.engine.rows.reading_values import Embedded, GivenRow, check_known, read_columns, told
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.order import sort_key
from astrolabe.dataapi.language.tables.problems import NO_CODEC, ValueProblemError
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.types import CollectionType, ElementType, ListType, MapType, SetType
from astrolabe.dataapi.language.tables.values import as_map, as_set, read_value
from astrolabe.dataapi.language.update_operators import UpdateOperator
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError

_SET, _UNSET, _PUSH, _PULL_ALL = "$set", "$unset", "$push", "$pullAll"
_OPERATORS = (_SET, _UNSET, _PUSH, _PULL_ALL)
_EACH = "$each"

Change = Callable[[Stored], Stored]
"""Returns what a stored list, set or map becomes; null stands for an empty one."""


@dataclass(frozen=True, slots=True)
class RowUpdate:
    """An update clause that was understood.

    Attributes:
        given: What is set, ``$unset`` columns among them.
        changes: What becomes of lists, sets and maps, by column.
    """

    given: GivenRow
    changes: Mapping[str, Change] = field(default_factory=dict)

    def applied(self, table: TableDefinition, body: Mapping[str, Any] | None, embedded: Embedded) -> RowValues:
        """Return the values that a row is given.

        Args:
            table: The table.
            body: The stored row; None when there is none.
            embedded: The vectors of the texts.
        """
        found = self.given.with_vectors(embedded)
        before = body or {}
        changed = {column: change(before.get(table.stored_as(column))) for column, change in self.changes.items()}
        return RowValues({**found.values, **changed}, found.vectors)


def parse_row_update(clause: object, table: TableDefinition, name: str) -> RowUpdate:
    """Read an update clause.

    Args:
        clause: The JSON of the clause, its numbers exact.
        table: The table's definition.
        name: Its name, for messages.

    Raises:
        DataApiError: One of the UPDATE codes.
    """
    operations = _operations(clause)
    columns = [column for given in operations.values() for column in given]
    if not columns:
        raise data_api_error(
            "MISSING_UPDATE_OPERATIONS",
            f"The update changes nothing. Operations are: {', '.join(_OPERATORS)}, each with columns.\n\n"
            "Resend the command with one.",
        )
    check_known(table, name, dict.fromkeys(columns), scope="UPDATE", what="the update")
    _check_columns(columns, table, name)
    for operator in (_PUSH, _PULL_ALL):
        _check_are_collections(operator, operations.get(operator, {}), table, name)
    return _read(operations, table, name)


def _operations(clause: object) -> dict[str, Mapping[str, JsonValue]]:
    if not isinstance(clause, Mapping):
        raise _not_an_object("An update", clause)
    unknown = [name for name in clause if name not in {*_OPERATORS, *UpdateOperator}]
    if unknown:
        raise data_api_error(
            "UNSUPPORTED_UPDATE_OPERATION",
            f"The update operation {shown(unknown[0])} is not known. Tables have: {', '.join(_OPERATORS)}.\n\n"
            "Use one of these and resend the command.",
        )
    unsupported = [name for name in clause if name not in _OPERATORS]
    if unsupported:
        raise data_api_error(
            "UNSUPPORTED_UPDATE_OPERATIONS_FOR_TABLE",
            f"Tables do not have the update operations: {listed(unsupported)}. They have: {', '.join(_OPERATORS)}.\n\n"
            "Resend the command with these.",
        )
    for name, given in clause.items():
        if not isinstance(given, Mapping):
            raise _not_an_object(f"The argument of '{name}'", given)
    return dict(clause)


def _not_an_object(what: str, found: object) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_UPDATE_DATA_TYPE",
        f"{what} must be an object, not {type_name(found)}: {shown(found)}.\n\nCorrect it and resend the command.",
    )


def _check_columns(columns: list[str], table: TableDefinition, name: str) -> None:
    keys = [column for column in columns if column in table.primary_key.columns]
    if keys:
        raise data_api_error(
            "UNSUPPORTED_UPDATE_FOR_PRIMARY_KEY_COLUMNS",
            f"The primary key of a row never changes, and the update names of that of the table {name}: {listed(keys)}."
            "\n\nLeave these out and resend the command.",
        )
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise data_api_error(
            "UNSUPPORTED_OVERLAPPING_UPDATE_OPERATIONS",
            f"A column can be changed by one operation, and these are changed by several: {listed(twice)}.\n\n"
            "Resend the command with one operation for each column.",
        )


def _check_are_collections(operator: str, given: Mapping[str, JsonValue], table: TableDefinition, name: str) -> None:
    odd = [column for column in given if not isinstance(table.columns[column], ListType | SetType | MapType)]
    if odd:
        raise data_api_error(
            "UNSUPPORTED_UPDATE_OPERATOR",
            f"'{operator}' changes lists, sets and maps, and these columns of the table {name} are none: "
            f"{with_types(table.columns, odd)}.\n\nUse '$set' and resend the command.",
        )


def _read(operations: Mapping[str, Mapping[str, JsonValue]], table: TableDefinition, name: str) -> RowUpdate:
    unset = dict.fromkeys(operations.get(_UNSET, {}))
    given, problems = read_columns(table, name, {**operations.get(_SET, {}), **unset}, scope="UPDATE")
    changes: dict[str, Change] = {}
    for operator, reader in _READERS.items():
        for column, value in operations.get(operator, {}).items():
            kind = table.columns[column]
            if not isinstance(kind, ListType | SetType | MapType):
                continue
            try:
                changes[column] = reader(column, kind, value)
            except ValueProblemError as problem:
                problems[column] = problem.reason
    if problems:
        raise data_api_error(
            "INVALID_UPDATE_COLUMN_VALUES",
            f"Columns of the table {name} cannot hold these values: {told(table, problems)}.\n\n"
            "Resend the command with values of the columns' types.",
        )
    return RowUpdate(given, changes)


def _push(column: str, kind: CollectionType, value: JsonValue) -> Change:
    if isinstance(value, Mapping) and _EACH in value:
        added = [part for one in _each(column, value) for part in _pushed(kind, one)]
    else:
        added = _pushed(kind, value)
    if isinstance(kind, MapType):
        return lambda stored: as_map(kind.key, [*(stored or []), *added])
    if isinstance(kind, SetType):
        return lambda stored: as_set(kind.value, [*(stored or []), *added])
    return lambda stored: [*(stored or []), *added]


def _each(column: str, value: Mapping[str, JsonValue]) -> list[JsonValue]:
    extra = [member for member in value if member != _EACH]
    if extra:
        raise _bad_push(column, f"beside '{_EACH}' it has {listed(extra)}")
    if not isinstance(value[_EACH], list):
        raise _bad_push(column, f"'{_EACH}' needs an array, not {type_name(value[_EACH])}")
    return list(value[_EACH])


def _pushed(kind: CollectionType, value: JsonValue) -> list[Stored]:
    """Return one pushed element, or the entries that one pushed value stands for."""
    if value is None:
        raise ValueProblemError("null cannot be an element")
    if isinstance(kind, MapType):
        found: list[Stored] = read_value(kind, value if isinstance(value, Mapping) else [value])
        return found
    return [read_value(kind.value, value)]


def _bad_push(column: str, problem: str) -> DataApiError:
    return data_api_error(
        "INVALID_PUSH_OPERATOR_USAGE",
        f"'$push' on the column '{cut(column)}' is not valid: {problem}. It takes one element, or several in "
        f'{{"{_EACH}": [...]}}.\n\nCorrect it and resend the command.',
    )


def _pull_all(_column: str, kind: CollectionType, value: JsonValue) -> Change:
    if not isinstance(value, list):
        raise ValueProblemError(NO_CODEC)
    inner: ElementType = kind.key if isinstance(kind, MapType) else kind.value
    gone = {sort_key(inner, read_value(inner, element)) for element in value if element is not None}

    def change(stored: Stored) -> Stored:
        """Return what is left."""
        return [
            element
            for element in stored or []
            if sort_key(inner, element[0] if isinstance(kind, MapType) else element) not in gone
        ]

    return change


_READERS: Mapping[str, Callable[[str, CollectionType, JsonValue], Change]] = {
    _PUSH: _push,
    _PULL_ALL: _pull_all,
}
