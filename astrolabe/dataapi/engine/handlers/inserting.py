"""insertOne and insertMany.

Texts are embedded before anything else is looked at, and a failure there fails the whole command. Then each document is
checked by itself and stands or falls alone. What was accepted is written in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from astrolabe.dataapi.engine.document_updates import already_exists
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import InsertMany, InsertOne
from astrolabe.dataapi.language.document_rules import PreparedDocument, prepare_document
from astrolabe.dataapi.language.ids import check_id, new_id, stored_id
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.language.vectorize import plan_vectorize
from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.errors import DataApiError, without_frames
from astrolabe.providers.catalogue.provider_info import Direction
from storage.gil_yield import in_thread, in_turns
from storage.jsontext import is_small

_WHOLE_COMMAND = frozenset({"VECTOR_SEARCH_NOT_SUPPORTED"})
"""Codes of a document's checks that say the command does not fit the collection at all."""


class _State(StrEnum):
    OK = "OK"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


@dataclass(slots=True)
class _Attempt:
    """One document on its way in.

    Attributes:
        given: As it came, with an id: the answer names it even when the document is refused.
        prepared: Checked and ready to be stored; None when it was refused.
        state: What became of it.
        error: Why it was refused.
    """

    given: JsonValue
    prepared: PreparedDocument | None = None
    state: _State = _State.SKIPPED
    error: DataApiError | None = None

    @property
    def ids(self) -> list[JsonValue]:
        """The id in its JSON form, alone in a list; none when it is no document, or what it has can be no id."""
        if self.prepared is not None:
            return [self.prepared.id]
        if not isinstance(self.given, Mapping):
            return []
        try:
            check_id(self.given["_id"])
        except DataApiError:
            return []
        return [stored_id(self.given["_id"])]

    def fail(self, error: DataApiError) -> None:
        """Note that the document was refused."""
        self.state, self.error = _State.ERROR, without_frames(error)
        error.document_ids = tuple(self.ids)


async def insert_one(target: Target, command: InsertOne) -> Response:
    """Insert one document."""
    return _answer(await _insert(target, [command.document], ordered=True), detailed=False)


async def insert_many(target: Target, command: InsertMany) -> Response:
    """Insert documents; ``ordered`` stops at the first failure, else each stands or falls alone."""
    options = command.options
    attempts = await _insert(target, command.documents, ordered=bool(options.ordered))
    return _answer(attempts, detailed=bool(options.return_document_responses))


async def _insert(target: Target, documents: Sequence[JsonValue], *, ordered: bool) -> list[_Attempt]:
    attempts = [_Attempt(_identified(target.rules, document)) for document in await _vectorized(target, documents)]
    if is_small(documents):
        ready = _prepare(target.rules, attempts, ordered=ordered)
    else:
        ready = await in_thread(partial(_prepare, target.rules, attempts, ordered=ordered))
    if ready:
        await _write(target, ready, ordered=ordered)
    if ordered:
        _skip_after_first_failure(attempts)
    return attempts


def _identified(rules: DocumentRules, document: JsonValue) -> JsonValue:
    """Return a document with an ``_id`` in front, made if there is none."""
    if not isinstance(document, dict) or "_id" in document:
        return document
    return {"_id": new_id(rules.default_id), **document}


def _skip_after_first_failure(attempts: Sequence[_Attempt]) -> None:
    """A document that was refused behind one that turned out to exist was never reached."""
    states = [attempt.state for attempt in attempts]
    if _State.ERROR in states:
        for attempt in attempts[states.index(_State.ERROR) + 1 :]:
            attempt.state, attempt.error = _State.SKIPPED, None


async def _vectorized(target: Target, documents: Sequence[JsonValue]) -> list[JsonValue]:
    """Return the documents with a ``$vector`` beside every ``$vectorize``.

    Raises:
        DataApiError: ``$vectorize`` is used wrongly, or embedding failed.
    """
    planned, pending = plan_vectorize(documents, target.rules)
    if pending:
        matrix = await target.embed(VECTOR, [text.text for text in pending], Direction.STORE)
        for text, vector in zip(pending, matrix, strict=True):
            planned[text.index][VECTOR] = vector
    return planned


def _prepare(rules: DocumentRules, attempts: Sequence[_Attempt], *, ordered: bool) -> list[_Attempt]:
    """Check the documents; return those to be written. Large ones take their time."""
    ready: list[_Attempt] = []
    for attempt in in_turns(attempts):
        try:
            attempt.prepared = prepare_document(attempt.given, rules)
        except DataApiError as error:
            if error.code in _WHOLE_COMMAND:
                raise
            attempt.fail(error)
            if ordered:
                break
        else:
            ready.append(attempt)
    return ready


async def _write(target: Target, ready: Sequence[_Attempt], *, ordered: bool) -> None:
    items = [attempt.prepared.to_item() for attempt in ready if attempt.prepared is not None]
    written = await target.store.insert(target.container, items, ordered=ordered)
    for attempt, item in zip(ready, written, strict=True):
        if item is not None:
            attempt.state = _State.OK
        else:
            attempt.fail(already_exists(attempt.ids[0]))
            if ordered:
                break


def _answer(attempts: Sequence[_Attempt], *, detailed: bool) -> Response:
    """Put the outcomes together: ids of what was written, or one response per document, and the errors."""
    errors = tuple(attempt.error for attempt in attempts if attempt.error is not None)
    if not detailed:
        inserted = [attempt.ids[0] for attempt in attempts if attempt.state is _State.OK]
        return Response(status={"insertedIds": inserted}, errors=errors)
    responses: list[Json] = []
    for attempt in attempts:
        response: Json = {"_id": attempt.ids[0]} if attempt.ids else {}
        response["status"] = attempt.state.value
        if attempt.error is not None:
            response["errorsIdx"] = errors.index(attempt.error)
        responses.append(response)
    return Response(status={"documentResponses": responses}, errors=errors)


HANDLERS: Mapping[type[Command], TargetHandler] = {InsertMany: insert_many, InsertOne: insert_one}
