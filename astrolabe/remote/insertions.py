"""An insertion that got no answer: which of its documents are stored, and the one answer of what was sent in parts."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.remote.kinds import content_of, name_of
from storage.jsontext import dumps

MOST_BYTES = 12_000_000
"""Bytes of documents of one request: endpoints take 20 MB, and other servers on the way often less."""

_ID = "_id"
_VECTOR = "$vector"
_VECTORIZE = "$vectorize"
_LEXICAL = "$lexical"
_HYBRID = "$hybrid"
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
    """Yield the commands that ask which of these documents are stored, with all that they hold, vectors too."""
    for start in range(0, len(documents), _IDS_AT_ONCE):
        ids = [one[_ID] for one in documents[start : start + _IDS_AT_ONCE]]
        yield {"find": {"filter": {_ID: {"$in": ids}}, "projection": {"*": 1}}}


def stored_of(documents: Sequence[Mapping[str, JsonValue]], found: Iterable[Mapping[str, JsonValue]]) -> set[int]:
    """Return the places of the documents that are stored as they were sent.

    One of the same id that holds anything else was there before: it is sent again, so that it is refused.
    """
    there = {_key(one.get(_ID)): one for one in found}
    places: set[int] = set()
    for place, document in enumerate(documents):
        key = _key(document[_ID])
        if key in there and _is_stored(document, there[key]):
            places.add(place)
            del there[key]  # an id that is sent twice is stored once
    return places


def _is_stored(sent: Mapping[str, JsonValue], stored: Mapping[str, JsonValue]) -> bool:
    """Return whether a stored document is what was sent; a vector that the server made of a text is not compared."""
    mine, theirs = _parted(sent), _parted(stored)
    if _VECTOR not in mine and mine.get(_VECTORIZE) is not None:
        theirs.pop(_VECTOR, None)
    alike: bool = _floats(mine.get(_VECTOR)) == _floats(theirs.get(_VECTOR))
    return alike and bool(_comparable(mine) == _comparable(theirs))


def _parted(document: Mapping[str, JsonValue]) -> Json:
    """Return a document as it is kept: ``$hybrid`` as the two texts that it stands for, and no vector for null."""
    kept = dict(document)
    if (both := kept.pop(_HYBRID, None)) is not None:
        kept |= both if isinstance(both, Mapping) else {_VECTORIZE: both, _LEXICAL: both}
    return {name: value for name, value in kept.items() if value is not None or not name.startswith("$")}


def _floats(vector: JsonValue) -> JsonValue:
    """Return a vector's numbers with the precision of 32 bits in which they are kept; what is no vector as it is."""
    try:
        if isinstance(vector, Mapping):
            packed = base64.b64decode(vector["$binary"], validate=True)
        else:
            packed = struct.pack(f">{len(vector)}f", *vector)
        return struct.unpack(f">{len(packed) // 4}f", packed)
    except (KeyError, TypeError, ValueError, OverflowError, struct.error):
        return vector


def _key(value: JsonValue) -> str:
    return dumps(_comparable(value))


def _comparable(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it is stored: numbers by their value, with all digits, and ids in one spelling.

    Names stand in order. The vector of a document is left out: it has its own comparison.
    """
    if isinstance(value, Mapping):
        small = value.keys() <= {"$uuid", "$objectId"}
        return {
            name: inner.lower() if small and isinstance(inner, str) else _comparable(inner)
            for name, inner in sorted(value.items())
            if name != _VECTOR
        }
    if isinstance(value, list | tuple):
        return [_comparable(one) for one in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _exact(Decimal(value) if isinstance(value, int) else Decimal(str(value)))
    return value


def _exact(number: Decimal) -> Decimal:
    """Return a number without trailing zeros; unlike ``normalize`` it rounds nothing."""
    sign, digits, exponent = number.as_tuple()
    if not number or not isinstance(exponent, int):
        return number or Decimal(0)
    kept = len(digits)
    while digits[kept - 1] == 0:
        kept -= 1
    return Decimal((sign, digits[:kept], exponent + len(digits) - kept))


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
