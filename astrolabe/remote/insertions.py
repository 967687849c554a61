"""An insertion that got no answer: which of its documents are stored, and the one answer of what was sent in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.remote.kinds import content_of, name_of
from storage.jsontext import dumps

MOST_BYTES = 12_000_000
"""Bytes of documents of one request: endpoints take 20 MB, and other servers on the way often less."""

_ID = "_id"
_IDS_AT_ONCE = 50
"""Ids of one question: its answer is one page."""


def documents_of(command: JsonValue) -> list[JsonValue]:
    """Return the documents of an insertion; empty for what is none."""
    content = content_of(command)
    if name_of(command) == "insertOne":
        return [content["document"]] if "document" in content else []
    found = content.get("documents")
    return found if isinstance(found, list) else []


def have_ids(documents: Sequence[JsonValue]) -> bool:
    """Return whether every document says what its id is, so that it can be found again."""
    return bool(documents) and all(isinstance(one, Mapping) and one.get(_ID) is not None for one in documents)


def parts_of(command: Json) -> Iterator[Json]:
    """Yield an insertion in parts that an endpoint takes; everything else, and what is small enough, as it is."""
    documents = documents_of(command)
    sizes = [len(dumps(one)) for one in documents] if name_of(command) == "insertMany" else []
    if sum(sizes) <= MOST_BYTES:
        yield command
        return
    part: list[JsonValue] = []
    total = 0
    for document, size in zip(documents, sizes, strict=True):
        if part and total + size > MOST_BYTES:
            yield with_documents(command, part)
            part, total = [], 0
        part.append(document)
        total += size
    yield with_documents(command, part)


def with_documents(command: Json, documents: Sequence[JsonValue]) -> Json:
    """Return an ``insertMany`` with other documents."""
    return {"insertMany": {**content_of(command), "documents": list(documents)}}


def is_ordered(command: JsonValue) -> bool:
    """Return whether an ``insertMany`` stops at the first document that is refused."""
    options = content_of(command).get("options")
    return isinstance(options, Mapping) and options.get("ordered") is True


def questions(documents: Sequence[Mapping[str, JsonValue]]) -> Iterator[Json]:
    """Yield the commands that ask which of these documents are stored, with what they hold."""
    for start in range(0, len(documents), _IDS_AT_ONCE):
        ids = [one[_ID] for one in documents[start : start + _IDS_AT_ONCE]]
        yield {"find": {"filter": {_ID: {"$in": ids}}}}


def stored_of(documents: Sequence[Mapping[str, JsonValue]], found: Iterable[Mapping[str, JsonValue]]) -> set[int]:
    """Return the places of the documents that are stored as they were sent.

    One of the same id that holds anything else was there before: it is sent again, so that it is refused.
    """
    there = {_key(one.get(_ID)): _plain(one) for one in found}
    places: set[int] = set()
    for place, document in enumerate(documents):
        key = _key(document[_ID])
        if key in there and there[key] == _plain(document):
            places.add(place)
            del there[key]  # an id that is sent twice is stored once
    return places


def _plain(document: Mapping[str, JsonValue]) -> JsonValue:
    """Return what is compared of a document: its own fields, not the vectors and texts that a find leaves out."""
    return _comparable({name: value for name, value in document.items() if not name.startswith("$")})


def _key(value: JsonValue) -> str:
    return dumps(_comparable(value))


def _comparable(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it is stored: numbers without trailing zeros, ids in one spelling, names in order."""
    if isinstance(value, Mapping):
        small = value.keys() <= {"$uuid", "$objectId"}
        return {
            name: inner.lower() if small and isinstance(inner, str) else _comparable(inner)
            for name, inner in sorted(value.items())
        }
    if isinstance(value, list | tuple):
        return [_comparable(one) for one in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        return number.normalize() if number else Decimal(0)
    return value


def stored_response(command: Json, places: Iterable[int]) -> Response:
    """Return what an insertion answers for documents of it that are stored already."""
    documents = documents_of(command)
    stored = [documents[place] for place in sorted(places)]
    if _with_responses(command):
        return Response(status={"documentResponses": [{_ID: one[_ID], "status": "OK"} for one in stored]})
    return Response(status={"insertedIds": [one[_ID] for one in stored]})


def failed_as_a_whole(answer: Response) -> bool:
    """Return whether nothing of an insertion was stored for a reason that is none of its documents."""
    return bool(answer.errors) and not answer.status.keys() & {"documentResponses", "insertedIds"}


def merged(command: Json, answers: Sequence[tuple[Sequence[int], Response]]) -> Response:
    """Return the one answer to an insertion that was sent in parts.

    Args:
        command: The whole insertion.
        answers: Of each part, the places of its documents in the whole, and its answer.
    """
    documents = documents_of(command)
    status: Json = {}
    errors: list[Any] = []
    responses: dict[int, Json] = {}
    for places, answer in answers:
        known = answer.status.get("documentResponses")
        if failed_as_a_whole(answer):
            known = [{_ID: documents[place].get(_ID), "status": "ERROR", "errorsIdx": 0} for place in places]
        for place, one in zip(places, known if isinstance(known, list) else (), strict=False):
            at = one.get("errorsIdx")
            responses[place] = one if at is None else one | {"errorsIdx": at + len(errors)}
        for name, value in answer.status.items():
            kept = status.get(name)
            status[name] = [*kept, *value] if isinstance(kept, list) and isinstance(value, list) else value
        errors += answer.errors
    if _with_responses(command) and responses:
        skipped = {"status": "SKIPPED"}
        status["documentResponses"] = [
            responses.get(place, ({_ID: one[_ID]} if _ID in one else {}) | skipped)
            for place, one in enumerate(documents)
        ]
    return Response(None, status, tuple(errors))


def _with_responses(command: JsonValue) -> bool:
    options = content_of(command).get("options")
    return isinstance(options, Mapping) and options.get("returnDocumentResponses") is True
