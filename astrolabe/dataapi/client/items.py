"""What tells the documents of a collection, or the rows of a table, from each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from astrolabe.dataapi.client.target_info import TargetInfo

ID = "_id"


def key_fields(info: TargetInfo) -> tuple[str, ...]:
    """Return the fields that a document or row is found by: ``_id``, or the columns of the primary key in order."""
    return info.key_columns if info.is_table else (ID,)


def key_of(info: TargetInfo, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filter that one document or row alone satisfies."""
    return {name: item.get(name) for name in key_fields(info)}


def noun(info: TargetInfo, count: int = 1) -> str:
    """Return what one of them is called, or several."""
    word = "row" if info.is_table else "document"
    return word if count == 1 else f"{word}s"


def counted(info: TargetInfo, count: int) -> str:
    """Return a number of them in words, such as ``1 document`` or ``2,000 rows``."""
    return f"{count:,} {noun(info, count)}"
