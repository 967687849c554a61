"""From a row to the document that is sent, or to the reason why it cannot be.

What the collection would refuse together with a whole batch (a text where a vector belongs, both at once) is refused
here for its row alone, and so is what a provider would embed in vain.
"""

from __future__ import annotations

import uuid

from astrolabe.dataapi.protocol import Json
from astrolabe.loading.formats.rows import Row
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.prepared import LONGEST_DOCUMENT, FirstRows, PreparedRow, content_of, measure, unreadable
from astrolabe.loading.survey import Survey, id_key
from astrolabe.loading.vector_field import place_vector, place_words, with_article
from storage.loads.ledger import FailedRow

_NAMESPACE = uuid.UUID("1f6f4f0c-5b0e-4d0b-9c4e-6a3f2f7c9b11")
"""What the ids of documents without an ``_id`` are derived from, together with the file's content."""

_OBJECT_ID_DIGITS = 24


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
        self._first_rows = FirstRows(survey.repeated)

    def build(self, row: Row) -> PreparedRow | FailedRow:
        """Return the document of a row, or why there is none."""
        refused = unreadable(row)
        if refused is not None:
            return refused
        if not isinstance(row.value, dict):
            what = f"the row is {with_article(row.value)}, not an object"
            return FailedRow(row.number, row.line, what, content_of(row.value))
        value = self._survey.value(row, self._vector_field)
        # An `_id` of the row's own takes the place of the generated one, and stays in front.
        document = {"_id": self._generated_id(row.number), **value}
        reason = place_vector(document, self._vector_field, self._info)
        if self._words:
            place_words(document)
        size, problem = measure(document, LONGEST_DOCUMENT, "document")
        reason = reason or problem or self._repetition(value, row)
        if reason is not None:
            return FailedRow(row.number, row.line, reason, content_of(value))
        return PreparedRow(row.number, row.line, value, document, size)

    def _generated_id(self, number: int) -> str | Json:
        """Return the id of a row that has none: always the same for the same content and place."""
        generated = uuid.uuid5(self._namespace, str(number))
        if self._id_type == "objectId":
            return {"$objectId": generated.hex[:_OBJECT_ID_DIGITS]}
        return {"$uuid": str(generated)} if self._id_type else str(generated)

    def _repetition(self, value: Json, row: Row) -> str | None:
        """Return a reason when an earlier row that was sent has the same ``_id``."""
        return self._first_rows.repetition(id_key(value["_id"]), row, "_id") if "_id" in value else None
