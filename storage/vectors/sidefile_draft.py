"""Writing a side file: under another name first, so that readers see all of it or nothing."""

from __future__ import annotations

import json
import os
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from storage.drafts import remove_abandoned
from storage.shapes import Matrix
from storage.vectors.arrays import Positions, checksum
from storage.vectors.coder import Words
from storage.vectors.codes import SEGMENT, CodeTable
from storage.vectors.index import IndexParts
from storage.vectors.rows import RowStore
from storage.vectors.sidefile import MAGIC, PAGE, PREFIX, Section, Stamp, identity
from storage.vectors.stored_rows import BLOCK_ROWS, RowSums, block_count, row_sums


class SideFileDraft:
    """A side file that lacks its header, beside the place where it belongs. Discard it at the end in any case."""

    def __init__(self, path: Path, parts: IndexParts, order: Positions) -> None:
        """Write the rows at ``order``, which gives them in seq order.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
            UnusableSideFileError: Rows that come from another side file cannot be read there.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_abandoned_drafts(path)
        self._path = path
        self._draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        self._spec = parts.spec
        handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "wb")
        try:
            self._header = _write_sections(self._file, parts, order)
        except BaseException:
            self.discard()
            raise

    def publish(self, stamp: Stamp) -> None:
        """Write the header, and put the file in place of the old one in one step.

        Raises:
            OSError: The disk is full or gone; the old file is untouched.
        """
        built_from = {"epoch": stamp.epoch, "revision": stamp.revision, "head": asdict(stamp.head)}
        header = identity(stamp, self._spec) | built_from | self._header
        text = json.dumps(header).encode()
        self._file.seek(0)
        self._file.write(PREFIX.pack(MAGIC, len(text), zlib.crc32(text)) + text)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._draft.replace(self._path)

    def discard(self) -> None:
        """Remove what was not published; may be called twice."""
        try:
            self._file.close()
        finally:
            self._draft.unlink(missing_ok=True)


def remove_abandoned_drafts(path: Path) -> None:
    """Remove the drafts of a side file that killed programs have left behind."""
    remove_abandoned(path.parent, f"{path.name}.*.part")


def _write_sections(file: BinaryIO, parts: IndexParts, order: Positions) -> dict[str, Any]:
    """Write all but the header, and return what it has to say about the sections."""
    sections = _SectionWriter(file)
    sections.add("seqs", [parts.seqs[order]])
    sections.add("weights", [parts.weights[order]])
    if parts.coder is not None and parts.codes is not None:
        sections.add("center", [parts.coder.center])
        sections.add("planes", [parts.coder.planes])
        sections.add("reach", [parts.codes.reach[order]])
        sections.add("bias", [parts.codes.bias[order]])
        sections.add("codes", _segments(parts.codes, order))
    # The rows are last, so that all the rest is read at once; their checksums are known after them.
    sums = RowSums(np.zeros(len(order), dtype=np.uint32), np.zeros(block_count(len(order)), dtype=np.uint32))
    place = file.tell()
    sections.add("row_sums", [sums.rows])
    sections.add("block_sums", [sums.blocks])
    sections.add("rows", _summed(_row_blocks(parts.rows, order), sums))
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    sections.add("row_sums", [sums.rows])
    sections.add("block_sums", [sums.blocks])
    return {
        "count": len(order),
        "longest": parts.longest,
        "extreme": parts.extreme,
        "size": size,
        "sections": {name: asdict(section) for name, section in sections.written.items()},
    }


def _segments(codes: CodeTable, order: Positions) -> Iterator[Words]:
    for start in range(0, len(order), SEGMENT):
        here = order[start : start + SEGMENT]
        segment = np.zeros((codes.shape.words, SEGMENT), dtype=np.uint64)
        # Codes are looked up in position order and put back in seq order, which nearly always is the same.
        ranks = np.argsort(here)
        segment[:, ranks] = codes.words_at(here[ranks])
        yield segment


def _row_blocks(rows: RowStore, order: Positions) -> Iterator[Matrix]:
    for start in range(0, len(order), BLOCK_ROWS):
        here = order[start : start + BLOCK_ROWS]
        ranks = np.argsort(here)
        block = np.empty((len(here), rows.dimension), dtype=np.float32)
        block[ranks] = rows.gather(here[ranks])
        yield block


def _summed(blocks: Iterable[Matrix], sums: RowSums) -> Iterator[Matrix]:
    """Pass blocks on, and note the checksums of their rows and of each as a whole."""
    for number, block in enumerate(blocks):
        sums.rows[number * BLOCK_ROWS : number * BLOCK_ROWS + len(block)] = row_sums(block)
        sums.blocks[number] = checksum(block)
        yield block


class _SectionWriter:
    """Writes arrays one after another, each section from a new page on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.written: dict[str, Section] = {}
        file.write(bytes(PAGE))

    def add(self, name: str, blocks: Iterable[NDArray[Any]]) -> None:
        """Write one section, block by block."""
        start, total = self._file.tell(), 0
        for block in blocks:
            flat = np.ascontiguousarray(block).reshape(-1)
            self._file.write(flat.view(np.uint8).data)
            total = checksum(flat, total)
        size = self._file.tell() - start
        self._file.write(bytes(-size % PAGE))
        self.written[name] = Section(start, size, total)
