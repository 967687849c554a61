"""One batch to the collection or table, and what became of each of its rows.

A batch that is refused as a whole because of a few documents is halved until those are alone: one text that is too long
for the model costs a few requests more, not the batch. A refusal that more documents would only repeat (a wrong key, no
balance, a missing collection) is raised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.results import InsertState
from astrolabe.errors import DataApiError
from astrolabe.loading.destination import Destination
from astrolabe.loading.prepared import PreparedRow
from storage.loads.ledger import FailedRow, Settled

_TAKEN = "DOCUMENT_ALREADY_EXISTS"

_ABOUT_DOCUMENTS = frozenset({"INVALID_USAGE_OF_VECTORIZE", "INVALID_DATABASE_QUERY", "COMMAND_FIELD_VALUE_INVALID"})
"""Codes outside the scope DOCUMENT that a single document can cause."""

_PROVIDER_REFUSED = "EMBEDDING_PROVIDER_CLIENT_ERROR"
_TEXT_AT_FAULT = frozenset({"400", "413", "422"})
"""HTTP statuses by which providers refuse a text; 401, 402, 403 and 404 concern all texts."""

_FEWEST_TO_GIVE_UP = 4
"""When a batch of at least so many is refused one by one, without exception, the fault is not in the documents."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of the file.

    Attributes:
        first: Number of the first row.
        rows: How many rows.
        documents: Those that can be sent.
        refused: Those that cannot.
    """

    first: int
    rows: int
    documents: tuple[PreparedRow, ...]
    refused: tuple[FailedRow, ...]


@dataclass(slots=True)
class _Tally:
    """Outcomes of the documents that were sent, as they come in; ``refusal`` is the last of a whole batch."""

    loaded: int = 0
    already_there: int = 0
    failures: list[FailedRow] = field(default_factory=list)
    refusal: DataApiError | None = None


async def deliver(batch: Batch, destination: Destination, *, look_first: bool) -> Settled:
    """Insert a batch.

    Args:
        batch: What to insert.
        destination: Where to.
        look_first: Ask which documents are there before any text is embedded again; for rows that an earlier run may
            have stored. Rows that are written over what is there are sent nevertheless.

    Raises:
        AstrolabeError: Something that concerns more than these documents; some of them may have been stored.
    """
    documents: Sequence[PreparedRow] = batch.documents
    there: set[int] = set()
    if look_first and documents and not destination.overwrites:
        there = await destination.existing(documents)
        documents = [document for document in documents if document.row not in there]
    tally = _Tally()
    if documents:
        await _insert(documents, destination.collection, tally)
    if tally.refusal is not None and len(tally.failures) == len(documents) >= _FEWEST_TO_GIVE_UP:
        raise tally.refusal
    failures = sorted((*batch.refused, *tally.failures), key=lambda failure: failure.row)
    return Settled(batch.rows, tally.loaded, tally.already_there + len(there), tuple(failures))


async def _insert(documents: Sequence[PreparedRow], collection: Collection, tally: _Tally) -> None:
    try:
        result = await collection.insert_many([document.document for document in documents])
    except DataApiError as error:
        if not _may_be_one_document(error):
            raise
        await _isolate(documents, collection, tally, error)
        return
    for document, outcome in zip(documents, result.outcomes, strict=True):
        if outcome.state is InsertState.OK:
            tally.loaded += 1
        elif outcome.error is not None and outcome.error.code == _TAKEN:
            tally.already_there += 1
        else:
            tally.failures.append(document.failed(_clause(outcome.error)))


async def _isolate(
    documents: Sequence[PreparedRow], collection: Collection, tally: _Tally, error: DataApiError
) -> None:
    """Insert the halves of a batch that was refused as a whole; a single document is a failed row."""
    if len(documents) == 1:
        tally.failures.append(documents[0].failed(_clause(error)))
        return
    tally.refusal = error
    middle = len(documents) // 2
    await _insert(documents[:middle], collection, tally)
    await _insert(documents[middle:], collection, tally)


def _may_be_one_document(error: DataApiError) -> bool:
    """Whether other documents of the same batch may be accepted."""
    if error.code == _PROVIDER_REFUSED:
        status = re.search(r"\bHTTP (\d{3})\b", error.message)
        return status is None or status.group(1) in _TEXT_AT_FAULT  # a model on this machine refuses only texts
    return error.scope == "DOCUMENT" or error.code in _ABOUT_DOCUMENTS


def _clause(error: DataApiError | None) -> str:
    return error.message.strip().rstrip(".") if error is not None else "the collection did not say why it was refused"
