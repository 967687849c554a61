"""Which method of the clients does what a command does.

The clients of all languages have the same methods; only the spelling differs. A command that says something that no
method takes has no call, and is sent as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import Json, JsonValue

_FINDING = ("limit", "skip", "includeSimilarity", "includeSortVector")
_FIND_ONE = ("includeSimilarity", "includeSortVector")
_RERANKING = ("limit", "hybridLimits", "rerankOn", "rerankQuery", "includeScores", "includeSortVector")
_CHANGING = ("upsert", "returnDocument")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What of a command becomes which argument.

    Attributes:
        positional: Members that are arguments by position; a filter that is missing is empty.
        named: Members that are named arguments.
        options: Members of ``options`` that are named arguments.
    """

    positional: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_SHAPES: Mapping[str, _Shape] = {
    "insertOne": _Shape(("document",)),
    "insertMany": _Shape(("documents",), (), ("ordered",)),
    "find": _Shape(("filter",), ("projection", "sort"), _FINDING),
    "findAndRerank": _Shape(("filter",), ("projection", "sort"), _RERANKING),
    "findOne": _Shape(("filter",), ("projection", "sort"), _FIND_ONE),
    "updateOne": _Shape(("filter", "update"), ("sort",), ("upsert",)),
    "updateMany": _Shape(("filter", "update"), (), ("upsert",)),
    "findOneAndUpdate": _Shape(("filter", "update"), ("projection", "sort"), _CHANGING),
    "findOneAndReplace": _Shape(("filter", "replacement"), ("projection", "sort"), _CHANGING),
    "findOneAndDelete": _Shape(("filter",), ("projection", "sort")),
    "deleteOne": _Shape(("filter",), ("sort",)),
    "deleteMany": _Shape(("filter",)),
    "countDocuments": _Shape(("filter",)),
    "estimatedDocumentCount": _Shape(),
}
_IGNORED_OPTIONS = frozenset({"returnDocumentResponses"})
"""What the clients ask for by themselves."""


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A method of a collection, with its arguments.

    Attributes:
        method: In camel case.
        positional: In order.
        named: In camel case, in the order of the methods' documentation.
    """

    method: str
    positional: tuple[JsonValue, ...]
    named: Mapping[str, JsonValue]


def call_of(planned: PlannedCommand) -> MethodCall | None:
    """Return the method for a command on a collection, or None when there is none that says all of it."""
    shape = _SHAPES.get(planned.verb)
    body: Json | None = planned.command.get(planned.verb)
    if shape is None or planned.name is None or not isinstance(body, dict):
        return None
    options: Json = body.get("options") or {}
    known = {*shape.positional, *shape.named, "options"}
    if body.keys() - known or options.keys() - set(shape.options) - _IGNORED_OPTIONS:
        return None
    given = {name: body[name] for name in shape.named if body.get(name) is not None}
    given |= {name: options[name] for name in shape.options if options.get(name) is not None}
    return MethodCall(planned.verb, tuple(body.get(name, {}) for name in shape.positional), given)
