"""Opening a data file: text by lines or blocks, bytes counted and hashed, and every refusal a :class:`LoadError`."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType

from astrolabe.errors import LoadError
from astrolabe.loading.formats.rows import LONGEST_ROW

_BLOCK = 1 << 18
"""Bytes of one read from the disk."""


class SourceFile:
    """A data file opened for one pass, as UTF-8 text with or without a byte order mark. Use it in a ``with`` block.

    Attributes:
        path: The file.
        size: Bytes when it was opened.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            LoadError: There is no such file, it is not a regular file, or it may not be read.
        """
        self.path = path
        with readable(path):
            self._stat = require_regular_file(path)
            self._raw = _HashedFile(path)
        self.size = self._stat.st_size
        self._text = io.TextIOWrapper(io.BufferedReader(self._raw, _BLOCK), encoding="utf-8-sig", newline="")

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._text.close()

    @property
    def position(self) -> int:
        """Bytes read so far; runs ahead of the rows by one block at most."""
        return self._raw.position

    @property
    def digest(self) -> str:
        """Hash of the bytes read so far, hexadecimal; of the whole content once everything was read."""
        return self._raw.digest.hexdigest()

    def read(self, characters: int) -> str:
        """Return up to that many characters; fewer only at the end of the file.

        Raises:
            LoadError: The bytes are not UTF-8, or the disk refused.
        """
        with readable(self.path):
            try:
                return self._text.read(characters)
            except UnicodeDecodeError as error:
                raise invalid_text(self.path) from error

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends (LF, CR LF or CR).

        Raises:
            LoadError: The bytes are not UTF-8, a line is longer than any row can be, or the disk refused.
        """
        with readable(self.path):
            try:
                for number, line in enumerate(iter(partial(self._text.readline, LONGEST_ROW), ""), start=1):
                    if len(line) == LONGEST_ROW:
                        raise fault_at(self.path, f"the line is longer than {LONGEST_ROW:,} characters", line=number)
                    yield line
            except UnicodeDecodeError as error:
                raise invalid_text(self.path) from error

    def verify(self) -> None:
        """Check that the file is still the one that was opened.

        Raises:
            LoadError: It disappeared, was replaced, or was written to.
        """
        with readable(self.path):
            now = self.path.stat()
        then = self._stat
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (then.st_ino, then.st_size, then.st_mtime_ns):
            raise LoadError(
                f"{self.path.name} was changed while it was being read.",
                path=self.path,
                hint="Load it again once nothing writes to it any more.",
            )


class _HashedFile(io.FileIO):
    """A file that counts and hashes what is read from it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.position = 0
        self.digest = hashlib.blake2b(digest_size=16)

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # BufferedReader passes a memoryview
        """Read into the buffer, count and hash."""
        count = super().readinto(buffer)
        if count:
            self.position += count
            self.digest.update(buffer[:count])
        return count


def fault_at(path: Path, reason: str, *, line: int, column: int | None = None, hint: str = "") -> LoadError:
    """Return the error for a fault at a place of a file; the reason is a clause without a full stop."""
    place = f"line {line}" if column is None else f"line {line}, column {column}"
    return LoadError(f"{path.name}, {place}: {reason}.", path=path, line=line, column=column, hint=hint)


def require_regular_file(path: Path) -> os.stat_result:
    """Return the file's status; a pipe or device could block for ever and cannot be read twice.

    Raises:
        LoadError: It is a folder, a pipe or a device.
        OSError: There is no such file, or its folder may not be searched.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise LoadError(f"{path} is a folder, not a file.", path=path, hint="Name one file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise LoadError(
            f"{path} is a pipe or a device, not a regular file.",
            path=path,
            hint="Save the data to a file first: a load reads it twice, and again when it is resumed.",
        )
    return status


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the ``OSError`` of a block into a :class:`LoadError` that says what is wrong with the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise LoadError(f"There is no file {path}.", path=path, hint="Check the path.") from error
    except PermissionError as error:
        raise LoadError(
            f"{path} may not be read by this user.", path=path, hint="Change its permissions, or copy it."
        ) from error
    except OSError as error:
        words = error.strerror or str(error)
        raise LoadError(f"{path} cannot be read: {words}.", path=path, hint="Check the disk or the mount.") from error


def invalid_text(path: Path) -> LoadError:
    """Return the error for a file that is not UTF-8, with the line and column of the first wrong byte."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, column = 1, 1
    with readable(path), path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line, column = advance((line, column), (pending + block)[: error.start].decode("utf-8"))
                return fault_at(
                    path,
                    f"byte 0x{error.object[error.start]:02x} is not UTF-8 text",
                    line=line,
                    column=column,
                    hint="Save the file as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8.",
                )
            line, column = advance((line, column), text)
            if not block:
                return LoadError(f"{path.name} was changed while it was being read.", path=path)


def advance(place: tuple[int, int], text: str) -> tuple[int, int]:
    """Return the line and column, from 1, that follow a text which begins at a place; lines end with LF."""
    line, column = place
    breaks = text.count("\n")
    if not breaks:
        return line, column + len(text)
    return line + breaks, len(text) - text.rindex("\n")
