"""Commands on the tables, indexes and user-defined types of a keyspace.

Definitions stay as they came: they have errors of their own, which :mod:`astrolabe.dataapi.language.tables` finds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from astrolabe.dataapi.language.commands.base import (
    FEW_MEMBERS,
    FIRST_PROBLEM,
    Command,
    CommandPart,
    NoOptions,
    OrEmpty,
)
from astrolabe.dataapi.language.commands.schema import ExplainOptions
from astrolabe.dataapi.protocol import JsonValue


def _named(value: JsonValue) -> JsonValue:
    return "" if value is None else value


def _not_empty(value: str) -> str:
    if not value:
        message = "must not be empty"
        raise ValueError(message)
    return value


def _present(value: JsonValue) -> JsonValue:
    if value is None:
        message = "must not be null"
        raise ValueError(message)
    return value


NewName = str | None
"""The name of what is to be made; absence is as bad as a bad name, and told in the same way."""

KnownName = Annotated[str, BeforeValidator(_named), AfterValidator(_not_empty), Field(validate_default=True)]
"""The name of something that is there."""

Definition = Annotated[JsonValue, AfterValidator(_present), Field(validate_default=True)]
"""Anything but null."""


class IfNotExists(CommandPart):
    """Whether what is there already is left alone, instead of being an error."""

    if_not_exists: bool | None = None


class IfExists(CommandPart):
    """Whether nothing is done where there is nothing, instead of an error."""

    if_exists: bool | None = None


class GivenTable(CommandPart):
    """A table's definition."""

    columns: Definition = None
    primary_key: JsonValue = None


class CreateTable(Command):
    """Create a table."""

    name: NewName = None
    definition: GivenTable
    options: OrEmpty[IfNotExists] = IfNotExists()


class DropTable(Command):
    """Drop a table and its rows."""

    name: KnownName = ""
    options: OrEmpty[IfExists] = IfExists()


class AlterTable(Command):
    """Change a table's columns, or the services of its vector columns."""

    operation: JsonValue = None
    options: NoOptions = None


class GivenColumns(CommandPart):
    """Columns by name, with what is to become of them."""

    columns: dict[str, JsonValue] | None = None


class ColumnNames(CommandPart):
    """Columns that lose something, or are dropped."""

    columns: Annotated[list[str], FIRST_PROBLEM] | None = None


class GivenFields(CommandPart):
    """The fields of a user-defined type."""

    fields: dict[str, JsonValue] | None = None


class NewNames(CommandPart):
    """The new names of fields, by the old ones."""

    fields: Annotated[dict[str, str], FEW_MEMBERS] | None = None


class CreateType(Command):
    """Create a user-defined type."""

    name: KnownName = ""
    definition: GivenFields
    options: OrEmpty[IfNotExists] = IfNotExists()


class AlterType(Command):
    """Add fields to a user-defined type, or give them other names."""

    name: KnownName = ""
    add: OrEmpty[GivenFields] = GivenFields()
    rename: OrEmpty[NewNames] = NewNames()


class DropType(Command):
    """Drop a user-defined type that no table uses."""

    name: KnownName = ""
    options: OrEmpty[IfExists] = IfExists()


class ListTypes(Command):
    """List the user-defined types."""

    options: ExplainOptions | None = None


class RegularOptions(CommandPart):
    """How texts are compared in an index."""

    ascii: bool | None = None
    case_sensitive: bool | None = None
    normalize: bool | None = None


class VectorIndexOptions(CommandPart):
    """How vectors are compared in an index; what is unknown has codes of its own."""

    metric: str | None = None
    source_model: str | None = None


class TextIndexOptions(CommandPart):
    """What the words of texts are."""

    analyzer: JsonValue = None


class RegularIndex(CommandPart):
    """What a regular index is made of."""

    column: Definition = None
    options: OrEmpty[RegularOptions] = RegularOptions()


class VectorIndex(CommandPart):
    """What a vector index is made of."""

    column: Definition = None
    options: OrEmpty[VectorIndexOptions] = VectorIndexOptions()


class TextIndex(CommandPart):
    """What a text index is made of."""

    column: Definition = None
    options: OrEmpty[TextIndexOptions] = TextIndexOptions()


class CreateIndexOfAnyKind(Command):
    """What the three commands have in common."""

    name: NewName = None
    index_type: str | None = None
    options: OrEmpty[IfNotExists] = IfNotExists()


class CreateIndex(CreateIndexOfAnyKind):
    """Index a column by its values."""

    definition: RegularIndex


class CreateVectorIndex(CreateIndexOfAnyKind):
    """Index a column of vectors, so that it can be searched."""

    definition: VectorIndex


class CreateTextIndex(CreateIndexOfAnyKind):
    """Index a column of texts by their words."""

    definition: TextIndex


class DropIndex(Command):
    """Drop an index."""

    name: KnownName = ""
    options: OrEmpty[IfExists] = IfExists()


class ListIndexes(Command):
    """List the indexes of a table."""

    options: ExplainOptions | None = None
