"""Which field of a file goes into which column of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.errors import RuleError

_APART = re.compile(r"[\s_.-]+")


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """The columns of a table beside the fields of a file.

    Attributes:
        columns: The field of each column that gets one, in the order of the table's columns.
        left_out: The fields that no column takes.
        empty: The columns that get no field, those of the key not among them.
        missing_keys: The columns of the key that get no field: nothing can be loaded.
    """

    columns: Mapping[str, str]
    left_out: tuple[str, ...]
    empty: tuple[str, ...]
    missing_keys: tuple[str, ...]

    def kept(self, column: str, info: TargetInfo) -> bool:
        """Whether the text that a vector column is made from goes into a column without vectors, too."""
        field = self.columns.get(column)
        return any(other == field and name not in info.vectors for name, other in self.columns.items())


def match_columns(info: TargetInfo, fields: Iterable[str], given: Mapping[str, str] | None = None) -> ColumnMatch:
    """Match the fields of a file to the columns of a table.

    A column takes the field that is given for it; else the one of its own name; else the only one whose name differs
    in nothing but case, spaces, hyphens, dots and underscores.

    Args:
        info: The table.
        fields: The names of the fields.
        given: The field of a column by the column's name; an empty text leaves the column without one.
    """
    names = dict.fromkeys(fields)
    chosen = {**by_name(info, names), **(given or {})}
    columns = {column: chosen[column] for column in info.columns if chosen.get(column)}
    taken, keys = set(columns.values()), set(info.key_columns)
    return ColumnMatch(
        columns,
        left_out=tuple(name for name in names if name not in taken),
        empty=tuple(column for column in info.columns if column not in columns and column not in keys),
        missing_keys=tuple(column for column in info.key_columns if column not in columns),
    )


def by_name(info: TargetInfo, fields: Iterable[str]) -> dict[str, str]:
    """Return the field of each column that has one by its name."""
    names = dict.fromkeys(fields)
    alike: dict[str, list[str]] = {}
    for name in names:
        if name not in info.columns:
            alike.setdefault(_plain(name), []).append(name)
    found: dict[str, str] = {}
    for column in info.columns:
        near = alike.get(_plain(column), [])
        if column in names:
            found[column] = column
        elif len(near) == 1:
            found[column] = near[0]
    return found


def check_given(info: TargetInfo, given: Mapping[str, str]) -> None:
    """Check that the columns that are given fields are there.

    Raises:
        RuleError: One is not.
    """
    unknown = [column for column in given if column not in info.columns]
    if unknown:
        raise RuleError(
            f"The table {info.name} has no column '{cut(unknown[0])}'.",
            field="columns",
            hint=f"It has: {listed(info.columns)}.",
        )


def check_match(info: TargetInfo, match: ColumnMatch, fields: Iterable[str]) -> None:
    """Check that a file with these fields can be loaded.

    Raises:
        RuleError: A column of the key has no field, or a field that was given is in no row.
    """
    known = set(fields)
    strange = next(((column, field) for column, field in match.columns.items() if field not in known), None)
    if strange is not None:
        raise RuleError(
            f"The file has no field '{cut(strange[1])}' for the column '{cut(strange[0])}'.",
            field="columns",
            hint=f"It has: {listed(known & set(match.left_out) or known)}.",
        )
    if match.missing_keys:
        raise RuleError(
            f"No field of the file is there for {listed(match.missing_keys)}, which the primary key of the table "
            f"{info.name} needs.",
            field="columns",
            hint=f"Say which field it is; the file has: {listed(fields)}.",
        )


def _plain(name: str) -> str:
    return _APART.sub("", name).casefold()
