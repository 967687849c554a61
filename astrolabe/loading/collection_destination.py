"""A load into a collection: documents are told by their ``_id``, and what is there is left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.command_builders import ID_ALONE
from astrolabe.dataapi.protocol import Json
from astrolabe.loading.destination import Builder, Destination
from astrolabe.loading.document_builder import DocumentBuilder
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.prepared import PreparedRow
from astrolabe.loading.survey import Survey, id_key, own_id_key
from astrolabe.loading.vector_field import check_vector_field, check_words
from storage.loads.ledger import LoadKey

_IDS_AT_ONCE = 50
"""Ids of one look-up; a page of documents is not longer."""


class CollectionDestination(Destination):
    """A collection that a load goes into."""

    overwrites: ClassVar[bool] = False
    items: ClassVar[str] = "documents"

    def __init__(self, plan: LoadPlan, collection: Collection) -> None:
        """Check the plan.

        Raises:
            RuleError: The collection cannot use the Vector Field, or cannot be searched by words.
        """
        super().__init__(collection)
        check_vector_field(plan.info, plan.vector_field)
        if plan.words:
            check_words(plan.info)
        self._plan = plan
        self._survey: Survey | None = None

    def key_of(self, value: Json) -> str | None:
        """Return the canonical text of a row's ``_id``."""
        return own_id_key(value)

    def prepare(self, survey: Survey) -> None:
        """Remember what the first pass has found."""
        self._survey = survey

    @property
    def treatment(self) -> str:
        """The Vector Field; empty for none."""
        return self._plan.vector_field or ""

    def builder(self) -> Builder:
        """Return what makes documents of the rows."""
        if self._survey is None:
            raise RuntimeError("the file was not read yet")
        return DocumentBuilder(self._survey, self._plan)

    async def existing(self, documents: Sequence[PreparedRow]) -> set[int]:
        """Return the numbers of the rows whose ``_id`` the collection has."""
        keyed = [(id_key(document.document["_id"]), document) for document in documents]
        rows_by_key = {key: document.row for key, document in keyed if key is not None}
        ids = [document.document["_id"] for key, document in keyed if key is not None]
        found: set[int] = set()
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ids[start : start + _IDS_AT_ONCE]
            page = await self.collection.find(filter={"_id": {"$in": some}}, projection=ID_ALONE, limit=_IDS_AT_ONCE)
            keys = {id_key(document["_id"]) for document in page.documents}
            found.update(row for key, row in rows_by_key.items() if key in keys)
        return found

    @property
    def again(self) -> str:
        """Say what becomes of documents that are there."""
        return "This file was loaded here before; documents that are still there are left as they are."

    def otherwise(self, older: LoadKey, key: LoadKey) -> str:
        """Return the sentence about a load of the same file that treated its text otherwise."""
        if older.vector_field != key.vector_field:
            return (
                f"This file was loaded here before with the Vector Field '{older.vector_field or 'none'}'; documents "
                "that are still there are left as they are. Delete them first to embed another field."
            )
        how, change = ("with", "take out") if older.words else ("without", "add")
        return (
            f"This file was loaded here before {how} words to search by; documents that are still there are left as "
            f"they are. Delete them first to {change} the words."
        )
