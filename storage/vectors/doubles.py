"""64-bit floats kept as the 32-bit floats nearest to them and 32 bits more: what an index reads stays as it is.

The more are the low half of the 64 bits. The 32-bit float gives sign, exponent and the upper 23 of 52 bits of the
fraction; of these it may have been rounded up by one, which shows in the three bits that both halves hold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage.errors import CorruptStoreError

_STORED = np.dtype("<u4")
_SHARED = 29
"""Bits of a 64-bit fraction that a 32-bit float has no room for; the low half has three more than these."""

_BELOW = np.uint32((1 << _SHARED) - 1)


def rest_of(given: NDArray[np.float64], data: NDArray[np.float32]) -> bytes | None:
    """Return what has to be kept beside ``data`` so that :func:`whole` gives ``given`` back, bit by bit.

    None where nothing does: a number that is too small for a 32-bit float of full precision.

    Args:
        given: Finite numbers.
        data: The 32-bit floats nearest to them, of the same shape.
    """
    low = given.view(np.uint64).astype(np.uint32)
    same = np.array_equal(_joined(data, low).view(np.uint64), given.view(np.uint64))
    return low.astype(_STORED, copy=False).tobytes() if same else None


def whole(data: NDArray[np.float32], rest: bytes) -> NDArray[np.float64]:
    """Return the 64-bit floats that were given.

    Raises:
        CorruptStoreError: The rest belongs to another number of floats.
    """
    if len(rest) != data.size * _STORED.itemsize:
        raise CorruptStoreError("A stored vector is damaged.")
    return _joined(data, np.frombuffer(rest, dtype=_STORED).astype(np.uint32, copy=False))


def _joined(data: NDArray[np.float32], low: NDArray[np.uint32]) -> NDArray[np.float64]:
    upper = np.ascontiguousarray(data, dtype=np.float32).view(np.uint32)
    rounded_up = ((upper ^ (low >> np.uint32(_SHARED))) & np.uint32(7)) != 0
    floor = (upper - rounded_up.astype(np.uint32)).view(np.float32)
    bits: NDArray[np.uint64] = floor.astype(np.float64).view(np.uint64) | (low & _BELOW).astype(np.uint64)
    return bits.view(np.float64)
