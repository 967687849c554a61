"""The shapes of a load: what is asked for, how far it is, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import AstrolabeError
from storage.loads.ledger import FailedRow


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What to load, and where.

    Attributes:
        path: The data file.
        database: Id of the database, for the ledger.
        info: The collection as ``DatabaseClient.collections`` lists it, which decides what a Vector Field means; or the
            table as ``DatabaseClient.tables`` does.
        vector_field: The field whose text is embedded (or whose numbers are the vector); None takes what the rows
            bring, ``$vectorize`` or ``$vector``, if anything. In a table, the field of its only vector column.
        words: Whether the text that is embedded is made searchable by words, too.
        columns: For a table, the field of each column that does not take the one of its own name; an empty text
            leaves the column out.
        no_vectors: Documents without a vector are meant, though the collection has vectors.
        rows_at: Where in a JSON file's object the rows are; as for
            :func:`~astrolabe.loading.formats.detect.inspect_file`.
        elsewhere: Whether the collection is across a network: a few batches are under way at once.
    """

    path: Path
    database: str
    info: TargetInfo
    vector_field: str | None = None
    words: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    no_vectors: bool = False
    rows_at: str | None = None
    elsewhere: bool = False


class LoadPhase(StrEnum):
    """What a load is doing."""

    CHECKING = "checking"
    LOADING = "loading"


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far a load is, about ten times a second.

    Attributes:
        phase: Checking the file, or loading it.
        done: Rows that were checked, or settled, earlier runs of the same load included.
        loaded: Of those, the ones that were stored.
        already_there: The ones whose ``_id`` the collection already had.
        failed: The ones that were refused.
        total: Rows in the file; an estimate while checking, None when not even that is possible.
        rate: Rows a second, of late.
        eta: Seconds until the end of the phase, None when unknown.
        elapsed: Seconds since the load was started.
        waiting: What is being waited for, in the embedding provider's case, and how long; else empty.
        wait_reason: The same without the time.
        wait_seconds: How long still.
        from_cache: Texts of this run whose vector was in the cache of embeddings.
    """

    phase: LoadPhase
    done: int
    loaded: int = 0
    already_there: int = 0
    failed: int = 0
    total: int | None = None
    rate: float = 0
    eta: float | None = None
    elapsed: float = 0
    waiting: str = ""
    wait_reason: str = ""
    wait_seconds: float = 0
    from_cache: int = 0


ProgressListener = Callable[[LoadProgress], None]
"""Called in the event loop; must not block."""


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """How a load ended; the counts are of the whole file, earlier runs of the same load included.

    Attributes:
        path: The data file.
        total: Rows in the file; 0 when it was not read to its end.
        loaded: Rows that were stored.
        already_there: Rows whose ``_id`` the collection already had; the documents there were left as they are.
        failed: Rows that were refused.
        not_attempted: Rows that were not reached; the same load goes on with them.
        earlier: Rows that earlier runs had settled.
        seconds: How long this run took.
        cancelled: Whether it was cancelled.
        problem: What stopped it before the end, or None.
        notes: What else the user should know, as sentences: that the load was resumed, that the file has changed.
        failures: The first rows that were refused, in the order of the file.
        failures_file: All of them as JSON Lines, to be corrected and loaded; None when there are none.
        from_cache: Texts of this run whose vector was in the cache of embeddings.
    """

    path: Path
    total: int
    loaded: int
    already_there: int
    failed: int
    not_attempted: int
    earlier: int = 0
    seconds: float = 0
    cancelled: bool = False
    problem: AstrolabeError | None = None
    notes: tuple[str, ...] = ()
    failures: tuple[FailedRow, ...] = ()
    failures_file: Path | None = None
    from_cache: int = 0

    @property
    def complete(self) -> bool:
        """Whether every row of the file is in the collection."""
        return self.problem is None and not self.cancelled and not self.failed and not self.not_attempted
