"""A collection in the plainest way: a list of documents, and commands that walk it. Written for tests, from the rules.

It knows the commands, operators and errors that the property tests draw, and nothing of how the engine does it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from storage import jsontext

Json: TypeAlias = dict[str, Any]

MISSING = object()
ORDER = ("missing", "null", "number", "string", "object", "array", "boolean", "date")
OPPOSITES = {"$eq": "$ne", "$in": "$nin", "$gt": "$lte", "$gte": "$lt", "$all": "$not all", "$size": "$not size"}
OPPOSITES |= {opposite: operator for operator, opposite in OPPOSITES.items()}


class RefusedError(Exception):
    """An update does not fit the document."""


def kind_of(value: object) -> str:
    """Return what a value counts as when it is compared."""
    if isinstance(value, Mapping):
        return "date" if list(value) == ["$date"] else "object"
    names = {bool: "boolean", int: "number", Decimal: "number", str: "string", list: "array", type(None): "null"}
    return "missing" if value is MISSING else names[type(value)]


def rank(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any JSON
    """Return a tuple that values are equal and ordered by."""
    kind = kind_of(value)
    place = ORDER.index(kind)
    if kind == "object":
        return (place, tuple((name, rank(inner)) for name, inner in value.items()))
    if kind == "array":
        return (place, tuple(map(rank, value)))
    if kind in {"missing", "null"}:
        return (place,)
    return (place, value["$date"] if kind == "date" else value)


def value_at(document: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value at a dotted path, or MISSING."""
    for name in path.split("."):
        if kind_of(document) == "array" and name.isdigit():
            document = document[int(name)] if int(name) < len(document) else MISSING
        else:
            document = document.get(name, MISSING) if kind_of(document) == "object" else MISSING
    return document


def matches(clause: Json, document: Json, *, negated: bool = False) -> bool:
    """Decide a filter; ``$not`` turns every operator below it round."""
    found: list[bool] = []
    for name, value in clause.items():
        if name in {"$and", "$or"}:
            parts = [matches(part, document, negated=negated) for part in value]
            found.append(any(parts) if (name == "$or") != negated else all(parts))
        elif name == "$not":
            found.append(matches(value, document, negated=not negated))
        else:
            operators = value if kind_of(value) == "object" and any(key[0] == "$" for key in value) else {"$eq": value}
            for operator, operand in operators.items():
                found.append(_decide(operator, operand, value_at(document, name), negated=negated))
    return any(found) if negated else all(found)


def _decide(operator: str, operand: Any, found: Any, *, negated: bool) -> bool:  # noqa: ANN401 - any JSON
    if operator == "$exists":
        return (found is not MISSING) is (operand is not negated)
    if negated:
        operator = OPPOSITES[operator]
    if operator in {"$ne", "$nin", "$not all", "$not size"}:
        return not _decide(OPPOSITES[operator], operand, found, negated=False)
    if operator in {"$gt", "$gte", "$lt", "$lte"}:
        left, right = rank(found), rank(operand)
        compared = {"$gt": left > right, "$gte": left >= right, "$lt": left < right, "$lte": left <= right}
        return bool(left[0] == right[0]) and bool(compared[operator])
    elements = found if isinstance(found, list) else []
    if operator == "$all":
        return isinstance(found, list) and all(any(rank(part) == rank(each) for each in elements) for part in operand)
    if operator == "$size":
        return isinstance(found, list) and len(found) == operand
    wanted = operand if operator == "$in" else [operand]
    scalars = [element for element in elements if kind_of(element) not in {"array", "object"}]
    return any(rank(part) == rank(each) for part in wanted for each in (found, *scalars))


def projected(document: Json, projection: Json) -> Json:
    """Return what a projection leaves."""
    slices = {path: value["$slice"] for path, value in projection.items() if isinstance(value, dict)}
    flags = {path: bool(value) for path, value in projection.items() if path not in slices and path != "_id"}
    including = any(flags.values())
    with_id = bool(projection.get("_id", True))
    result: Json = {"_id": document["_id"]} if with_id else {}
    for name, value in document.items():
        if name == "_id":
            continue
        inner = [path.split(".")[1] for path in flags if path.startswith(f"{name}.")]
        if inner and kind_of(value) == "object":
            result[name] = {key: below for key, below in value.items() if (key in inner) == including}
        elif (name in flags or name in slices) if including else name not in flags:
            result[name] = value
        if name in slices and isinstance(result.get(name), list):
            result[name] = _sliced(value, slices[name])
    return result


def _sliced(values: list[Any], bounds: int | list[int]) -> list[Any]:
    if isinstance(bounds, int):
        return values[:bounds] if bounds >= 0 else values[bounds:]
    start, count = bounds
    return (values[start:] if start >= 0 else values[max(len(values) + start, 0) :])[:count]


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value with its decimals in their one spelling; whole ones are still decimals."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if not isinstance(value, Decimal):
        return value
    return Decimal(int(value)) if value == int(value) else value.normalize()


def stored(document: Json) -> Json:
    """Return a document as it is read back: what is whole is no decimal any more."""
    found: Json = jsontext.loads(jsontext.dumps(plain(document)))
    return found


def updated(document: Json, update: Json, *, upsert: bool = False) -> Json:
    """Return what an update makes of a document.

    Raises:
        RefusedError: It does not fit.
    """
    result = copy.deepcopy(document)
    for operator in sorted(update, key=lambda name: (name == "$unset", name)):
        if operator == "$setOnInsert" and not upsert:
            continue
        for path, argument in update[operator].items():
            _change(result, operator, path, plain(copy.deepcopy(argument)))
    return stored(result)


def _change(document: Json, operator: str, path: str, argument: Any) -> None:  # noqa: ANN401 - any JSON
    *outer, name = path.split(".")
    holder: Any = document
    for part in outer:
        if operator in {"$unset", "$pop", "$rename"} and kind_of(value_at(document, part)) != "object":
            return
        holder = holder.setdefault(part, {})
        if kind_of(holder) != "object":
            raise RefusedError
    old = holder.get(name, MISSING)
    if operator == "$unset":
        holder.pop(name, None)
    elif operator == "$rename":
        if old is not MISSING:
            del holder[name]
            document[argument] = old
    elif operator == "$pop" and old is MISSING:
        return
    else:
        holder[name] = VALUES[operator](old, argument)


def _number(old: Any, argument: Any, missing: Any, both: Callable[[Decimal, Decimal], Decimal]) -> Any:  # noqa: ANN401
    if old is MISSING:
        return missing
    if kind_of(old) != "number":
        raise RefusedError
    result = both(Decimal(old), Decimal(argument))
    return result or abs(result)


def _array(old: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if old is MISSING:
        return []
    if not isinstance(old, list):
        raise RefusedError
    return old


def _pushed(old: Any, argument: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    values, more = _array(old), argument if kind_of(argument) == "object" and "$each" in argument else None
    added = more["$each"] if more else [argument]
    place = more.get("$position", len(values)) if more else len(values)
    return [*values[:place], *added, *values[place:]]


def _with(old: Any, argument: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    values = list(_array(old))
    for value in argument["$each"] if kind_of(argument) == "object" and "$each" in argument else [argument]:
        if not any(repr(value) == repr(element) for element in values):
            values.append(value)
    return values


def _popped(old: Any, argument: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    return _array(old)[:-1] if argument == 1 else _array(old)[1:]


VALUES: Mapping[str, Callable[[Any, Any], Any]] = {
    "$set": lambda _, argument: argument,
    "$setOnInsert": lambda _, argument: argument,
    "$inc": lambda old, argument: _number(old, argument, argument, lambda one, other: one + other),
    "$mul": lambda old, argument: _number(old, argument, 0, lambda one, other: one * other),
    "$min": lambda old, argument: argument if old is MISSING or rank(argument) < rank(old) else old,
    "$max": lambda old, argument: argument if old is MISSING or rank(argument) > rank(old) else old,
    "$push": _pushed,
    "$addToSet": _with,
    "$pop": _popped,
}
"""What stands at the path afterwards, by operator."""


class PlainCollection:
    """Documents in the order in which they were inserted."""

    def __init__(self) -> None:
        self.documents: list[Json] = []

    def answer(self, command: Json) -> Json:
        """Execute a command; ``errors`` is how many there are."""
        ((verb, body),) = command.items()
        answers: Mapping[str, Callable[[Json], Json]] = {
            "insertMany": self._insert,
            "find": self._find,
            "countDocuments": lambda body: {"status": {"count": len(self._found(body))}},
            "updateOne": self._update_one,
            "updateMany": self._update_many,
            "findOneAndUpdate": self._update_one,
            "deleteOne": self._delete_one,
            "deleteMany": self._delete_many,
            "findOneAndDelete": self._delete_one,
        }
        answer = answers[verb](body)
        if verb.startswith("findOneAnd"):
            return answer
        return {member: value for member, value in answer.items() if verb == "find" or member != "data"}

    def _found(self, body: Json) -> list[Json]:
        found = [document for document in self.documents if matches(body.get("filter", {}), document)]
        if body.get("sort"):
            found.sort(key=lambda document: rank(document["_id"]))
            for path, direction in reversed(body["sort"].items()):
                found.sort(key=lambda document: rank(value_at(document, path)), reverse=direction < 0)
        return found

    def _find(self, body: Json) -> Json:
        options = body.get("options", {})
        start = options.get("skip", 0)
        found = self._found(body)[start : start + options.get("limit", 50)]
        shown = [projected(document, body.get("projection", {})) for document in found]
        return {"data": {"documents": shown, "nextPageState": None}}

    def _insert(self, body: Json) -> Json:
        inserted, failed = [], 0
        for document in body["documents"]:
            if any(rank(document["_id"]) == rank(other["_id"]) for other in self.documents):
                failed += 1
                if body["options"]["ordered"]:
                    break
            else:
                self.documents.append({"_id": document["_id"]} | stored(document))
                inserted.append(document["_id"])
        return {"status": {"insertedIds": inserted}} | ({"errors": failed} if failed else {})

    def _replace(self, document: Json, update: Json) -> bool:
        after = updated(document, update)
        changed = "$push" in update or jsontext.dumps(after) != jsontext.dumps(document)
        document.clear()
        document |= after
        return changed

    def _update_one(self, body: Json) -> Json:
        found = self._found(body)[:1]
        upsert = body.get("options", {}).get("upsert") and not found
        before = copy.deepcopy(found[0]) if found else None
        try:
            if upsert:
                new = updated({"_id": body["filter"]["_id"]}, body["update"], upsert=True)
                self.documents.append(new)
                found = [new]
            changed = not upsert and bool(found) and self._replace(found[0], body["update"])
        except RefusedError:
            return {"errors": 1}
        status: Json = {"matchedCount": int(bool(found) and not upsert), "modifiedCount": int(changed)}
        if upsert:
            status["upsertedId"] = found[0]["_id"]
        after = body.get("options", {}).get("returnDocument") == "after"
        shown = (copy.deepcopy(found[0]) if found else None) if after else before
        return {"data": {"document": shown}, "status": status}

    def _update_many(self, body: Json) -> Json:
        matched = modified = 0
        for document in self._found(body):
            try:
                modified += self._replace(document, body["update"])
            except RefusedError:
                return {"status": {"matchedCount": matched, "modifiedCount": modified}, "errors": 1}
            matched += 1
        return {"status": {"matchedCount": matched, "modifiedCount": modified}}

    def _delete_one(self, body: Json) -> Json:
        found = self._found(body)[:1]
        self._remove(found)
        shown = projected(found[0], body.get("projection", {})) if found else None
        return {"data": {"document": shown}, "status": {"deletedCount": len(found)}}

    def _delete_many(self, body: Json) -> Json:
        found = self._found(body)
        self._remove(found)
        return {"status": {"deletedCount": len(found) if body.get("filter") else -1}}

    def _remove(self, gone: list[Json]) -> None:
        ids = [id(document) for document in gone]
        self.documents = [document for document in self.documents if id(document) not in ids]
