"""The side file: an index on disk, opened by mapping it. A cache, never the truth.

Layout: a page with a magic word, the header's length and checksum and the header in JSON; then sections that begin at
page borders. A file is written under another name, flushed to the disk and renamed, so that readers see all of it or
nothing. One that does not fit its header or its checksums, or describes another container, dimension, metric or epoch
than the one asked for, is refused, and the reader builds its index anew. The full vectors are by far the largest
section; they are not read at opening, and checked block by block later.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import sys
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix, VectorSpec
from storage.vectors.coder import CodeShape, SignCoder, Words
from storage.vectors.codes import SEGMENT, CodeTable
from storage.vectors.index import IndexParts
from storage.vectors.rows import CHECKED_ROWS, MappedRows, Positions, RowStore, checksum
from storage.vectors.source import ContainerState

_MAGIC = b"ASTROVEC"
_FORMAT = 1
_PREFIX = struct.Struct("<8sII")
_PAGE = 4096
_ABANDONED_AFTER = 3600.0
"""Seconds after which a half-written file is taken to be left behind by a killed program."""

ScalarT = TypeVar("ScalarT", bound=np.generic)


class UnusableSideFileError(Exception):
    """The side file is missing, torn, stale or another index's; the index has to be built from the store."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a side file was built from.

    Attributes:
        container: The container's number.
        vector: The vector's name.
        epoch: The container's epoch.
        state_revision: The container's revision when the index was read.
        revision: The revision to ask the source for changes from.
    """

    container: int
    vector: str
    epoch: int
    state_revision: int
    revision: int


def side_file_path(folder: Path, container: int, vector: str) -> Path:
    """Return where the index of a container's vector is kept."""
    return folder / f"{container}-{_digest(vector)[:16]}.vectors"


def write_side_file(path: Path, stamp: Stamp, parts: IndexParts, order: Positions) -> None:
    """Write the rows at ``order``, which gives them in seq order, and put the file in place of the old one in one step.

    Raises:
        OSError: The folder cannot be written, or the disk is full; the old file is untouched.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_abandoned(path)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            _write(file, stamp, parts, order)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_side_file(path: Path, wanted: Stamp, spec: VectorSpec, state: ContainerState) -> tuple[Stamp, IndexParts]:
    """Open a side file.

    Args:
        path: The file.
        wanted: The container and vector it has to belong to; the rest is not looked at.
        spec: The dimension and metric it has to have.
        state: The container now; the file has to be of its epoch, and not from its future.

    Returns:
        What the file was built from, and the index.

    Raises:
        UnusableSideFileError: The file cannot be used; the message says why.
    """
    try:
        with path.open("rb") as file:
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as error:
        raise UnusableSideFileError(f"{path} cannot be mapped: {error}.") from error
    reader = _Reader(path, mapping)
    stamp = replace(wanted, epoch=state.epoch)
    reader.expect(_identity(stamp, spec))
    stamp = replace(stamp, state_revision=reader.number("state_revision"), revision=reader.number("revision"))
    if stamp.state_revision > state.revision:
        raise UnusableSideFileError(f"{path} is ahead of its store.")
    return stamp, reader.parts(spec)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _identity(stamp: Stamp, spec: VectorSpec) -> dict[str, Any]:
    """Return what has to be the same in a file and in whoever wants to use it."""
    return {
        "format": _FORMAT,
        "byteorder": sys.byteorder,
        "segment": SEGMENT,
        "code": asdict(CodeShape.of(spec.dimension)),
        "checked_rows": CHECKED_ROWS,
        "container": stamp.container,
        "vector": _digest(stamp.vector),
        "epoch": stamp.epoch,
        "dimension": spec.dimension,
        "metric": spec.metric.value,
    }


def _remove_abandoned(path: Path) -> None:
    for draft in path.parent.glob(f"{path.name}.*.part"):
        if time.time() - draft.stat().st_mtime > _ABANDONED_AFTER:
            draft.unlink(missing_ok=True)


def _write(file: BinaryIO, stamp: Stamp, parts: IndexParts, order: Positions) -> None:
    sections = _SectionWriter(file)
    sections.add("seqs", [parts.seqs[order]])
    sections.add("weights", [parts.weights[order]])
    if parts.coder is not None and parts.codes is not None:
        sections.add("center", [parts.coder.center])
        sections.add("planes", [parts.coder.planes])
        sections.add("reach", [parts.codes.reach[order]])
        sections.add("bias", [parts.codes.bias[order]])
        sections.add("codes", _segments(parts.codes, order))
    sums: list[int] = []
    sections.add("rows", _summed(_row_blocks(parts.rows, order), sums))
    sections.add("row_sums", [np.array(sums, dtype=np.uint32)])
    header = _identity(stamp, parts.spec) | {
        "state_revision": stamp.state_revision,
        "revision": stamp.revision,
        "count": len(order),
        "longest": parts.longest,
        "extreme": parts.extreme,
        "size": file.tell(),
        "sections": {name: asdict(section) for name, section in sections.written.items()},
    }
    text = json.dumps(header).encode()
    file.seek(0)
    file.write(_PREFIX.pack(_MAGIC, len(text), zlib.crc32(text)) + text)


def _segments(codes: CodeTable, order: Positions) -> Iterator[Words]:
    for start in range(0, len(order), SEGMENT):
        here = order[start : start + SEGMENT]
        segment = np.zeros((codes.shape.words, SEGMENT), dtype=np.uint64)
        # Codes are looked up in position order and put back in seq order, which nearly always is the same.
        ranks = np.argsort(here)
        segment[:, ranks] = codes.words_at(here[ranks])
        yield segment


def _row_blocks(rows: RowStore, order: Positions) -> Iterator[Matrix]:
    for start in range(0, len(order), CHECKED_ROWS):
        here = order[start : start + CHECKED_ROWS]
        ranks = np.argsort(here)
        block = np.empty((len(here), rows.dimension), dtype=np.float32)
        block[ranks] = rows.gather(here[ranks])
        yield block


def _summed(blocks: Iterable[Matrix], sums: list[int]) -> Iterator[Matrix]:
    for block in blocks:
        sums.append(checksum(block))
        yield block


@dataclass(frozen=True, slots=True)
class _Section:
    """Where a section lies, in bytes, and the checksum of all of it."""

    offset: int
    size: int
    checksum: int


class _SectionWriter:
    """Writes arrays one after another, each section from a new page on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.written: dict[str, _Section] = {}
        file.write(bytes(_PAGE))

    def add(self, name: str, blocks: Iterable[NDArray[Any]]) -> None:
        """Write one section, block by block."""
        start = self._file.tell()
        total = 0
        for block in blocks:
            flat = np.ascontiguousarray(block).reshape(-1)
            self._file.write(flat.view(np.uint8).data)
            total ^= checksum(flat)
        size = self._file.tell() - start
        self._file.write(bytes(-size % _PAGE))
        self.written[name] = _Section(start, size, total)


class _Reader:
    """A mapped side file whose header has been checked."""

    def __init__(self, path: Path, mapping: mmap.mmap) -> None:
        self._path = path
        self._mapping = mapping
        self._header = self._read_header()

    def _refuse(self, why: str) -> None:
        raise UnusableSideFileError(f"{self._path} {why}.")

    def _read_header(self) -> dict[str, Any]:
        page = self._mapping[:_PAGE]
        if len(page) < _PAGE:
            self._refuse("is too short")
        magic, length, crc = _PREFIX.unpack_from(page)
        text = page[_PREFIX.size : _PREFIX.size + length]
        if magic != _MAGIC or zlib.crc32(text) != crc:
            self._refuse("has a damaged header")
        header: dict[str, Any] = json.loads(text)
        return header

    def number(self, name: str) -> int:
        """Return a number from the header."""
        return int(self._header[name])

    def expect(self, identity: dict[str, Any]) -> None:
        """Refuse the file unless its header says the same, and tells its size."""
        for name, value in identity.items():
            if self._header.get(name) != value:
                self._refuse(f"was written for another {name}")
        if self._header["size"] != len(self._mapping):
            self._refuse("has another size than it was written with")

    def _section(self, name: str) -> _Section:
        return _Section(**self._header["sections"][name])

    def _array(self, name: str, kind: type[ScalarT]) -> NDArray[ScalarT]:
        section = self._section(name)
        count = section.size // np.dtype(kind).itemsize
        return np.frombuffer(self._mapping, kind, count, section.offset)

    def _checked(self, name: str, kind: type[ScalarT]) -> NDArray[ScalarT]:
        array = self._array(name, kind)
        if checksum(array) != self._section(name).checksum:
            self._refuse(f"is damaged in its {name}")
        return array

    def parts(self, spec: VectorSpec) -> IndexParts:
        """Return the index; all of it but the full vectors is checked."""
        coder, codes = self._codes(spec) if "codes" in self._header["sections"] else (None, None)
        sums = self._checked("row_sums", np.uint32)
        offset = self._section("rows").offset
        rows = MappedRows(self._mapping, offset, (self.number("count"), spec.dimension), sums)
        return IndexParts(
            spec=spec,
            seqs=self._checked("seqs", np.int64),
            rows=RowStore(spec.dimension, rows),
            weights=self._checked("weights", np.float32),
            longest=float(self._header["longest"]),
            extreme=bool(self._header["extreme"]),
            coder=coder,
            codes=codes,
        )

    def _codes(self, spec: VectorSpec) -> tuple[SignCoder, CodeTable]:
        shape = CodeShape.of(spec.dimension)
        planes = self._checked("planes", np.float32).reshape(shape.words * 64, spec.dimension)
        segments = self._checked("codes", np.uint64).reshape(-1, shape.words, SEGMENT)
        reach, bias = self._checked("reach", np.float32), self._checked("bias", np.float32)
        coder = SignCoder(spec.metric, self._checked("center", np.float32), planes)
        return coder, CodeTable(shape, list(segments), reach, bias)
