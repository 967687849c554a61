"""The primary key of a table as createTable gives it: the name of one column, or the long form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError

_DIRECTIONS = (1, -1)


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """What a table's rows are found by.

    Attributes:
        partition_by: The columns that decide which rows lie together.
        partition_sort: The columns that order the rows of a partition, each ascending (1) or descending (-1).
    """

    partition_by: tuple[str, ...]
    partition_sort: Mapping[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the key, in the order of the key."""
        return (*self.partition_by, *self.partition_sort)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the key in its long form."""
        return {"partitionBy": list(self.partition_by), "partitionSort": dict(self.partition_sort)}


def parse_primary_key(given: JsonValue, columns: Iterable[str]) -> PrimaryKey:
    """Read a primary key, and check that its columns are among a table's.

    A column that stands twice among those that partition counts once.

    Raises:
        DataApiError: ``REQUEST_STRUCTURE_MISMATCH``, ``MISSING_PARTITION_COLUMNS``, ``UNKNOWN_PARTITION_COLUMNS`` or
            ``UNKNOWN_PARTITION_SORT_COLUMNS``.
    """
    key = _key(given)
    known = list(columns)
    if not key.partition_by:
        raise data_api_error(
            "MISSING_PARTITION_COLUMNS",
            "A table needs at least one column to partition its rows by: 'primaryKey' names it. The columns are: "
            f"{listed(known)}.\nName one and send the command again.",
        )
    _check_known("UNKNOWN_PARTITION_COLUMNS", "partitioned", key.partition_by, known)
    _check_known("UNKNOWN_PARTITION_SORT_COLUMNS", "sorted", key.partition_sort, known)
    return key


def _key(given: JsonValue) -> PrimaryKey:
    if given is None:
        return PrimaryKey(())
    if isinstance(given, str):
        return PrimaryKey((given,))
    if not isinstance(given, Mapping):
        raise _mismatch(f"'primaryKey' must be a string or an object, not {type_name(given)}.")
    partition = given.get("partitionBy")
    if not isinstance(partition, list) or not all(isinstance(name, str) for name in partition):
        raise _mismatch(f"'partitionBy' of 'primaryKey' must be an array of column names, not {shown(partition)}.")
    sort = given.get("partitionSort")
    if sort is not None and not isinstance(sort, Mapping):
        raise _mismatch(f"'partitionSort' of 'primaryKey' must be an object, not {type_name(sort)}.")
    for name, direction in (sort or {}).items():
        if type(direction) is not int or direction not in _DIRECTIONS:
            raise _mismatch(f"'partitionSort' must give 1 or -1 for the column {shown(name)}, not {shown(direction)}.")
    return PrimaryKey(tuple(dict.fromkeys(partition)), dict(sort or {}))


def _check_known(code: str, done: str, used: Iterable[str], known: list[str]) -> None:
    unknown = [name for name in used if name not in known]
    if unknown:
        raise data_api_error(
            code,
            f"The rows are to be {done} by columns that the table does not have: {listed(unknown)}. Its columns are: "
            f"{listed(known) if known else '[None]'}.\nUse only these and send the command again.",
        )


def _mismatch(message: str) -> DataApiError:
    return data_api_error("REQUEST_STRUCTURE_MISMATCH", message)
