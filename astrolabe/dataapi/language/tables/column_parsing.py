"""Types of columns as commands give them: both spellings, and the error of each that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from astrolabe.dataapi.language.commands.parsing import parse_part
from astrolabe.dataapi.language.commands.schema import Service
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.types import (
    ColumnType,
    ElementType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
    UserType,
)
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError

READ_ONLY = frozenset({Scalar.COUNTER, Scalar.TIMEUUID})
"""Types that a table may have that was made elsewhere; none is made with them here."""

_SCALARS = ", ".join(scalar for scalar in Scalar if scalar not in READ_ONLY)
_MEMBERS = frozenset({"type", "keyType", "valueType", "udtName", "dimension", "service"})

_OF_THE_INDEX = frozenset({"metric", "sourceModel"})
"""What the Java client puts into the definition of a vector column; it belongs to the index, and is passed over."""
_COMPOSED = frozenset({"list", "set", "map", "vector", "userDefined"})
_MISSING = "[MISSING]"
_LARGEST_DIMENSION = 2**31 - 1
_LONGEST_NAME = 2**16 - 1


@dataclass(frozen=True, slots=True)
class GivenVector:
    """A vector column as it was given: its service may decide on the dimension, and has to be checked first.

    Attributes:
        dimension: As given; None when it was not.
        service: As given; None when it was not.
    """

    dimension: int | None
    service: Service | None = None

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        return "vector"


GivenType = ScalarType | UserType | ListType | SetType | MapType | GivenVector
"""A column's type as it was given; the fields of user-defined types are not known yet."""


def parse_columns(verb: str, given: JsonValue) -> dict[str, GivenType]:
    """Read columns by name.

    Raises:
        DataApiError: The first definition that cannot be.
    """
    if not isinstance(given, Mapping):
        raise _mismatch(f"'columns' of '{verb}' must be an object, not {type_name(given)}.")
    return {check_part_name("column", name): parse_type(verb, name, kind) for name, kind in given.items()}


def check_part_name(kind: str, name: str) -> str:
    """Return the name of a column or field that may be one: any text that is not blank and not too long.

    Raises:
        DataApiError: ``UNSUPPORTED_SCHEMA_NAME``.
    """
    problem = _name_problem(name)
    if problem:
        raise data_api_error(
            "UNSUPPORTED_SCHEMA_NAME",
            f"The name of a {kind} {problem}: it is {shown(name)}.\nGive it another name and send the command again.",
        )
    return name


def _name_problem(name: str) -> str:
    if not name.strip():
        return "must not be blank"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "must be text that can be written down"
    return f"may have {_LONGEST_NAME} bytes at most" if size > _LONGEST_NAME else ""


def parse_type(verb: str, column: str, given: JsonValue) -> GivenType:
    """Read one column's type: a string for single values, or an object.

    Raises:
        DataApiError: It cannot be.
    """
    if isinstance(given, str):
        return _typed(verb, column, given, {}) if given in _COMPOSED else _primitive(given)
    if not isinstance(given, Mapping):
        raise _no_type(column, f"it is {type_name(given)}")
    known = _MEMBERS | _OF_THE_INDEX if given.get("type") == "vector" else _MEMBERS
    unknown = [name for name in given if name not in known]
    if unknown:
        names = listed(f"'{name}'" for name in unknown)
        raise data_api_error(
            "COMMAND_FIELD_UNKNOWN",
            f"The definition of the column '{cut(column)}' does not know {names}, only {listed(sorted(_MEMBERS))}.\n"
            "Remove it and send the command again.",
        )
    name = given.get("type")
    if not isinstance(name, str):
        raise _no_type(column, "'type' is missing" if name is None else f"'type' is {type_name(name)}")
    return _typed(verb, column, name, given)


def elements_of(kind: GivenType | ColumnType) -> Iterable[ElementType]:
    """Return the types inside a collection's; none for others."""
    if isinstance(kind, MapType):
        return kind.key, kind.value
    return (kind.value,) if isinstance(kind, ListType | SetType) else ()


def _typed(verb: str, column: str, name: str, given: Mapping[str, JsonValue]) -> GivenType:
    if name == "userDefined":
        return _user_type(given.get("udtName"))
    if name == "vector":
        return _vector(verb, column, given)
    if name == "map":
        return _map(verb, column, given)
    if name in {"list", "set"}:
        value = _element(verb, column, given.get("valueType"))
        held = _held(value)
        if held is None:
            raise _unsupported_elements(name, column, _name_of(value))
        return (ListType if name == "list" else SetType)(held)
    if name not in set(Scalar):
        raise data_api_error(
            "UNKNOWN_DATA_TYPE",
            f"The column '{cut(column)}' is of the type '{cut(name)}', which there is not. The types are: {_SCALARS}, "
            "timeuuid, counter, list, map, set, vector, userDefined.\nCorrect it and send the command again.",
        )
    return ScalarType(Scalar(name))


def _primitive(name: str) -> ScalarType:
    if name in set(Scalar):
        return ScalarType(Scalar(name))
    raise data_api_error(
        "UNKNOWN_PRIMITIVE_DATA_TYPE",
        f"A type that is given as a string is one of: {', '.join(Scalar)}. '{cut(name)}' is none of them.\n"
        "Correct it, or give the type as an object, and send the command again.",
    )


def _user_type(name: JsonValue) -> UserType:
    if not isinstance(name, str) or not name.strip():
        raise data_api_error(
            "INVALID_USER_DEFINED_TYPE_NAME",
            f"The name of a user-defined type, 'udtName', must not be empty: it is {shown(name)}.\n"
            "Name a type of the keyspace and send the command again.",
        )
    return UserType(name)


def _vector(verb: str, column: str, given: Mapping[str, JsonValue]) -> GivenVector:
    service = given.get("service")
    checked = None if service is None else parse_part(verb, ("columns", column, "service"), Service, service)
    dimension = given.get("dimension")
    if dimension is None:
        if checked is None:
            raise data_api_error(
                "MISSING_DIMENSION_IN_VECTOR_COLUMN",
                f"The column '{cut(column)}' has vectors and no embedding service, so 'dimension' is needed: the count "
                "of the numbers in each vector.\nGive it and send the command again.",
            )
        return GivenVector(None, checked)
    number = _dimension(dimension)
    if number is None:
        raise data_api_error(
            "UNSUPPORTED_VECTOR_DIMENSION",
            f"The dimension of the column '{cut(column)}' must be a whole number greater than 0, not "
            f"{shown(dimension)}.\nCorrect it and send the command again.",
        )
    return GivenVector(number, checked)


def _dimension(given: JsonValue) -> int | None:
    """Return a dimension, which may be given as digits in a string; None for what is none."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < len(str(_LARGEST_DIMENSION)):
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or not 0 < given <= _LARGEST_DIMENSION:
        return None
    return given


def _map(verb: str, column: str, given: Mapping[str, JsonValue]) -> MapType:
    key = _element(verb, column, given.get("keyType"))
    value = _element(verb, column, given.get("valueType"))
    held_key, held = _held(key), _held(value)
    if held is None or not isinstance(held_key, ScalarType) or held_key.scalar is Scalar.DURATION:
        raise _unsupported_elements("map", column, f"{_name_of(key)} for keys, {_name_of(value)} for values")
    return MapType(held_key, held)


def _element(verb: str, column: str, given: JsonValue) -> GivenType | None:
    return None if given is None else parse_type(verb, column, given)


def _held(kind: GivenType | None) -> ElementType | None:
    """Return the type if a collection can hold it."""
    readable_only = isinstance(kind, ScalarType) and kind.scalar in READ_ONLY
    return kind if isinstance(kind, ScalarType | UserType) and not readable_only else None


def _name_of(kind: GivenType | None) -> str:
    return kind.name if kind is not None else _MISSING


def _unsupported_elements(kind: str, column: str, used: str) -> DataApiError:
    but = "; keys are no durations and no user-defined types" if kind == "map" else ""
    return data_api_error(
        f"UNSUPPORTED_{kind.upper()}_DEFINITION",
        f"The {kind} column '{cut(column)}' cannot hold these types: {used}. "
        f"A {kind} holds: {_SCALARS}, userDefined{but}.\nCorrect its definition and send the command again.",
    )


def _no_type(column: str, problem: str) -> DataApiError:
    return _mismatch(
        f"The type of the column '{cut(column)}' must be a string, or an object whose 'type' is a string: {problem}."
    )


def _mismatch(message: str) -> DataApiError:
    return data_api_error("REQUEST_STRUCTURE_MISMATCH", message)
