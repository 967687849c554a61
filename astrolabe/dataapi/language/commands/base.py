"""What all command models share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from astrolabe.dataapi.protocol import JsonValue

NO_OPTIONS = "accepts_no_options"
"""The validation error of a command that takes no options and was given some."""


class Level(StrEnum):
    """What a command is posted to; the values are the names of the groups in messages."""

    GENERAL = "General Command"
    KEYSPACE = "Keyspace Command"
    COLLECTION = "Collection Command"
    TABLE = "Table Command"


class CommandPart(BaseModel):
    """An object inside a command: members in camel case, no member unknown, no value of another JSON type.

    Documents, filters, sorts, projections and updates stay as they came: the language package reads them.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class Command(CommandPart):
    """A command's body: what stands behind its name."""


def _refuse_options(value: JsonValue) -> None:
    if value is not None and value != {}:
        raise PydanticCustomError(NO_OPTIONS, "the command takes no options")


NoOptions = Annotated[JsonValue, AfterValidator(_refuse_options)]
"""``options`` of a command that takes none: absent, null or empty."""


def _or_empty(value: JsonValue) -> JsonValue:
    return {} if value is None else value


PartT = TypeVar("PartT", bound=CommandPart)

OrEmpty = Annotated[PartT, BeforeValidator(_or_empty)]
"""A part whose absence and whose ``null`` both mean that nothing was said."""
