"""What commands return through the typed client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import DataApiError


@dataclass(frozen=True, slots=True)
class FindPage:
    """One page of documents; ``next_page_state`` is None on the last one, ``sort_vector`` None unless asked for."""

    documents: list[Json]
    next_page_state: str | None = None
    sort_vector: list[float] | None = None


class InsertState(StrEnum):
    """What became of one document of an insertMany."""

    OK = "OK"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class InsertOutcome:
    """One document's outcome: its id in JSON form, its state, and the error when it failed."""

    id: JsonValue
    state: InsertState
    error: DataApiError | None = None


@dataclass(frozen=True, slots=True)
class InsertManyResult:
    """What became of the documents of an insertMany, one outcome per document in the order given."""

    outcomes: tuple[InsertOutcome, ...]

    @property
    def inserted_ids(self) -> list[JsonValue]:
        """Ids of the documents that were written."""
        return [outcome.id for outcome in self.outcomes if outcome.state is InsertState.OK]

    @property
    def errors(self) -> dict[int, DataApiError]:
        """The errors by position of the document that failed."""
        return {index: outcome.error for index, outcome in enumerate(self.outcomes) if outcome.error is not None}


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What an updateOne did; a match that ended up unchanged counts as matched only."""

    matched: int
    modified: int
    upserted_id: JsonValue = None


@dataclass(frozen=True, slots=True)
class DocumentCount:
    """A count; ``more`` when counting stopped at the API's ceiling, so that there are at least that many and more."""

    count: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.count}+" if self.more else str(self.count)
