"""What all command models share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from astrolabe.dataapi.protocol import JsonValue

NO_OPTIONS = "accepts_no_options"
"""The validation error of a command that takes no options and was given some."""

NULL_AND_EMPTY = "null_and_empty"
"""The validation error of a list that is not there and must have members: it breaks two rules, and both are told."""


_MOST_MEMBERS = 100
_MOST_TEXTS = 1000


class Level(StrEnum):
    """What a command is posted to; the values are the names of the groups in messages."""

    GENERAL = "General Command"
    KEYSPACE = "Keyspace Command"
    COLLECTION = "Collection Command"
    TABLE = "Table Command"


class CommandPart(BaseModel):
    """An object inside a command: members in camel case, no member unknown, no value that cannot be read as its type.

    Documents, filters, sorts, projections and updates stay as they came: the language package reads them.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _few(cls, value: JsonValue) -> JsonValue:
        """Look at no more members than any part has: each one that is not known would be an error of its own."""
        if isinstance(value, dict) and len(value) > _MOST_MEMBERS:
            return dict(islice(value.items(), _MOST_MEMBERS))
        return value

    @classmethod
    def members(cls, where: Sequence[int | str]) -> list[str]:
        """Return the names that the object at a place inside this one may have; none where anything may stand."""
        if not where:
            return [field.alias or name for name, field in cls.model_fields.items()]
        inner = {field.alias: _part_in(field.annotation) for field in cls.model_fields.values()}
        part = inner.get(str(where[0]))
        return part.members(where[1:]) if part is not None else []


def _part_in(annotation: object) -> type[CommandPart] | None:
    """Return the part that an annotation such as ``FindOptions | None`` is about, if it is about one."""
    if isinstance(annotation, type) and issubclass(annotation, CommandPart):
        return annotation
    return next((part for part in map(_part_in, get_args(annotation)) if part is not None), None)


class Command(CommandPart):
    """A command's body: what stands behind its name."""


def _refuse_options(value: JsonValue) -> None:
    if value is not None and value != {}:
        raise PydanticCustomError(NO_OPTIONS, "the command takes no options")


NoOptions = Annotated[JsonValue, AfterValidator(_refuse_options)]
"""``options`` of a command that takes none: absent, null or empty."""


def _bounded(value: JsonValue) -> JsonValue:
    if isinstance(value, dict) and len(value) > _MOST_TEXTS:
        message = f"must not have more than {_MOST_TEXTS} members"
        raise ValueError(message)
    return value


FIRST_PROBLEM: Any = Field(fail_fast=True)
"""Of a list: the first element that is wrong is the only one that is complained of."""

FEW_MEMBERS = BeforeValidator(_bounded)
"""Of an object whose members are looked at one by one."""


def _or_empty(value: JsonValue) -> JsonValue:
    return {} if value is None else value


PartT = TypeVar("PartT", bound=CommandPart)

OrEmpty = Annotated[PartT, BeforeValidator(_or_empty)]
"""A part whose absence and whose ``null`` both mean that nothing was said."""


_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def _as_flag(value: JsonValue) -> JsonValue:
    if isinstance(value, int):
        return bool(value)
    if isinstance(value, str):
        text = value.strip()
        return _TRUTHS.get(text, value) if text else None
    return value


def _as_whole(value: JsonValue) -> JsonValue:
    if isinstance(value, Decimal):
        return int(value) if value.adjusted() < _MOST_DIGITS else value
    if isinstance(value, str):
        if not value.strip():
            return None
        with suppress(ValueError):
            return int(value.strip())
    return value


def _as_text(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else value


_MOST_DIGITS = 20
"""Longer numbers than this fit no field that takes whole ones."""

Flag = Annotated[bool | None, BeforeValidator(_as_flag)]
"""A boolean, also as the text ``true`` or ``false``, or as a whole number: 0 is false. An empty text is none."""

AS_WHOLE = BeforeValidator(_as_whole)
"""Reads whole numbers also from text, cuts the digits behind a point off, and takes an empty text for none."""

Text = Annotated[str, BeforeValidator(_as_text)]
"""A text; numbers and booleans count as what they are written as."""

NewName = Annotated[Text | None, Field(default=None)]
"""The name of what is to be made; the engine says whether it can be one, with a code of its own."""


def _not_empty(name: JsonValue) -> JsonValue:
    if name in (None, ""):
        message = "must not be empty"
        raise ValueError(message)
    return name


OldName = Annotated[Text, BeforeValidator(_not_empty)]
"""The name of what is to be removed."""
