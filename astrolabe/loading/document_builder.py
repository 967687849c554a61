"""From a row to the document that is sent, or to the reason why it cannot be.

What the collection would refuse together with a whole batch (a text where a vector belongs, both at once) is refused
here for its row alone, and so is what a provider would embed in vain.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import simplejson

from astrolabe.dataapi.protocol import Json
from astrolabe.loading.formats.rows import Row
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.survey import Survey, id_hash, id_key
from astrolabe.loading.vector_field import place_vector, place_words, with_article
from storage.loads.ledger import FailedRow, place_of_row

LONGEST_DOCUMENT = 4_000_000
"""Characters of a document as JSON text."""

_NAMESPACE = uuid.UUID("1f6f4f0c-5b0e-4d0b-9c4e-6a3f2f7c9b11")
"""What the ids of documents without an ``_id`` are derived from, together with the file's content."""

_DEEPEST = 64
"""Levels that a document may be nested here; the collection's own rule is stricter and is told in its own words."""

_ENCODER = simplejson.JSONEncoder(ensure_ascii=False)

_TOO_DEEP = f"it is nested more than {_DEEPEST} levels deep"

_OBJECT_ID_DIGITS = 24


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row as the document that will be sent.

    Attributes:
        row: Its number in the file, from 0.
        line: The line that it begins on.
        value: The row as it was read.
        document: With its ``_id``, and with ``$vectorize`` or ``$vector`` in place.
        size: Bytes of the document as JSON text.
    """

    row: int
    line: int
    value: Json
    document: Json
    size: int

    def failed(self, reason: str) -> FailedRow:
        """Return the row as one that was refused."""
        return FailedRow(self.row, self.line, reason, _content(self.value))


class DocumentBuilder:
    """Makes documents of the rows of one file for one collection, in the order of the file."""

    def __init__(self, survey: Survey, plan: LoadPlan) -> None:
        info = plan.info
        self._survey = survey
        self._info = info
        self._vector_field = plan.vector_field
        self._words = plan.words
        self._namespace = uuid.uuid5(_NAMESPACE, survey.digest)
        self._id_type = str((info.options.get("defaultId") or {}).get("type", ""))
        self._first_by_id: dict[str, tuple[int, int]] = {}

    def build(self, row: Row) -> PreparedRow | FailedRow:
        """Return the document of a row, or why there is none."""
        if row.fault is not None:
            place = f" (column {row.fault.column})" if row.fault.column is not None else ""
            return FailedRow(row.number, row.line, row.fault.reason + place, simplejson.dumps(row.fault.text))
        if not isinstance(row.value, dict):
            what = f"the row is {with_article(row.value)}, not an object"
            return FailedRow(row.number, row.line, what, _content(row.value))
        value = self._survey.value(row, self._vector_field)
        # An `_id` of the row's own takes the place of the generated one, and stays in front.
        document = {"_id": self._generated_id(row.number), **value}
        reason = place_vector(document, self._vector_field, self._info)
        if self._words:
            place_words(document)
        size, problem = _measure(document)
        reason = reason or problem or self._repetition(value, row)
        if reason is not None:
            return FailedRow(row.number, row.line, reason, _content(value))
        return PreparedRow(row.number, row.line, value, document, size)

    def _generated_id(self, number: int) -> str | Json:
        """Return the id of a row that has none: always the same for the same content and place."""
        generated = uuid.uuid5(self._namespace, str(number))
        if self._id_type == "objectId":
            return {"$objectId": generated.hex[:_OBJECT_ID_DIGITS]}
        return {"$uuid": str(generated)} if self._id_type else str(generated)

    def _repetition(self, value: Json, row: Row) -> str | None:
        """Return a reason when an earlier row that was sent has the same ``_id``; remembers this one otherwise."""
        if "_id" not in value or id_hash(value["_id"]) not in self._survey.repeated:
            return None
        key = id_key(value["_id"]) or ""
        number, line = self._first_by_id.setdefault(key, (row.number, row.line))
        return None if number == row.number else f"{place_of_row(number, line)} has the same _id"


def _measure(document: Json) -> tuple[int, str | None]:
    """Return the document's length as JSON in UTF-8 bytes, and why it cannot be sent, if so."""
    try:
        text = _ENCODER.encode(document)
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return 0, "a text in it has half of a surrogate pair, which is no character"
    except RecursionError:
        return 0, _TOO_DEEP
    if len(text) > LONGEST_DOCUMENT:
        return size, f"it has {len(text):,} characters; a document has {LONGEST_DOCUMENT:,} at most"
    if text.count("{") + text.count("[") > _DEEPEST and _depth(document) > _DEEPEST:
        return size, _TOO_DEEP
    return size, None


def _content(value: object) -> str:
    """Return a row as JSON text for the failures file."""
    try:
        return simplejson.dumps(value)
    except RecursionError:
        return simplejson.dumps("(nested too deeply to be written)")


def _depth(value: object) -> int:
    """Return how many arrays and objects lie within one another, the value itself included."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return depth
