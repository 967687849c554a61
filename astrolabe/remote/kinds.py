"""What is known of a command before it is sent: how long it may take, and whether it may be sent twice."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.protocol import JsonValue
from astrolabe.dataapi.read_only import READING

_READ, _SEARCH, _WRITE, _LONG = 30.0, 60.0, 60.0, 120.0
"""Seconds for a read, a search, a change, and what embeds many texts or changes the schema."""

_WRITES = frozenset(
    {
        "updateOne",
        "updateMany",
        "deleteOne",
        "deleteMany",
        "findOneAndUpdate",
        "findOneAndReplace",
        "findOneAndDelete",
    }
)
_SAME_TWICE = frozenset(
    {
        "createKeyspace",
        "dropKeyspace",
        "createNamespace",
        "dropNamespace",
        "createCollection",
        "deleteCollection",
    }
)
"""Commands that change the schema and answer the second time as they did the first."""

_IF = ("ifNotExists", "ifExists")
INSERTS = frozenset({"insertOne", "insertMany"})


def name_of(command: JsonValue) -> str:
    """Return a command's name; empty for what is none."""
    return next(iter(command)) if isinstance(command, Mapping) and len(command) == 1 else ""


def content_of(command: JsonValue) -> Mapping[str, JsonValue]:
    """Return what stands behind a command's name; empty when that is no object."""
    content = next(iter(command.values()), None) if isinstance(command, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def seconds_for(command: JsonValue) -> float:
    """Return how many seconds one request of a command may take; a provider's time is among them."""
    name = name_of(command)
    if name in _WRITES:
        return _WRITE
    if name == "findAndRerank" or (name in READING and "sort" in content_of(command)):
        return _SEARCH
    return _READ if name in READING else _LONG


def may_be_sent_twice(command: JsonValue) -> bool:
    """Return whether a command that may have been carried out can be sent again, with the same answer."""
    name = name_of(command)
    if name in READING or name in _SAME_TWICE:
        return True
    options = content_of(command).get("options")
    return (
        name not in INSERTS
        and name not in _WRITES
        and isinstance(options, Mapping)
        and any(options.get(one) is True for one in _IF)
    )
