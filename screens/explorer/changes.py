"""Editing, inserting, duplicating and deleting what the explorer shows, and taking it back."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from astrolabe.dataapi.client.command_builders import (
    CollectionTarget,
    PlannedCommand,
    plan_delete_many,
    plan_delete_one,
)
from astrolabe.dataapi.client.document_changes import (
    DocumentChange,
    change_between,
    editable,
    insertable,
    same,
    with_vector,
)
from astrolabe.dataapi.client.items import counted, key_fields, key_of, noun
from astrolabe.dataapi.client.journal import (
    MOST_TAKEN_BACK,
    Changed,
    Entry,
    Journal,
    delete_keys,
    read_whole,
    take_back,
)
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import ConflictError, NotFoundError, RuleError
from astrolabe.text.safe_text import show_value, whole_json
from screens.explorer.documents import ExplorerPane, Open
from screens.explorer.edit_dialogs import (
    ChangedMeanwhileError,
    InsertDialog,
    JsonDialog,
    ReviewDialog,
    read_document,
)
from screens.kit.confirm import ConfirmDialog, DeleteConfirmation, TypeTheNameDialog
from screens.kit.external_editor import edit, editor_command
from screens.kit.page import Page

TYPED_ABOVE = 20
"""Documents above which their number has to be typed before they are deleted."""


class ExplorerChanges:
    """Carries out what the keys on a document ask for; every change is noted, so that it can be taken back."""

    def __init__(self, page: Page, pane: ExplorerPane) -> None:
        """Work for ``page`` on what ``pane`` shows."""
        self.page = page
        self.pane = pane
        self.journal = Journal()
        self._busy = False

    def edit(self, *, outside: bool) -> None:
        """Edit the document under the cursor: in the user's editor (``outside``), or here."""
        opened, document = self.pane.opened, self.pane.pointed()
        if opened is not None and document is not None and not self.pane.reading:
            self.page.open_in_background(partial(self._edit, opened, document, outside=outside), "edit")

    async def _edit(self, opened: Open, shown: Json, *, outside: bool) -> None:
        found = await read_whole(opened.collection, opened.info, [key_of(opened.info, shown)])
        if not found:
            raise NotFoundError(f"The {noun(opened.info)} is not there any more.", hint="Press f5 to read again.")
        before = found[0]
        text = whole_json(editable(before))
        command = editor_command(os.environ) if outside else []
        edited = await edit(self.page.app, command, text) if command else None
        if edited is None:
            self._ask_text(opened, before, text)
            return
        try:
            self._review(opened, before, read_document(edited))
        except RuleError as error:  # what was typed must not be lost
            self._ask_text(opened, before, edited, error.message)

    def _ask_text(self, opened: Open, before: Json, text: str, problem: str = "") -> None:
        name = show_value(before.get(key_fields(opened.info)[0]), limit=40)

        async def check(document: Json) -> Json:
            change_between(opened.info, before, with_vector(before, document))
            return document

        def then(document: Json | None) -> None:
            if document is not None:
                self._review(opened, before, document)

        self.page.app.ask(JsonDialog(f"Edit {name}", text, check, problem=problem), then)

    def _review(self, opened: Open, before: Json, document: Json) -> None:
        change = change_between(opened.info, before, with_vector(before, document))
        if not change.steps:
            self.page.app.tell("Nothing was changed.")
            return
        self.page.app.ask(ReviewDialog(change, partial(self._write, opened)), self._done)

    async def _write(self, opened: Open, change: DocumentChange) -> Json:
        info = opened.info
        key = key_of(info, change.before)
        current = await self._read(opened, key)
        if current is None or not same(change.before, current):
            raise ChangedMeanwhileError(f"Somebody else has changed this {noun(info)} meanwhile.", current)
        command = change.planned().command["updateOne"]
        done = await opened.collection.update_one(command["filter"], command["update"])
        if not done.matched and not info.is_table:
            raise ChangedMeanwhileError(
                f"Somebody else has changed this {noun(info)} meanwhile.", await self._read(opened, key)
            )
        after = await self._read(opened, key) or change.after
        self._note(opened, f"changed {counted(info, 1)}", [Changed(change.before, after)])
        return after

    async def _read(self, opened: Open, key: Json) -> Json | None:
        return next(iter(await read_whole(opened.collection, opened.info, [key])), None)

    def insert(self) -> None:
        """Ask for a new document."""
        opened = self.pane.opened
        if opened is not None and not self.pane.reading:
            self._ask_new(opened, {} if not opened.info.is_table else skeleton(opened.info))

    def duplicate(self) -> None:
        """Ask for a new document that begins as a copy of the one under the cursor."""
        opened, document = self.pane.opened, self.pane.pointed()
        if opened is not None and document is not None and not self.pane.reading:
            self._ask_new(opened, duplicated(opened.info, document))

    def _ask_new(self, opened: Open, document: Json) -> None:
        text = whole_json(document) if document else "{\n  \n}"
        self.page.app.ask(InsertDialog(opened.info, text, partial(self._insert, opened)), self._done)

    async def _insert(self, opened: Open, document: Json) -> Json:
        info = opened.info
        inserted = await opened.collection.insert_one(document)
        key = {"_id": inserted} if not info.is_table else key_of(info, document)
        after = await self._read(opened, key) or document
        self._note(opened, f"inserted {counted(info, 1)}", [Changed(None, after)])
        return after

    def delete(self) -> None:
        """Ask, then delete what is marked, or else the document under the cursor."""
        opened = self.pane.opened
        if opened is not None and self.pane.documents and not self.pane.reading:
            self.page.open_in_background(partial(self._ask_delete, opened), "delete")

    async def _ask_delete(self, opened: Open) -> None:
        info, pane = opened.info, self.pane
        if pane.all_marked:
            where = dict(pane.asked.filter)
            count = await opened.collection.count_exactly(where or None)
            planned = plan_delete_many(CollectionTarget(info.keyspace, info.name), where)
            self._confirm(opened, count, planned, partial(self._delete_matching, opened, where, count))
            return
        document = pane.pointed()
        keys = list(pane.marked.values()) or ([key_of(info, document)] if document is not None else [])
        if keys:
            planned = self._planned(info, keys)
            self._confirm(opened, len(keys), planned, partial(self._delete_keys, opened, keys), name_of(info, keys))

    @staticmethod
    def _planned(info: TargetInfo, keys: list[Json]) -> PlannedCommand:
        target = CollectionTarget(info.keyspace, info.name)
        if len(keys) == 1 or info.is_table:
            return plan_delete_one(target, keys[0])
        return plan_delete_many(target, {"_id": {"$in": [key["_id"] for key in keys]}})

    def _confirm(
        self,
        opened: Open,
        count: int,
        planned: PlannedCommand,
        perform: Callable[[], Awaitable[bool]],
        name: str = "",
    ) -> None:
        info = opened.info
        words = name if count == 1 and name else counted(info, count)
        back = (
            "Press u to take it back, as long as the console runs."
            if count <= MOST_TAKEN_BACK
            else f"That many cannot be taken back: {MOST_TAKEN_BACK:,} is the most."
        )
        danger = DeleteConfirmation(
            heading=f"Delete {counted(info, count)}",
            name=str(count),
            noun=f"Number of {noun(info, 2)}",
            verb="Delete",
            consequences=(f"Deletes {words} of {info.keyspace}.{info.name}. {back}",),
            planned=planned,
        )

        async def delete(_typed: str) -> bool:
            return await perform()

        dialog = TypeTheNameDialog if count > TYPED_ABOVE else ConfirmDialog
        self.page.app.ask(dialog(danger, delete), self._deleted)

    async def _delete_keys(self, opened: Open, keys: list[Json]) -> bool:
        """Delete some; return whether that can be taken back."""
        info = opened.info
        kept = len(keys) <= MOST_TAKEN_BACK
        found = await read_whole(opened.collection, info, keys) if kept else []
        await delete_keys(opened.collection, info, keys)
        self._note(opened, f"deleted {counted(info, len(found))}", [Changed(one, None) for one in found])
        self.pane.unmark()
        return bool(found)

    async def _delete_matching(self, opened: Open, where: Json, count: int) -> bool:
        """Delete all that match, if they are still as many as was said; return whether that can be taken back."""
        if count > MOST_TAKEN_BACK:
            _check_count(opened, await opened.collection.count_exactly(where or None), count)
            await opened.collection.delete_many(where)
            self.pane.unmark()
            return False
        keys = [key_of(opened.info, one) async for one in opened.collection.find_all(filter=where or None)]
        _check_count(opened, len(keys), count)
        return await self._delete_keys(opened, keys)

    def _deleted(self, can_come_back: bool | None) -> None:  # noqa: FBT001 - what the dialog was dismissed with
        if can_come_back is not None:
            self.page.app.tell("Done. u takes it back." if can_come_back else "Done. This cannot be taken back.")
            self._show_anew()

    def undo(self) -> None:
        """Take the last change of this collection back."""
        opened = self.pane.opened
        if opened is None or self._busy or self.pane.reading:
            return
        entry = self.journal.last(opened.place)
        if entry is None:
            self.page.app.tell(f"Nothing has been changed in {opened.info.name} that could be taken back.")
            return
        self._busy = True
        self.page.open_in_background(partial(self._undo, opened, entry), "undo")

    async def _undo(self, opened: Open, entry: Entry) -> None:
        try:
            await take_back(opened.collection, entry)
        except ConflictError:
            self.journal.forget(entry)
            raise
        finally:
            self._busy = False
        self.journal.forget(entry)
        self.page.app.tell(f"Taken back: {entry.words}.")
        self._show_anew()

    def _note(self, opened: Open, words: str, changes: list[Changed]) -> None:
        if changes:
            self.journal.note(Entry(words, opened.place, opened.info, tuple(changes)))

    def _done(self, result: object) -> None:
        if result:
            self.page.app.tell("Done. u takes it back.")
            self._show_anew()

    def _show_anew(self) -> None:
        with suppress(LookupError):
            self.page.refresh_contents()


def duplicated(info: TargetInfo, document: Json) -> Json:
    """Return what a copy begins with: without an ``_id``, which is given anew; a row keeps its key, to be changed."""
    copied = insertable(document)
    if not info.is_table:
        copied.pop("_id", None)
    return copied


def skeleton(info: TargetInfo) -> Json:
    """Return the columns of a table's key, to be filled in."""
    return dict.fromkeys(key_fields(info))


def name_of(info: TargetInfo, keys: list[Json]) -> str:
    """Return what one document is called in a sentence."""
    return f"the {noun(info)} {', '.join(show_value(value, limit=60) for value in keys[0].values())}"


def _check_count(opened: Open, now: int, said: int) -> None:
    """Refuse to delete another number of documents than was agreed to.

    Raises:
        ConflictError: It is another number by now.
    """
    if now != said:
        raise ConflictError(
            f"{counted(opened.info, now)} match now, not {said:,}; nothing was deleted.",
            hint="Close this and look again.",
        )
