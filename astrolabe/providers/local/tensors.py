"""Weights in the safetensors format, mapped into memory and not copied.

All programs on the machine that use a model share its pages, and only those that are touched are read. The format: the
header's length in eight bytes, the header in JSON, then the numbers of all tensors.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrolabe.providers.local.protocol import LocalModelError

Tensors = Mapping[str, NDArray[Any]]
"""Read-only arrays by name."""

_LENGTH = 8
_TYPES = {"F16": "<f2", "F32": "<f4", "I64": "<i8"}


def map_file(path: Path) -> mmap.mmap:
    """Map a file that is not empty into memory; the mapping ends when nothing refers to it any more.

    Raises:
        OSError: It cannot be read.
        LocalModelError: It is empty.
    """
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise LocalModelError(f"The file {path} is empty.") from error


def read_tensors(path: Path, mapped: mmap.mmap) -> Tensors:
    """Return the tensors of a mapped file.

    Raises:
        LocalModelError: It is damaged or has numbers of another kind.
    """
    try:
        begin = _LENGTH + int.from_bytes(mapped[:_LENGTH], "little")
        header = json.loads(mapped[_LENGTH:begin])
        return {name: _tensor(mapped, begin, entry) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise LocalModelError(f"The file {path} is damaged: it has no weights that can be read.") from error


def _tensor(mapped: mmap.mmap, begin: int, entry: dict[str, Any]) -> NDArray[Any]:
    start, end = entry["data_offsets"]
    kind = np.dtype(_TYPES[entry["dtype"]])
    numbers = np.frombuffer(mapped, kind, (end - start) // kind.itemsize, begin + start)
    return numbers.reshape(entry["shape"])
