"""Data files as rows, lazily: JSON, JSON Lines and CSV behind one door.

Everything here blocks on the disk and is meant for a worker thread; memory holds one row, not the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from astrolabe.loading.formats.csv_rows import csv_rows
from astrolabe.loading.formats.json_lines import json_line_rows
from astrolabe.loading.formats.json_rows import json_rows
from astrolabe.loading.formats.json_values import JsonReader
from astrolabe.loading.formats.rows import DataFile, FileFormat, Row
from astrolabe.loading.formats.source import SourceFile


class FileRows:
    """One pass over the rows of a file. Use it in a ``with`` block; an iterator, one thread at a time."""

    def __init__(self, file: DataFile) -> None:
        """Open the file.

        Raises:
            LoadError: It has disappeared, or may not be read.
        """
        self._source = SourceFile(file.path)
        self._json = JsonReader()
        self._rows = _rows(file, self._source, self._json)

    def __enter__(self) -> FileRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._source.close()

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    @property
    def path(self) -> Path:
        """The file that is read."""
        return self._source.path

    @property
    def position(self) -> int:
        """Bytes read so far, for an estimate of how far along the rows are."""
        return self._source.position

    @property
    def notes(self) -> tuple[str, ...]:
        """What was read as something else than it says, as sentences; complete once every row was taken."""
        if not self._json.translated:
            return ()
        return (f"MongoDB's {', '.join(sorted(self._json.translated))} became the Data API's own values.",)

    @property
    def digest(self) -> str:
        """Hash of the content, hexadecimal, once every row was taken."""
        return self._source.digest

    def take(self, count: int) -> list[Row]:
        """Return the next rows, fewer at the end of the file.

        Raises:
            LoadError: The file is malformed within these rows, changed, or disappeared.
        """
        rows = list(itertools.islice(self._rows, count))
        self._source.verify()
        return rows

    def verify(self) -> None:
        """Check that the file is still the one that was opened; raises :class:`LoadError` if not."""
        self._source.verify()


def _rows(file: DataFile, source: SourceFile, reader: JsonReader) -> Iterator[Row]:
    if file.format is FileFormat.CSV:
        return csv_rows(source, file.delimiter, spaced=file.spaced)
    if file.format is FileFormat.JSON:
        return json_rows(source, reader, file.place)
    return json_line_rows(source, reader)
