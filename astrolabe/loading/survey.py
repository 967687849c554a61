"""The first pass over a file: everything that can be known before a row is sent.

A file that is malformed anywhere is refused here, so that nothing of it is embedded, stored or paid for. The pass also
counts the rows, hashes the content (so that an interrupted load can tell whether it is still the same file), decides
what the columns of a CSV file hold, and finds ids that occur more than once. Of each id only a 64-bit hash is kept.
"""

from __future__ import annotations

import array
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from astrolabe.dataapi.language.ids import canonical_key, check_id
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import DataApiError, LoadError
from astrolabe.loading.formats.csv_values import ColumnKinds
from astrolabe.loading.formats.readers import FileRows
from astrolabe.loading.formats.rows import DataFile, FileFormat, Row

_STEP = 500
"""Rows that are looked at between two looks at the clock and the cancel key."""

_MOST_FIELDS = 5000
"""Names of fields that are remembered; no table has so many columns."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first pass found.

    Attributes:
        rows: How many rows the file has.
        digest: Hash of its content.
        kinds: What its columns hold; None unless it is CSV.
        repeated: Hashes of the keys that more than one row has; good for one run of the program only.
        fields: The names of the rows' fields, in the order of their first appearance; the first thousands of them.
        notes: What was taken for granted about the file, as sentences.
    """

    rows: int
    digest: str
    kinds: ColumnKinds | None
    repeated: frozenset[int]
    fields: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def value(self, row: Row, vector_field: str | None) -> Any:  # noqa: ANN401 - JSON is any value
        """Return what a row holds, for CSV with the values that its texts mean; an empty Vector Field stays."""
        return row.value if self.kinds is None else self.kinds.convert(row.value, keep_empty=vector_field)


class Surveyor:
    """The first pass, taken in steps; use it in a ``with`` block. Blocks on the disk.

    Attributes:
        rows: Rows seen so far.
        position: Bytes seen so far.
    """

    def __init__(self, file: DataFile, key_of: Callable[[Json], str | None] | None = None) -> None:
        """Open the file.

        Args:
            file: The file.
            key_of: Returns what two rows must not have in common, or None for a row without it; the ``_id`` if None.

        Raises:
            LoadError: It has disappeared, or may not be read.
        """
        self.rows = 0
        self._reader = FileRows(file)
        self._notes = file.notes
        self._kinds = ColumnKinds(commas=file.delimiter == ";") if file.format is FileFormat.CSV else None
        self._key_of = key_of or own_id_key
        self._hashes = array.array("q")
        self._fields: dict[str, None] = {}

    def __enter__(self) -> Surveyor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._reader.position

    def step(self) -> bool:
        """Look at some more rows; return whether there may be others.

        Raises:
            LoadError: The file is malformed, changed or disappeared.
        """
        rows = self._reader.take(_STEP)
        for row in rows:
            self._see(row)
        self.rows += len(rows)
        return len(rows) == _STEP

    def finish(self) -> Survey:
        """Return what was found, after the last step.

        Raises:
            LoadError: The file holds no rows.
        """
        if not self.rows:
            path = self._reader.path
            raise LoadError(f"{path.name} holds no rows.", path=path, hint="There is nothing in it to load.")
        hashes, counts = np.unique(np.array(self._hashes, dtype=np.int64), return_counts=True)
        repeated = frozenset(int(found) for found in hashes[counts > 1])
        notes = (*self._notes, *self._reader.notes, *(self._kinds.notes if self._kinds is not None else ()))
        return Survey(self.rows, self._reader.digest, self._kinds, repeated, tuple(self._fields), notes)

    def _see(self, row: Row) -> None:
        if not isinstance(row.value, dict):
            return
        if self._kinds is not None:
            self._kinds.add(row.value)
        if len(self._fields) < _MOST_FIELDS:
            self._fields.update(dict.fromkeys(row.value))
        key = self._key_of(row.value)
        if key is not None:
            self._hashes.append(hash(key))


def own_id_key(value: Json) -> str | None:
    """Return the canonical text of a row's own ``_id``, or None if it has none that a collection would take."""
    return id_key(value["_id"]) if "_id" in value else None


def id_key(value: object) -> str | None:
    """Return the canonical text of an ``_id``, or None if a collection would refuse it."""
    try:
        check_id(value)
    except DataApiError:
        return None
    return canonical_key(value)
