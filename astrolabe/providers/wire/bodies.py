"""Reading the body of a foreign answer, compressed or not, into no more memory than it may take."""

from __future__ import annotations

import zlib

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes that no answer may have, as it comes and decompressed, whatever was asked."""

ACCEPTED_ENCODINGS = "gzip, deflate"
"""What to send as ``Accept-Encoding``."""

_GZIP = frozenset({"gzip", "x-gzip"})
_GZIP_BITS = 16 + zlib.MAX_WBITS
_ZLIB_BITS = zlib.MAX_WBITS
_RAW_BITS = -zlib.MAX_WBITS


class BodyError(Exception):
    """A body that is not read; ``str()`` completes the sentence "The answer of X …"."""


class Body:
    """Takes the bytes of a body as they come over the wire; one layer of gzip or deflate is removed.

    Args:
        encoding: The answer's ``Content-Encoding``; empty when it has none.
        most_bytes: Largest body that is read, as it comes and decompressed; never more than :data:`LARGEST_BODY`.
        cut: Whether a larger one is cut off there; otherwise it is refused.

    Raises:
        BodyError: It is encoded in another way, or more than once.
    """

    def __init__(self, encoding: str, most_bytes: int, *, cut: bool = False) -> None:
        self._most = min(most_bytes, LARGEST_BODY)
        self._cut = cut
        self._arrived = 0
        self._read = bytearray()
        self._bits = _window_bits(encoding)
        self._stream = zlib.decompressobj(self._bits) if self._bits else None

    @property
    def full(self) -> bool:
        """Whether the body was cut off: nothing more need be fed."""
        return self._cut and (self._arrived > self._most or len(self._read) > self._most)

    def feed(self, chunk: bytes) -> None:
        """Take some more bytes.

        Raises:
            BodyError: The body is too large, or cannot be decompressed.
        """
        if self.full:
            return
        self._arrived += len(chunk)
        self._read += self._decompressed(chunk)
        if not self._cut and max(self._arrived, len(self._read)) > self._most:
            raise BodyError(f"is larger than {self._most:,} bytes, which no answer to this request needs")

    def content(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyError: It ended in the middle of what was compressed.
        """
        if self._stream is not None and self._arrived and not self._stream.eof and not self.full:
            raise BodyError("cannot be decompressed: it is incomplete")
        return bytes(memoryview(self._read)[: self._most])

    def _decompressed(self, chunk: bytes) -> bytes:
        if self._stream is None:
            return chunk
        room = self._most - len(self._read) + 1
        try:
            return self._stream.decompress(chunk, room)
        except zlib.error as error:
            if self._bits == _ZLIB_BITS and not self._read:  # "deflate" without zlib's frame, as some servers send it
                self._bits = _RAW_BITS
                self._stream = zlib.decompressobj(_RAW_BITS)
                return self._decompressed(chunk)
            raise BodyError("cannot be decompressed") from error


def _window_bits(encoding: str) -> int:
    """Return zlib's word for an encoding; 0 for none."""
    layers = [layer for part in encoding.split(",") if (layer := part.strip().lower()) not in {"", "identity"}]
    if len(layers) > 1:
        raise BodyError("is compressed more than once, which is not read")
    if not layers:
        return 0
    if layers[0] in _GZIP:
        return _GZIP_BITS
    if layers[0] == "deflate":
        return _ZLIB_BITS
    raise BodyError("is encoded in a way that was not asked for")
