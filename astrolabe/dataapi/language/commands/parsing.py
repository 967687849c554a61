"""From a request body to a command, or to the documented error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from astrolabe.dataapi.language.commands import collection_commands as documents
from astrolabe.dataapi.language.commands import general, schema, table_rows
from astrolabe.dataapi.language.commands import table_schema as tables
from astrolabe.dataapi.language.commands.base import NO_OPTIONS, NULL_AND_EMPTY, Command, CommandPart, Level, PartT
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError

COMMANDS: Mapping[Level, Mapping[str, type[Command]]] = {
    Level.GENERAL: {
        "createKeyspace": general.CreateKeyspace,
        "createNamespace": general.CreateNamespace,
        "dropKeyspace": general.DropKeyspace,
        "dropNamespace": general.DropNamespace,
        "findEmbeddingProviders": general.FindEmbeddingProviders,
        "findKeyspaces": general.FindKeyspaces,
        "findNamespaces": general.FindNamespaces,
        "findRerankingProviders": general.FindRerankingProviders,
    },
    Level.KEYSPACE: {
        "createCollection": schema.CreateCollection,
        "deleteCollection": schema.DeleteCollection,
        "findCollections": schema.FindCollections,
        "listTables": schema.ListTables,
        "alterType": tables.AlterType,
        "createTable": tables.CreateTable,
        "createType": tables.CreateType,
        "dropIndex": tables.DropIndex,
        "dropTable": tables.DropTable,
        "dropType": tables.DropType,
        "listTypes": tables.ListTypes,
    },
    Level.COLLECTION: {
        "countDocuments": documents.CountDocuments,
        "deleteMany": documents.DeleteMany,
        "deleteOne": documents.DeleteOne,
        "estimatedDocumentCount": documents.EstimatedDocumentCount,
        "find": documents.Find,
        "findAndRerank": documents.FindAndRerank,
        "findOne": documents.FindOne,
        "findOneAndDelete": documents.FindOneAndDelete,
        "findOneAndReplace": documents.FindOneAndReplace,
        "findOneAndUpdate": documents.FindOneAndUpdate,
        "insertMany": documents.InsertMany,
        "insertOne": documents.InsertOne,
        "updateMany": documents.UpdateMany,
        "updateOne": documents.UpdateOne,
    },
    Level.TABLE: {
        "alterTable": tables.AlterTable,
        "createIndex": tables.CreateIndex,
        "createTextIndex": tables.CreateTextIndex,
        "createVectorIndex": tables.CreateVectorIndex,
        "listIndexes": tables.ListIndexes,
        "deleteMany": documents.DeleteMany,
        "deleteOne": documents.DeleteOne,
        "find": documents.Find,
        "findOne": documents.FindOne,
        "insertMany": documents.InsertMany,
        "insertOne": table_rows.InsertRow,
        "updateOne": documents.UpdateOne,
    },
}
"""The commands of each group."""

TABLE_COMMANDS = frozenset(COMMANDS[Level.TABLE]) - frozenset(COMMANDS[Level.COLLECTION])
"""Commands that only a table takes; they are posted to its own path."""

_PATHS = {
    Level.GENERAL: "/v1",
    Level.KEYSPACE: "/v1/{keyspace}",
    Level.COLLECTION: "/v1/{keyspace}/{collection}",
    Level.TABLE: "/v1/{keyspace}/{table}",
}

_EXPECTED = {
    "bool_type": "a boolean",
    "dict_type": "an object",
    "enum": "a string",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "is_instance_of": "a string",
    "list_type": "an array",
    "model_attributes_type": "an object",
    "model_type": "an object",
    "string_type": "a string",
}
_REASONS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be greater than or equal to {ge}",
    "less_than_equal": "must be less than or equal to {le}",
    "literal_error": "must be one of {expected}",
}
_MOST_BITS = 4_096
_COLLECTION_PARTS = frozenset({("options",), ("options", "defaultId"), ("options", "indexing"), ("options", "vector")})


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A command that was understood, or the errors that say why not; exactly one of the two."""

    verb: str
    command: Command | None
    errors: tuple[DataApiError, ...] = ()


def parse_command(body: JsonValue, level: Level, *, target: str = "") -> ParsedCommand:
    """Read a request body as a command of ``level``.

    Args:
        body: The parsed JSON of the request.
        level: What the request was posted to.
        target: The collection or table that it was posted to, for messages.

    Returns:
        The command, or its errors: one per invalid value.
    """
    refused = _wrong_shape(body)
    if refused is not None:
        return ParsedCommand("", None, (refused,))
    ((verb, content),) = body.items()
    model = COMMANDS[level].get(verb)
    if model is None:
        return ParsedCommand(verb, None, (_unknown(verb, level, target),))
    if content is None:
        return ParsedCommand(verb, None, (_mismatch(f"'{verb}' must be an object, not Null."),))
    try:
        return ParsedCommand(verb, model.model_validate(content))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        return ParsedCommand(verb, None, _translate(verb, model, details))


def parse_part(verb: str, place: tuple[str, ...], model: type[PartT], given: JsonValue) -> PartT:
    """Read an object inside a command that is not read with it.

    Args:
        verb: The command's name.
        place: The names of the members that lead to it.
        model: What it has to be.
        given: As it came.

    Raises:
        DataApiError: The first thing that is wrong.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        for detail in details:
            detail["loc"] = (*place, *detail["loc"])
        raise _translate(verb, model, details, len(place))[0] from None


def _wrong_shape(body: JsonValue) -> DataApiError | None:
    if body is None:
        return invalid_field("command", None, "must not be null")
    if not isinstance(body, dict):
        return _mismatch(f"The request must be a JSON object with one command, not {type_name(body)}.")
    if len(body) != 1:
        names = listed(map(str, body))
        return _mismatch(f"The request must have exactly one command; it has {len(body)}: {names}.")
    return None


def parse_for_any(body: JsonValue) -> ParsedCommand:
    """Read a request body as a command of either kind: it was posted to what does not exist."""
    parsed = parse_command(body, Level.COLLECTION)
    return parse_command(body, Level.TABLE) if parsed.verb in TABLE_COMMANDS else parsed


def _unknown(verb: str, level: Level, target: str) -> DataApiError:
    """The command is not in the group; where it belongs, if anywhere, is part of the message."""
    if level is Level.COLLECTION and verb in TABLE_COMMANDS:
        message = f"'{target}' is a collection, and '{verb}' is a command for tables."
        return data_api_error("UNSUPPORTED_COLLECTION_COMMAND", message)
    if level is Level.TABLE and verb in COMMANDS[Level.COLLECTION]:
        message = f"'{target}' is a table, and '{verb}' is a command for collections."
        return data_api_error("UNSUPPORTED_TABLE_COMMAND", message)
    group = ", ".join(sorted(COMMANDS[level]))
    message = f"The command '{cut(str(verb))}' is not one of the commands of the group {level.value}: [{group}]."
    path = _path_of(verb)
    if path:
        message += f"\n'{verb}' belongs on another path: post it to {path}, also under /api/json."
    return data_api_error("COMMAND_UNKNOWN", message, hint=f"Post it to {path}." if path else "Check the spelling.")


def _path_of(verb: str) -> str:
    """Return the path that takes the command, empty when none does."""
    return next((_PATHS[level] for level in Level if verb in COMMANDS[level]), "")


def _translate(
    verb: str, model: type[CommandPart], details: Sequence[ErrorDetails], above: int = 0
) -> tuple[DataApiError, ...]:
    """Turn pydantic's findings into the documented errors; unknown members hide wrong shapes, those hide values.

    Args:
        verb: The command's name.
        model: What was to be read.
        details: The findings.
        above: How many names of their places lead to what was to be read.
    """
    unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
    if unknown:
        return (_unknown_members(verb, model, unknown, above),)
    shapes = [detail for detail in details if detail["type"] in _EXPECTED and detail["input"] is not None]
    if shapes:
        return (_mismatch(_shape_message(verb, shapes[0])),)
    options = [detail for detail in details if detail["type"] == NO_OPTIONS]
    if options:
        message = f"The command '{verb}' accepts no options. Leave 'options' out and send it again."
        return (data_api_error("COMMAND_ACCEPTS_NO_OPTIONS", message),)
    return tuple(
        invalid_field(_path(detail), _input(detail), reason) for detail in details for reason in _reasons(detail)
    )


def _unknown_members(verb: str, model: type[CommandPart], unknown: Sequence[ErrorDetails], above: int) -> DataApiError:
    where = unknown[0]["loc"][:-1]
    parent = _dotted(where)
    names = listed(f"'{detail['loc'][-1]}'" for detail in unknown if detail["loc"][:-1] == where)
    if verb == "createCollection" and where in _COLLECTION_PARTS:
        return data_api_error(
            "INVALID_CREATE_COLLECTION_FIELD",
            f"createCollection does not know {names} in '{parent}'. Remove it and send the command again.",
        )
    known = listed(f"'{name}'" for name in sorted(model.members(where[above:])))
    return data_api_error(
        "COMMAND_FIELD_UNKNOWN",
        f"The command '{verb}' does not know {names} in '{parent}'; it knows {known}. "
        "Remove or correct it and send the command again.",
    )


def _shape_message(verb: str, detail: ErrorDetails) -> str:
    expected, given = _EXPECTED.get(detail["type"], "of another type"), detail["input"]
    quoted = "" if "authentication" in detail["loc"] else f": {_shown(given)}"
    return f"'{_path(detail)}' of '{verb}' must be {expected}, not {type_name(given)}{quoted}."


def _mismatch(message: str) -> DataApiError:
    return data_api_error("REQUEST_STRUCTURE_MISMATCH", message)


def invalid_field(path: str, value: JsonValue, reason: str) -> DataApiError:
    """Make the error of a field with an invalid value.

    Args:
        path: Dotted, starting with ``command``.
        value: As it came; containers are hinted at, not shown.
        reason: The rest of a sentence, without the full stop.
    """
    return data_api_error(
        "COMMAND_FIELD_VALUE_INVALID",
        f"Command field '{path}' value `{_shown(value)}` not valid: {reason}.",
    )


def _path(detail: ErrorDetails) -> str:
    return _dotted(detail["loc"])


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(["command", *(cut(str(part)) for part in location)])


def _input(detail: ErrorDetails) -> JsonValue:
    return None if detail["type"] == "missing" else detail["input"]


def _reasons(detail: ErrorDetails) -> tuple[str, ...]:
    return ("must not be null", "must not be empty") if detail["type"] == NULL_AND_EMPTY else (_reason(detail),)


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "missing":
        return "must not be null"
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, ValueError):
        return str(cause)
    if detail["input"] is None:
        return "must not be null"
    pattern = _REASONS.get(detail["type"])
    return pattern.format(**detail.get("ctx", {})) if pattern else detail["msg"]


def _shown(value: JsonValue) -> str:
    """Show a value as JSON, but not a number of more digits than Python prints."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "…"
    return shown(value)
