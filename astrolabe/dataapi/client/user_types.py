"""User-defined types as pages and verbs know them: what there is, what is typed for new ones, and the commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_info import scalar_name
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables.column_parsing import READ_ONLY, check_part_name
from astrolabe.dataapi.language.tables.types import Scalar, user_types
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import DataApiError

FIELD_TYPES = tuple(sorted(scalar.value for scalar in Scalar if scalar not in READ_ONLY))
"""What a field can be of: single values only."""


@dataclass(frozen=True, slots=True)
class UserTypeInfo:
    """A user-defined type.

    Attributes:
        name: Its name.
        fields: The fields' types, by name.
        tables: The tables that have columns of it.
    """

    name: str
    fields: Mapping[str, str]
    tables: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The fields as they are typed: ``street text, house int``."""
        return ", ".join(f"{name} {kind}" for name, kind in self.fields.items())


def read_user_types(found: Iterable[Json], tables: Sequence[TargetInfo]) -> list[UserTypeInfo]:
    """Return the types of a keyspace in the order of their names.

    Args:
        found: What ``listTypes`` explains.
        tables: The keyspace's tables.
    """
    users: dict[str, list[str]] = {}
    for table in tables:
        for name in dict.fromkeys(one.udt for kind in table.columns.values() for one in user_types(kind)):
            users.setdefault(name, []).append(table.name)
    infos = []
    for one in found:
        name = str(one.get("udtName", ""))
        fields = (one.get("definition") or {}).get("fields") or {}
        infos.append(
            UserTypeInfo(name, {field: scalar_name(kind) for field, kind in fields.items()}, _names(users, name))
        )
    return sorted(infos, key=lambda info: info.name)


def _names(users: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    return tuple(sorted(users.get(name, ())))


def read_fields(typed: str) -> list[tuple[str, str]]:
    """Return the fields of a text such as ``street text, house int``: names with types, or without."""
    fields = []
    for part in typed.split(","):
        words = part.replace(":", " ").split()
        if words:
            fields.append((" ".join(words[:-1]) or words[0], words[-1].lower() if len(words) > 1 else ""))
    return fields


def fields_problem(typed: str, taken: Iterable[str] = ()) -> str:
    """Return what is wrong with fields as they were typed; empty when nothing is.

    Args:
        typed: The fields, as for :func:`read_fields`.
        taken: The names of fields that the type has already.
    """
    fields, known = read_fields(typed), set(taken)
    if not fields:
        return "Give at least one field, such as: street text, house int"
    for name, kind in fields:
        if kind not in FIELD_TYPES:
            said = f"the field {cut(name)} has no type" if not kind else f"there is no type {cut(kind)} for fields"
            return f"{said[0].upper()}{said[1:]}. There are: {', '.join(FIELD_TYPES)}."
        if name in known:
            return f"There are two fields called {cut(name)}."
        known.add(name)
    return next(filter(None, (field_name_problem(name) for name, _ in fields)), "")


def field_name_problem(name: str, taken: Iterable[str] = ()) -> str:
    """Return what is wrong with the name of a field; empty when nothing is."""
    try:
        check_part_name("field", name)
    except DataApiError as error:
        return error.message.partition("\n")[0]
    return f"There is a field {cut(name)} already." if name in set(taken) else ""


def plan_create_type(keyspace: str, name: str, fields: Mapping[str, str]) -> PlannedCommand:
    """Create a type."""
    return PlannedCommand({"createType": {"name": name, "definition": {"fields": dict(fields)}}}, keyspace)


def plan_add_fields(keyspace: str, name: str, fields: Mapping[str, str]) -> PlannedCommand:
    """Add fields to a type."""
    return PlannedCommand({"alterType": {"name": name, "add": {"fields": dict(fields)}}}, keyspace)


def plan_rename_fields(keyspace: str, name: str, renamed: Mapping[str, str]) -> PlannedCommand:
    """Give fields of a type other names."""
    return PlannedCommand({"alterType": {"name": name, "rename": {"fields": dict(renamed)}}}, keyspace)


def plan_drop_type(keyspace: str, name: str) -> PlannedCommand:
    """Drop a type that no table uses."""
    return PlannedCommand({"dropType": {"name": name}}, keyspace)
