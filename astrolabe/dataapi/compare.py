"""Whether two answers of the Data API say the same: one that was expected, and one that was given.

Here recorded answers are compared with ours, and ours with those of another server that runs.

Compared are the HTTP status, ``data``, ``status``, and of errors and warnings family, scope, code, title and ids of
documents. What differs from run to run is not compared: the ids of errors, ids that a server makes up, page states, the
order of what nobody put in order. Of messages, only the names count that the request brought along: an error about the
column ``nosuch`` must name it, in whatever words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from itertools import zip_longest
from typing import Any

import simplejson

from astrolabe.dataapi.protocol import JsonValue
from storage import jsontext

_ERROR_MEMBERS = ("family", "scope", "errorCode", "title", "documentIds")
_UNORDERED = frozenset({"collections", "indexes", "keyspaces", "namespaces", "tables", "types", "warnings"})
"""Lists in ``status`` whose order means nothing."""

_PAGE_STATES = frozenset({"nextPageState", "pageState"})
_APPROXIMATE = frozenset({"$similarity", "$rerank", "$vector", "$rrf", "sortVector", "scores"})
"""Names over numbers that are calculated: their last digits depend on the machine."""

_TOLERANCE = 1e-6
_MADE_UP = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24}")
_MOST_KEPT = 100_000
"""Ids and page states that are remembered; then the oldest go."""

_ORDER, _MESSAGES = " (order)", ", messages"
_LONGEST_SHOWN = 200
_LONGEST_KEPT = 10_000
_LONGEST_NAME = 100
_OURS = frozenset(
    [
        "analyzer",
        "authentication",
        "column",
        "columns",
        "definition",
        "document",
        "documents",
        "explain",
        "fields",
        "filter",
        "ifExists",
        "ifNotExists",
        "indexing",
        "keyType",
        "lexical",
        "metric",
        "modelName",
        "name",
        "operation",
        "options",
        "ordered",
        "parameters",
        "partitionBy",
        "partitionSort",
        "primaryKey",
        "projection",
        "provider",
        "providerKey",
        "rerank",
        "service",
        "sort",
        "sourceModel",
        "type",
        "udtName",
        "update",
        "valueType",
    ]
)
"""Names in requests that are the language's own; messages list them in other words."""

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came over the wire: the status of HTTP, and the body's JSON; None for a body that is none."""

    status: int
    body: JsonValue

    @classmethod
    def read(cls, status: int, content_type: str, content: bytes) -> Answer:
        """Return an answer; what is no JSON is the one member ``text``."""
        text = content.decode("utf-8", "replace")
        if content_type.startswith("application/json"):
            try:
                return cls(status, jsontext.loads(text))
            except ValueError:
                pass
        return cls(status, {"text": text})


class Tier(IntEnum):
    """How much a difference matters to a program."""

    SHAPE = 1
    """Answers and their shapes: the status of HTTP, data and numbers."""
    CODE = 2
    """Codes, titles and scopes of errors."""
    WORDS = 3
    """Warnings, the order of what was asked for in an order, names in texts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two answers differ.

    Attributes:
        place: Such as ``errors[0].errorCode``.
        expected: What should be there, as JSON; ``(nothing)`` when it should not.
        found: What is there.
    """

    place: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.place}: {_cut(self.expected)} expected, {_cut(self.found)} found"

    @property
    def tier(self) -> Tier:
        """How much it matters."""
        if self.place.startswith("status.warnings") or self.place.endswith((_MESSAGES, _ORDER)):
            return Tier.WORDS
        return Tier.CODE if self.place.startswith("errors") else Tier.SHAPE


@dataclass(slots=True)
class Comparer:
    """Compares the answers of one run, in order, and remembers which made-up ids stand for which.

    Attributes:
        own: Page states and ids of the expected answers, and what stands in their place in the answers that were given.
    """

    own: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, None] = field(default_factory=dict)
    _sent: dict[str, None] = field(default_factory=dict)

    def translate(self, request: JsonValue) -> JsonValue:
        """Return a request of the recorded run as this run has to send it: with its own page states and ids."""
        if isinstance(request, str):
            return self.own.get(request, request)
        if isinstance(request, Mapping):
            return {name: self.translate(value) for name, value in request.items()}
        return [self.translate(value) for value in request] if isinstance(request, list) else request

    def compare(self, request: JsonValue, expected: Answer, found: Answer) -> list[Difference]:
        """Return where an answer differs from the expected one.

        Args:
            request: What was recorded, before :meth:`translate`.
            expected: The recorded answer.
            found: The answer of this run.
        """
        names = set(_texts(_content(request)))
        for name in filter(_MADE_UP.fullmatch, names):
            _remember(self._sent, name, None)
            _remember(self._seen, name, None)
        if expected.status != found.status:
            return [Difference("HTTP status", str(expected.status), str(found.status))]
        if not isinstance(expected.body, Mapping) or not isinstance(found.body, Mapping):
            return list(self._values("body", expected.body, found.body))
        ordered = _is_sorted(request) and not (_sorts_by_id(request) and self._has_made_up_ids(expected.body))
        bodies = expected.body, found.body
        differences = self._bodies(*bodies, ordered=False)
        if ordered:
            in_order = self._bodies(*bodies, ordered=True)
            if in_order and not differences:  # the same documents, in another order
                in_order = [_other_order(*bodies)]
            differences = in_order
        if differences:
            return differences
        return [
            missing
            for name in ("errors", "status.warnings")
            for missing in _names_left_out(name, names, _messages(expected.body, name), _messages(found.body, name))
        ]

    def _bodies(self, expected: Mapping[str, Any], found: Mapping[str, Any], *, ordered: bool) -> list[Difference]:
        ours = self._with_our_ids(expected)  # with those that were met a moment ago
        one, other = (self._arranged(body, ordered=ordered) for body in (ours, found))
        return list(self._values("", one, other))

    def _with_our_ids(self, value: JsonValue) -> JsonValue:
        """Return a recorded value with the ids of this run in place of the made-up ones that were met before."""
        if isinstance(value, str):
            return self.own.get(value, value) if _MADE_UP.fullmatch(value) else value
        if isinstance(value, Mapping):
            return {name: self._with_our_ids(inner) for name, inner in value.items()}
        return [self._with_our_ids(inner) for inner in value] if isinstance(value, list) else value

    def _has_made_up_ids(self, body: Mapping[str, Any]) -> bool:
        """Return whether the documents of an answer have ids that the server made: their order means nothing then."""
        data = body.get("data")
        documents = data.get("documents") if isinstance(data, Mapping) else None
        ids = [str(document.get("_id")) for document in documents or () if isinstance(document, Mapping)]
        return any(_MADE_UP.fullmatch(found) and found not in self._sent for found in ids)

    def _arranged(self, body: Mapping[str, Any], *, ordered: bool) -> dict[str, Any]:
        """Return an answer with what is compared of its errors and warnings, and what has no order in a fixed one."""
        arranged = dict(body)
        if isinstance(body.get("errors"), list):
            arranged["errors"] = [_reduced(error) for error in body["errors"]]
        data, status = body.get("data"), body.get("status")
        if isinstance(data, Mapping) and isinstance(data.get("documents"), list) and not ordered:
            arranged["data"] = {**data, "documents": self._in_order(data["documents"])}
        if isinstance(status, Mapping):
            arranged["status"] = {
                name: self._in_order(map(_reduced, value)) if name in _UNORDERED and isinstance(value, list) else value
                for name, value in status.items()
            }
        return arranged

    def _values(self, place: str, expected: Any, found: Any) -> Iterator[Difference]:  # noqa: ANN401 - JSON
        if isinstance(expected, Mapping) and isinstance(found, Mapping):
            if place == "status.primaryKeySchema":
                yield from self._values(f"{place}{_ORDER}", list(expected), list(found))
            for name in dict.fromkeys((*expected, *found)):
                inner = expected.get(name, _ABSENT), found.get(name, _ABSENT)
                yield from self._values(f"{place}.{name}" if place else str(name), *inner)
        elif isinstance(expected, list) and isinstance(found, list):
            for position, inner in enumerate(zip_longest(expected, found, fillvalue=_ABSENT)):
                yield from self._values(f"{place}[{position}]", *inner)
        elif not self._same(place, expected, found):
            yield Difference(place, _shown(expected), _shown(found))

    def _same(self, place: str, expected: Any, found: Any) -> bool:  # noqa: ANN401 - JSON
        if isinstance(expected, str) and isinstance(found, str):
            return expected == found or self._stands_for(place, expected, found)
        if _is_number(expected) and _is_number(found):
            return _same_number(expected, found, close=not _APPROXIMATE.isdisjoint(re.split(r"[.\[\]]", place)))
        return type(expected) is type(found) and bool(expected == found)

    def _stands_for(self, place: str, expected: str, found: str) -> bool:
        """Return whether both are page states, or both are made up: an id that no request has brought along."""
        if place.rpartition(".")[2] in _PAGE_STATES:
            self._own(expected, found)
            return True
        if not (_MADE_UP.fullmatch(expected) and _MADE_UP.fullmatch(found) and len(expected) == len(found)):
            return False
        if expected in self._seen or found in self._seen:
            return False
        if expected not in self.own:
            self._own(expected, found)
        return self.own[expected] == found

    def _own(self, expected: str, found: str) -> None:
        _remember(self.own, expected, found)
        _remember(self._seen, found, None)

    def _in_order(self, values: Iterable[Any]) -> list[Any]:
        return sorted(values, key=self._order)

    def _order(self, value: Any) -> str:  # noqa: ANN401 - JSON
        """Return what unordered values are put in order by: their JSON, names in order, without ids nobody has seen."""
        text = simplejson.dumps(value, use_decimal=True, allow_nan=True, sort_keys=True)
        known = _MADE_UP.sub(lambda found: found[0] if found[0] in self._seen else "", text)
        return f"{_MADE_UP.sub('', text)} {known}"


def _remember(kept: dict[str, Any], name: str, value: str | None) -> None:
    kept[name] = value
    if len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]


def _other_order(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Difference:
    """Return the one difference of two answers with the same documents in another order."""
    shown = [_shown(body["data"]["documents"]) for body in (expected, found)]
    return Difference(f"data.documents{_ORDER}", *shown)


def _reduced(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what is compared of an error or a warning; other values as they are."""
    if not isinstance(value, Mapping) or "errorCode" not in value:
        return value
    return {name: value[name] for name in _ERROR_MEMBERS if name in value}


def _is_sorted(request: JsonValue) -> bool:
    """Return whether a request asks for an order."""
    content = _content(request)
    return bool(content.get("sort")) if isinstance(content, Mapping) else False


def _sorts_by_id(request: JsonValue) -> bool:
    """Return whether the ids alone decide the order that a request asks for."""
    content = _content(request)
    sort = content.get("sort") if isinstance(content, Mapping) else None
    return isinstance(sort, Mapping) and list(sort) == ["_id"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _same_number(expected: Any, found: Any, *, close: bool) -> bool:  # noqa: ANN401 - numbers
    """Return whether two numbers are equal, and both whole or both not: programs read ``1`` and ``1.0`` differently."""
    if isinstance(expected, int) is not isinstance(found, int):
        return False
    return math.isclose(expected, found, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) if close else bool(expected == found)


def _messages(body: Mapping[str, Any], name: str) -> str:
    """Return the messages of the errors, or of the warnings, in one text."""
    holder: Any = body
    for part in name.split("."):
        holder = holder.get(part) if isinstance(holder, Mapping) else None
    found = holder if isinstance(holder, list) else []
    return "\n".join(str(error.get("message", "")) for error in found if isinstance(error, Mapping))


def _content(request: JsonValue) -> JsonValue:
    """Return what stands behind a command's name."""
    return next(iter(request.values()), None) if isinstance(request, Mapping) else None


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every text of a JSON value, names and values."""
    todo = [value]
    while todo:
        inner = todo.pop()
        if isinstance(inner, str):
            yield inner
        elif isinstance(inner, Mapping):
            yield from map(str, inner)
            todo.extend(inner.values())
        elif isinstance(inner, list):
            todo.extend(inner)


def _names_left_out(place: str, names: Iterable[str], expected: str, found: str) -> Iterator[Difference]:
    """Yield the names of the request that the expected messages quote and the others do not say at all."""
    if not expected or not found:
        return
    for name in sorted(names):
        quoted = f"'{name}'" in expected or f": {name}." in expected
        if quoted and name not in found and len(name) <= _LONGEST_NAME and name not in _OURS and name[:1].isalnum():
            yield Difference(f"{place}{_MESSAGES}", f"the name {name!r}", found[:_LONGEST_KEPT])


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON, or nothing
    if value is _ABSENT:
        return "(nothing)"
    text = simplejson.dumps(value, use_decimal=True, allow_nan=True, ensure_ascii=False)
    return text if len(text) <= _LONGEST_KEPT else f"{text[:_LONGEST_KEPT]}…"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
