"""The shape of an envelope of the Data API: what its known members hold; others may hold anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from astrolabe.dataapi.protocol import JsonValue

_Check = Callable[[JsonValue], bool]


def is_envelope(body: Mapping[str, JsonValue]) -> bool:
    """Return whether an object has the members of the envelope, of the right types, and no others."""
    if not body.keys() <= {"data", "status", "errors"}:
        return False
    errors = body.get("errors")
    return (errors is None or _objects(errors)) and all(
        part is None
        or (isinstance(part, dict) and all(check(part[name]) for name, check in known.items() if name in part))
        for part, known in ((body.get("data"), _DATA), (body.get("status"), _STATUS))
    )


def _list(value: JsonValue) -> bool:
    return isinstance(value, list)


def _object(value: JsonValue) -> bool:
    return isinstance(value, dict)


def _no_object_or(value: JsonValue) -> bool:
    return value is None or isinstance(value, dict)


def _objects(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _names(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _count(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _deleted(value: JsonValue) -> bool:
    return _count(value) or value == -1  # an empty filter emptied the collection


def _page_state(value: JsonValue) -> bool:
    return value is None or isinstance(value, str)


def _warnings(value: JsonValue) -> bool:
    return value is None or isinstance(value, list)


def _responses(value: JsonValue) -> bool:
    return _objects(value) and all(one.get("errorsIdx") is None or _count(one["errorsIdx"]) for one in value)


def _described(value: JsonValue) -> bool:
    """Return whether a list holds names, or objects with the options or the definition of each."""
    return isinstance(value, list) and all(isinstance(one, str) or (_object(one) and _explained(one)) for one in value)


def _explained(one: Mapping[str, JsonValue]) -> bool:
    options, definition = one.get("options"), one.get("definition")
    return (
        _no_object_or(options)
        and _no_object_or(definition)
        and all(_no_object_or((options or {}).get(name)) for name in ("vector", "lexical", "rerank"))
    )


_DATA: Mapping[str, _Check] = {"documents": _objects, "document": _no_object_or, "nextPageState": _page_state}
_STATUS: Mapping[str, _Check] = {
    "warnings": _warnings,
    "keyspaces": _names,
    "namespaces": _names,
    "collections": _described,
    "tables": _described,
    "types": _described,
    "indexes": _described,
    "insertedIds": _list,
    "documentResponses": _responses,
    "count": _count,
    "matchedCount": _count,
    "modifiedCount": _count,
    "deletedCount": _deleted,
    "embeddingProviders": _object,
    "projectionSchema": _object,
    "nextPageState": _page_state,
}
