"""Work on JSON of any size: at once where it is small, else in a thread, so that others are answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from astrolabe.dataapi.protocol import JsonValue
from storage.gil_yield import in_thread
from storage.jsontext import is_small

T = TypeVar("T")


async def unhurried(work: Callable[..., T], *values: JsonValue, large: bool = False) -> T:
    """Return what the work makes of JSON values.

    Args:
        work: Called with the values.
        values: What decides where it is done.
        large: Whether it is done in a thread in any case.
    """
    if not large and all(map(is_small, values)):
        return work(*values)
    return await in_thread(work, *values)
