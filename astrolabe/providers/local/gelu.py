"""The exact GELU, ``x * Phi(x)`` with the normal distribution Phi; numpy has no error function.

It is taken as ``max(x, 0) - |x| * Phi(-|x|)``, where ``Phi(-|x|)`` comes from a table with straight lines between its
entries. The steps are a power of two, so that finding the place in the table costs no digits. The lines are off by
3e-8 at most, which is less than what float32 rounds away next to one.
"""

from __future__ import annotations

import math

import numpy as np

from storage.shapes import Matrix

_STEPS = 1024
"""Entries for each unit; the error of the lines is that of a parabola over one step."""
_END = 6
"""Where the table ends; beyond it the tail is below 1e-9, and taken as zero."""
_NUMBERS_AT_ONCE = 65_536
"""Numbers in work at a time, so that all passes over them stay in the processor's cache."""

_TAIL = np.array([*(math.erfc(step / _STEPS / math.sqrt(2)) / 2 for step in range(_END * _STEPS)), 0, 0])
_VALUES = _TAIL[:-1].astype(np.float32)
_SLOPES = np.diff(_TAIL).astype(np.float32)


def normal_tail(distances: Matrix) -> Matrix:
    """Return the probability beyond each distance, which must not be negative."""
    places: Matrix = np.minimum(distances * np.float32(_STEPS), np.float32(_END * _STEPS))
    indexes = places.astype(np.intp)
    places -= indexes
    places *= _SLOPES.take(indexes)
    places += _VALUES.take(indexes)
    return places


def gelu(numbers: Matrix) -> Matrix:
    """Return the GELU of each number of a matrix."""
    result = np.maximum(numbers, np.float32(0))
    rows = max(_NUMBERS_AT_ONCE // max(numbers.shape[1], 1), 1)
    for start in range(0, len(numbers), rows):
        distances = np.abs(numbers[start : start + rows])
        result[start : start + rows] -= distances * normal_tail(distances)
    return result
