"""The side file: an index on disk, opened in milliseconds. A cache, never the truth.

Layout: a page with a magic word, the header's length and checksum and the header in JSON; then sections that begin at
page borders. Each section has a CRC-32 in the header. All but the full vectors, by far the largest section, are read
and checked at opening; of those, every row and every block of rows has a checksum of its own, checked when it is first
read. Nothing is mapped. A file that does not fit its header or its checksums, or describes another container,
dimension, metric, time or history than the one asked for, is refused, and the reader builds its index anew.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from storage.shapes import VectorSpec
from storage.vectors.arrays import checksum
from storage.vectors.coder import CodeShape, SignCoder
from storage.vectors.codes import SEGMENT, CodeTable
from storage.vectors.index import IndexParts
from storage.vectors.plain_file import PlainFile, StaleSideFileError, UnusableSideFileError
from storage.vectors.rows import RowStore
from storage.vectors.source import ContainerState, Head
from storage.vectors.stored_rows import BLOCK_ROWS, RowSums, StoredRows, block_count

MAGIC = b"ASTROVEC"
PREFIX = struct.Struct("<8sII")
"""What the file begins with: the magic word, the header's length and its CRC-32."""

PAGE = 4096
_FORMAT = 2

_OWNER = ("container", "vector")
"""What never differs, unless somebody has put one file in the place of another."""

ScalarT = TypeVar("ScalarT", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a side file was built from.

    Attributes:
        container: The container's number.
        vector: The vector's name.
        epoch: The container's epoch.
        revision: The revision to ask the source for changes from.
        head: The container's head when the last of what is in the file had been read; not before the revision.
    """

    container: int
    vector: str
    epoch: int
    revision: int
    head: Head


@dataclass(frozen=True, slots=True)
class Section:
    """Where a section lies, in bytes, and its CRC-32."""

    offset: int
    size: int
    checksum: int


def side_file_path(folder: Path, container: int, vector: str) -> Path:
    """Return where the index of a container's vector is kept."""
    return folder / f"{container}-{_digest(vector)[:16]}.vectors"


def identity(stamp: Stamp, spec: VectorSpec) -> dict[str, Any]:
    """Return what has to be the same in a file and in whoever wants to use it."""
    return {
        "format": _FORMAT,
        "byteorder": sys.byteorder,
        "segment": SEGMENT,
        "code": asdict(CodeShape.of(spec.dimension)),
        "block_rows": BLOCK_ROWS,
        "container": stamp.container,
        "vector": _digest(stamp.vector),
        "dimension": spec.dimension,
        "metric": spec.metric.value,
    }


def read_side_file(path: Path, wanted: Stamp, spec: VectorSpec) -> tuple[Stamp, IndexParts]:
    """Open a side file.

    Args:
        path: The file.
        wanted: The container and vector it has to belong to; the rest is not looked at.
        spec: The dimension and metric it has to have.

    Returns:
        What the file was built from, which :func:`check_history` has to be asked about, and the index.

    Raises:
        StaleSideFileError: There is no file, or it is of a time that is over.
        UnusableSideFileError: The file cannot be used; the message says why.
    """
    file = PlainFile(path)
    try:
        reader = _Reader(file)
        reader.expect(identity(wanted, spec))
        return reader.stamp(wanted), reader.parts(spec)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UnusableSideFileError(f"{path} has a header that makes no sense.") from error


def check_history(path: Path, stamp: Stamp, state: ContainerState) -> None:
    """Refuse a side file of another time than its container's, or of another history.

    Args:
        path: The file.
        stamp: What it was built from.
        state: The container now, asked about the stamp's head.

    Raises:
        StaleSideFileError: The container was emptied since.
        UnusableSideFileError: The store was put back, or has lost writes.
    """
    if stamp.epoch != state.epoch:
        raise StaleSideFileError(f"{path} is older than its container.")
    if state.parted:
        raise UnusableSideFileError(
            f"{path} is of another history: its store was put back to an earlier state, or has lost writes."
        )


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


class _Reader:
    """A side file whose header is what was written."""

    def __init__(self, file: PlainFile) -> None:
        self._file = file
        self._header = self._read_header()
        self._small = np.zeros(0, dtype=np.uint8)

    def _refuse(self, why: str) -> NoReturn:
        raise UnusableSideFileError(f"{self._file.path} {why}.")

    def _read_header(self) -> dict[str, Any]:
        if self._file.size < PAGE:
            self._refuse("is too short")
        page = self._file.read(0, PAGE)
        magic, length, crc = PREFIX.unpack_from(page)
        text = page[PREFIX.size : PREFIX.size + length]
        if magic != MAGIC or zlib.crc32(text) != crc:
            self._refuse("has a damaged header")
        header: dict[str, Any] = json.loads(text)
        return header

    def stamp(self, wanted: Stamp) -> Stamp:
        """Return what the file was built from."""
        known = self._header
        return replace(
            wanted,
            epoch=int(known["epoch"]),
            revision=int(known["revision"]),
            head=Head(int(known["head"]["writer"]), int(known["head"]["revision"])),
        )

    def expect(self, wanted: dict[str, Any]) -> None:
        """Refuse the file unless its header says the same, and tells its size."""
        for name, value in wanted.items():
            if self._header.get(name) != value:
                kind = UnusableSideFileError if name in _OWNER else StaleSideFileError
                raise kind(f"{self._file.path} was written for another {name}.")
        if self._header["size"] != self._file.size:
            self._refuse("has another size than it was written with")

    def _section(self, name: str) -> Section:
        section = Section(**self._header["sections"][name])
        if section.offset < PAGE or section.size < 0 or section.offset + section.size > self._file.size:
            self._refuse(f"has no room for its {name}")
        return section

    def _array(self, name: str, kind: type[ScalarT], shape: tuple[int, ...]) -> NDArray[ScalarT]:
        """Return a section that stands before the rows, checked."""
        section = self._section(name)
        array = self._small[section.offset : section.offset + section.size].view(kind)
        if checksum(array) != section.checksum:
            self._refuse(f"is damaged in its {name}")
        return array.reshape(shape)

    def parts(self, spec: VectorSpec) -> IndexParts:
        """Return the index; all of it but the full vectors is checked."""
        count, rows = int(self._header["count"]), self._section("rows")
        if rows.size != count * spec.dimension * np.dtype(np.float32).itemsize:
            self._refuse("has another number of rows than it was written with")
        self._small = np.empty(rows.offset, dtype=np.uint8)
        self._file.read_into(0, self._small)
        coder, codes = self._codes(spec, count) if "codes" in self._header["sections"] else (None, None)
        sums = RowSums(
            rows=self._array("row_sums", np.uint32, (count,)),
            blocks=self._array("block_sums", np.uint32, (block_count(count),)),
        )
        return IndexParts(
            spec=spec,
            seqs=self._array("seqs", np.int64, (count,)),
            rows=RowStore(spec.dimension, StoredRows(self._file, rows.offset, (count, spec.dimension), sums)),
            weights=self._array("weights", np.float32, (count,)),
            longest=float(self._header["longest"]),
            extreme=bool(self._header["extreme"]),
            coder=coder,
            codes=codes,
        )

    def _codes(self, spec: VectorSpec, count: int) -> tuple[SignCoder, CodeTable]:
        shape = CodeShape.of(spec.dimension)
        planes = self._array("planes", np.float32, (shape.words * 64, spec.dimension))
        segments = self._array("codes", np.uint64, (-(-count // SEGMENT), shape.words, SEGMENT))
        reach, bias = self._array("reach", np.float32, (count,)), self._array("bias", np.float32, (count,))
        coder = SignCoder(spec.metric, self._array("center", np.float32, (spec.dimension,)), planes)
        return coder, CodeTable(shape, list(segments), reach, bias)
