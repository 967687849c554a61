"""Rows of a file as batches that fit into one command."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

from astrolabe.loading.batch_writer import Batch
from astrolabe.loading.destination import Builder
from astrolabe.loading.formats.readers import FileRows
from astrolabe.loading.formats.rows import DataFile
from astrolabe.loading.prepared import PreparedRow
from storage.loads.ledger import FailedRow

MOST_ROWS = 100
"""Rows of one batch; insertMany takes no more documents."""

_MOST_BYTES = 4_000_000
"""Bytes of the documents of one batch; a larger document travels alone. Data API requests end at 20 MB."""


@dataclass(slots=True)
class _Rows:
    """A batch that is being filled."""

    first: int
    documents: list[PreparedRow] = field(default_factory=list)
    refused: list[FailedRow] = field(default_factory=list)
    size: int = 0

    def __len__(self) -> int:
        return len(self.documents) + len(self.refused)

    def takes(self, outcome: PreparedRow | FailedRow, most: int) -> bool:
        """Whether there is room for a row; always in an empty batch."""
        size = outcome.size if isinstance(outcome, PreparedRow) else len(outcome.content)
        return not len(self) or (len(self) < most and self.size + size <= _MOST_BYTES)

    def add(self, outcome: PreparedRow | FailedRow) -> None:
        """Put a row in."""
        if isinstance(outcome, PreparedRow):
            self.documents.append(outcome)
            self.size += outcome.size
        else:
            self.refused.append(outcome)
            self.size += len(outcome.content)

    def closed(self) -> Batch:
        """Return the batch as it is."""
        return Batch(self.first, len(self), tuple(self.documents), tuple(self.refused))


class BatchReader:
    """The batches of a file from some row on. Use it in a ``with`` block; blocks on the disk."""

    def __init__(self, file: DataFile, make_builder: Callable[[], Builder], *, most_rows: int = MOST_ROWS) -> None:
        """Open the file.

        Args:
            file: The file.
            make_builder: Makes what turns its rows into documents; called once for each pass.
            most_rows: Rows of one batch.

        Raises:
            LoadError: It has disappeared, or may not be read.
        """
        self._file = file
        self._make_builder = make_builder
        self._most_rows = most_rows
        self._open()

    def _open(self) -> None:
        self._reader = FileRows(self._file)
        builder = self._make_builder()
        self._outcomes = (builder.build(row) for row in self._reader)
        self._batches = self._split()

    def __enter__(self) -> BatchReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    def rewind(self) -> None:
        """Begin at the first row again; raises what opening the file raises."""
        self._reader.close()
        self._open()

    def skip(self, rows: int, *, keep: int) -> list[PreparedRow]:
        """Pass over the first rows, before any batch is taken.

        Args:
            rows: How many.
            keep: How many of the documents to return, evenly spread over those passed.

        Raises:
            LoadError: The file changed or disappeared.
        """
        stride = max(rows // keep, 1) if keep else 1
        kept = [
            outcome
            for number, outcome in enumerate(itertools.islice(self._outcomes, rows))
            if isinstance(outcome, PreparedRow) and (number % stride == 0 or number == rows - 1)
        ]
        self._reader.verify()
        return kept

    def next(self) -> Batch | None:
        """Return the next batch, or None at the end of the file.

        Raises:
            LoadError: The file changed or disappeared.
        """
        batch = next(self._batches, None)
        self._reader.verify()
        return batch

    def _split(self) -> Iterator[Batch]:
        rows: _Rows | None = None
        for outcome in self._outcomes:
            if rows is not None and not rows.takes(outcome, self._most_rows):
                yield rows.closed()
                rows = None
            rows = _Rows(outcome.row) if rows is None else rows
            rows.add(outcome)
        if rows is not None:
            yield rows.closed()
