"""Changes of documents that can be taken back, as long as nobody else has changed the same ones since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.document_changes import change_between, editable, insertable, same, with_vector
from astrolabe.dataapi.client.items import key_fields, key_of, noun
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import AstrolabeError, ConflictError
from storage import jsontext

MOST_TAKEN_BACK = 1000
"""Documents of one change that can be taken back."""

MOST_ENTRIES = 50
"""Changes that are remembered."""

AT_ONCE = 50
"""Documents read, deleted or inserted by one command."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One document before and after; None where there was none."""

    before: Json | None
    after: Json | None

    @property
    def document(self) -> Json:
        """The one that there is, or was."""
        return self.after if self.after is not None else self.before or {}


@dataclass(frozen=True, slots=True)
class Entry:
    """One change.

    Attributes:
        words: What was done, such as ``deleted 3 documents``.
        place: The database's id, the keyspace and the name.
        info: What is known of the collection or table.
        changes: What became of each document.
    """

    words: str
    place: tuple[str, str, str]
    info: TargetInfo
    changes: tuple[Changed, ...]


class Journal:
    """The last changes, the newest last; kept until the console ends."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def note(self, entry: Entry) -> None:
        """Remember a change."""
        self._entries = [*self._entries, entry][-MOST_ENTRIES:]

    def last(self, place: tuple[str, str, str]) -> Entry | None:
        """Return the last change of one collection or table."""
        return next((entry for entry in reversed(self._entries) if entry.place == place), None)

    def forget(self, entry: Entry) -> None:
        """Forget a change: it was taken back, or cannot be any more."""
        self._entries = [one for one in self._entries if one is not entry]


async def read_whole(collection: Collection, info: TargetInfo, keys: Sequence[Json]) -> list[Json]:
    """Return the documents of these keys that there are, whole, in no particular order."""
    if info.is_table:
        rows = [await collection.find_one(filter=key) for key in keys]
        return [row for row in rows if row is not None]
    found: list[Json] = []
    for some in _groups([key["_id"] for key in keys]):
        page = await collection.find(filter={"_id": {"$in": some}}, projection={"*": 1})
        found += page.documents
    return found


async def take_back(collection: Collection, entry: Entry) -> None:
    """Undo a change, all of it.

    Raises:
        ConflictError: Somebody else has changed one of the documents since; nothing was taken back.
    """
    info = entry.info
    await _check(collection, entry)
    inserted = [one for one in entry.changes if one.before is None and one.after is not None]
    deleted = [one.before for one in entry.changes if one.after is None and one.before is not None]
    for some in _groups([key_of(info, one.document) for one in inserted]):
        await delete_keys(collection, info, some)
    for group in _groups([insertable(document) for document in deleted]):
        result = await collection.insert_many(group)
        for error in result.errors.values():
            raise error
    for one in entry.changes:
        if one.before is not None and one.after is not None:
            await _change_back(collection, info, one.before, one.after)


async def _change_back(collection: Collection, info: TargetInfo, before: Json, after: Json) -> None:
    change = change_between(info, after, with_vector(after, editable(before)))
    if not change.steps:
        return
    command = change.planned().command["updateOne"]
    done = await collection.update_one(command["filter"], command["update"])
    if not done.matched and not info.is_table:
        raise _changed_meanwhile(info, after)


async def delete_keys(collection: Collection, info: TargetInfo, keys: Sequence[Json]) -> int:
    """Delete the documents of these keys; return how many were deleted."""
    if info.is_table:
        for key in keys:
            await collection.delete_one(key)
        return len(keys)
    deleted = 0
    for some in _groups([key["_id"] for key in keys]):
        deleted += await collection.delete_many({"_id": {"$in": some}})
    return deleted


async def _check(collection: Collection, entry: Entry) -> None:
    info = entry.info
    now = {
        jsontext.dumps(key_of(info, document)): document
        for document in await read_whole(collection, info, [key_of(info, one.document) for one in entry.changes])
    }
    for one in entry.changes:
        current = now.get(jsontext.dumps(key_of(info, one.document)))
        if (current is None) != (one.after is None) or (current is not None and not same(current, one.after)):
            raise _changed_meanwhile(info, one.document)


def _changed_meanwhile(info: TargetInfo, document: Json) -> AstrolabeError:
    key = ", ".join(jsontext.dumps(document.get(name)) for name in key_fields(info))
    return ConflictError(
        f"Somebody else has changed the {noun(info)} {key} since; nothing was taken back.",
        hint="What is there now stays as it is.",
    )


def _groups(values: Sequence[Json]) -> Iterator[list[Json]]:
    for start in range(0, len(values), AT_ONCE):
        yield list(values[start : start + AT_ONCE])
