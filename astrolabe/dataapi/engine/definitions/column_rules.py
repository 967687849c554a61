"""From columns as they were given to columns that a table can have: types resolved, services checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from astrolabe.dataapi.engine.vectorize.service_rules import CheckedService
from astrolabe.dataapi.language.commands.schema import Service
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.dataapi.language.tables.column_parsing import READ_ONLY, GivenType, GivenVector
from astrolabe.dataapi.language.tables.types import (
    ColumnType,
    ListType,
    MapType,
    ScalarType,
    SetType,
    UserType,
    VectorType,
    user_types,
)

ServiceCheck = Callable[[Service, int | None], Awaitable[CheckedService]]
"""Checks a service as it was given, with a dimension or none, for the database at hand."""


def not_creatable(columns: Mapping[str, GivenType]) -> list[str]:
    """Return the names of the types among those of columns that no column is made with."""
    return sorted({kind.name for kind in columns.values() if isinstance(kind, ScalarType) and kind.scalar in READ_ONLY})


def unknown_types(columns: Iterable[GivenType], types: Mapping[str, UserType]) -> list[str]:
    """Return the names of the user-defined types that columns stand on and that there are not."""
    used = (found.udt for kind in columns if not isinstance(kind, GivenVector) for found in user_types(kind))
    return sorted({name for name in used if name not in types})


async def resolved(
    columns: Mapping[str, GivenType], types: Mapping[str, UserType], check: ServiceCheck
) -> dict[str, ColumnType]:
    """Return the columns with the fields of their user-defined types and with checked services.

    Args:
        columns: As they were given; every user-defined type is among ``types``.
        types: The keyspace's.
        check: Checks a service.

    Raises:
        DataApiError: A service cannot be.
    """
    return {name: await _resolved(kind, types, check) for name, kind in columns.items()}


async def _resolved(kind: GivenType, types: Mapping[str, UserType], check: ServiceCheck) -> ColumnType:
    if isinstance(kind, GivenVector):
        if kind.service is None:
            return VectorType(kind.dimension or 0)
        checked = await check(kind.service, kind.dimension)
        return VectorType(checked.dimension, checked.service)
    if isinstance(kind, UserType):
        return types[kind.udt]
    if isinstance(kind, ListType | SetType | MapType) and isinstance(kind.value, UserType):
        value = types[kind.value.udt]
        return MapType(kind.key, value) if isinstance(kind, MapType) else type(kind)(value)
    return kind


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """Why a column cannot be in a primary key."""

    column: str
    reason: str


def key_problem(columns: Mapping[str, ColumnType], partition: Iterable[str], sort: Iterable[str]) -> KeyProblem | None:
    """Return the first column of a key that cannot be in one, or None."""
    twice = [name for name in sort if name in set(partition)]
    if twice:
        return KeyProblem(twice[0], "it stands in the primary key twice")
    for name in (*partition, *sort):
        kind = columns[name]
        if isinstance(kind, ListType | SetType | MapType | UserType):
            return KeyProblem(name, f"it is of the type {kind.name}")
        if isinstance(kind, ScalarType) and kind.scalar == "duration":
            return KeyProblem(name, "durations have no order")
    return None


def unsortable(columns: Mapping[str, ColumnType]) -> str:
    """Return, for a message, the columns of sets of durations, which have no order; empty when there are none."""
    found = [
        name
        for name, kind in columns.items()
        if isinstance(kind, SetType) and isinstance(kind.value, ScalarType) and kind.value.scalar == "duration"
    ]
    return listed(found) if found else ""
