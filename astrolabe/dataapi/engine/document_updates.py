"""Changing one document: read, change, and write back only if nobody else was faster.

A change is given as a :class:`Mutation`, which makes the new document out of the stored one. Embedding happens between
reading and writing, so a text is embedded at most once per command, however often the document has to be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from astrolabe.dataapi.engine.finding import DocumentSelection, first_item
from astrolabe.dataapi.engine.target import ROUNDS, Target, too_busy
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.language.document_rules import PreparedDocument, canonical_key, prepare_document, restored
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.ids import check_id
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.language.updates import Update, seed_for_upsert
from astrolabe.dataapi.language.values import shown
from astrolabe.dataapi.language.vectorize import plan_vectorize
from astrolabe.dataapi.language.vectors import same_vector
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import DataApiError
from astrolabe.providers.catalogue.provider_info import Direction
from storage.documents.scanning import parse_body
from storage.filters.tree import All
from storage.jsontext import is_small
from storage.shapes import Item, Vector, VectorValue


class Mutation(Protocol):
    """Makes the new document."""

    @property
    def always_modifies(self) -> bool:
        """Whether every document counts as modified, even one that stays as it was."""
        ...

    async def changed(self, body: Json, vector: VectorValue | None) -> PreparedDocument:
        """Return what a stored document becomes.

        Args:
            body: The stored body, its vector's place held by null.
            vector: Its vector.
        """
        ...

    async def fresh(self, seed: Json) -> PreparedDocument:
        """Return what is inserted when nothing matches; ``seed`` is what the filter says of the document."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one document.

    Attributes:
        matched: Whether there was one.
        modified: Whether it differs from before.
        upserted: The document that was inserted in its place.
        before: The document as it was, with its vector; None when there was none.
        after: The document as it is, with its vector; None when there is none.
    """

    matched: bool = False
    modified: bool = False
    upserted: PreparedDocument | None = None
    before: Json | None = None
    after: Json | None = None

    def status(self) -> Json:
        """Return the counts of the answer."""
        counts: Json = {"matchedCount": int(self.matched), "modifiedCount": int(self.modified)}
        return counts if self.upserted is None else counts | {"upsertedId": self.upserted.id}


class Embeddings:
    """The vectors of a command's texts, each embedded once."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[str, Vector] = {}

    async def vector(self, text: str) -> Vector:
        """Return the text's vector for storing.

        Raises:
            DataApiError: Embedding failed.
        """
        if text not in self._known:
            [self._known[text]] = await self._target.embed(VECTOR, [text], Direction.STORE)
        return self._known[text]


class Updating:
    """An ``update`` clause as a mutation; a large one is carried out in a thread."""

    def __init__(self, target: Target, update: Update, *, large: bool = False) -> None:
        self._target = target
        self._update = update
        self._large = large
        self._embeddings = Embeddings(target)

    @property
    def always_modifies(self) -> bool:
        """Whether the update says so."""
        return self._update.always_modifies

    async def changed(self, body: Json, vector: VectorValue | None) -> PreparedDocument:
        """Return the updated document."""
        return await self._prepared(body, vector, upsert=False)

    async def fresh(self, seed: Json) -> PreparedDocument:
        """Return the updated seed."""
        return await self._prepared(seed, None, upsert=True)

    async def _prepared(self, body: Json, vector: VectorValue | None, *, upsert: bool) -> PreparedDocument:
        result = await unhurried(partial(self._update.apply, upsert=upsert), body, large=self._large)
        document = result.document
        if result.embed is not None:
            document[VECTOR] = await self._embeddings.vector(result.embed)
        stored_vector = vector if result.keeps_vector else None
        prepare = partial(prepare_document, rules=self._target.rules, stored_vector=stored_vector)
        return await unhurried(prepare, document, large=self._large)


class Replacing:
    """A ``replacement`` document as a mutation; the ``_id`` stays."""

    def __init__(self, target: Target, replacement: JsonValue) -> None:
        [self._document], self._pending = plan_vectorize([replacement], target.rules)
        self._target = target
        self._embeddings = Embeddings(target)

    @property
    def always_modifies(self) -> bool:
        """A document that is replaced by the same one is not modified."""
        return False

    async def changed(self, body: Json, vector: VectorValue | None) -> PreparedDocument:  # noqa: ARG002 - the vector goes
        """Return the replacement under the stored document's id."""
        return await self._under(body["_id"])

    async def fresh(self, seed: Json) -> PreparedDocument:
        """Return the replacement, under the id that the filter asks for, if any."""
        if "_id" in seed:
            return await self._under(seed["_id"])
        return await self._prepared(await self._vectorized())

    async def _under(self, document_id: JsonValue) -> PreparedDocument:
        document = await self._vectorized()
        if isinstance(document, Mapping):
            _check_same_id(document.get("_id", document_id), document_id)
            document = {**document, "_id": document_id}
        return await self._prepared(document)

    async def _prepared(self, document: JsonValue) -> PreparedDocument:
        return await unhurried(partial(prepare_document, rules=self._target.rules), document)

    async def _vectorized(self) -> JsonValue:
        document = self._document
        if isinstance(document, Mapping) and self._pending:
            document = {**document, VECTOR: await self._embeddings.vector(self._pending[0].text)}
        return document


def _check_same_id(given: JsonValue, stored: JsonValue) -> None:
    check_id(given)
    if canonical_key(given) != canonical_key(stored):
        raise data_api_error(
            "DOCUMENT_REPLACE_DIFFERENT_DOCID",
            f"The replacement has the _id {shown(given)}, but the document to replace has {shown(stored)}.\n"
            "An _id never changes: leave it out of the replacement, or send the same.",
        )


async def change_first(selection: DocumentSelection, mutation: Mutation, *, upsert: bool) -> Change:
    """Change the first document of a resolved selection, or insert one.

    Raises:
        DataApiError: The document breaks a rule, embedding failed, or others kept changing the document.
    """
    conflict: PreparedDocument | None = None
    for _ in range(ROUNDS):
        item = await first_item(selection, vectors=vectors_of(selection.target))
        if item is not None:
            change = await change_item(selection.target, item, mutation)
            if change is not None:
                return change
        elif not upsert:
            return Change()
        elif conflict is not None:
            raise already_exists(conflict.id)
        else:
            fresh = await mutation.fresh(seed_for_upsert(selection.where or All(())))
            written = await selection.target.store.insert(selection.target.container, [fresh.to_item()])
            if written[0] is not None:
                return Change(upserted=fresh, after=restored(fresh.body, fresh.vector))
            conflict = fresh  # Inserted by another meanwhile, or its id belongs to a document that does not match.
    raise too_busy(selection.target)


async def change_item(target: Target, item: Item, mutation: Mutation) -> Change | None:
    """Change a stored document; None when somebody else changed or deleted it since it was read.

    Raises:
        DataApiError: The document breaks a rule, or embedding failed.
    """
    vector = item.vectors.get(VECTOR)
    body = await unhurried(partial(parse_body, item), large=not is_small(item.body))
    prepared = await mutation.changed(body, vector)
    before = restored(body, vector)
    if prepared.text == item.body and same_vector(prepared.vector, vector):
        return Change(matched=True, modified=mutation.always_modifies, before=before, after=before)
    if not await target.store.replace(target.container, item, prepared.to_item()):
        return None
    after = restored(prepared.body, prepared.vector)
    return Change(matched=True, modified=True, before=before, after=after)


async def change_match(selection: DocumentSelection, item: Item, mutation: Mutation) -> Change:
    """Change a document that matched; one that was changed meanwhile is changed only if it still matches.

    Raises:
        DataApiError: As :func:`change_item`, or others kept changing it.
    """
    found: Item | None = item
    again = replace(selection, keys=(item.key,))
    for _ in range(ROUNDS):
        if found is None:
            return Change()
        change = await change_item(selection.target, found, mutation)
        if change is not None:
            return change
        found = await first_item(again, vectors=vectors_of(selection.target))
    raise too_busy(selection.target)


def vectors_of(target: Target) -> tuple[str, ...]:
    """Return the vectors that a change has to read: all of them."""
    return tuple(target.vectors)


def already_exists(document_id: JsonValue) -> DataApiError:
    """Make the error of an id that another document has."""
    quoted = f"'{cut(document_id)}'" if isinstance(document_id, str) else shown(document_id)
    return data_api_error(
        "DOCUMENT_ALREADY_EXISTS",
        f"The collection already has a document with this _id: ({quoted}).\n"
        "Use another _id, or update the document that is there.",
        document_ids=[document_id],
    )
