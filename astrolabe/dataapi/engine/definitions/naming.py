"""Names of tables, types and indexes, and lists of columns for messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut

LONGEST_NAME = 48
"""Characters of the name of a table or a type."""

LONGEST_INDEX_NAME = 100
"""Characters of the name of an index."""

_WORD = re.compile(r"[A-Za-z0-9_]+")
_MOST_SHOWN = 40


class Named(Protocol):
    """Anything with a type's name."""

    @property
    def name(self) -> str:
        """The type's name, as messages show it."""
        ...


def check_schema_name(kind: str, name: str | None, longest: int = LONGEST_NAME) -> str:
    """Return the name of a new table, type or index that may have it.

    Raises:
        DataApiError: ``UNSUPPORTED_SCHEMA_NAME``.
    """
    if name is None or len(name) > longest or not _WORD.fullmatch(name):
        shown = cut(name) if name is not None else "(null)"
        raise data_api_error(
            "UNSUPPORTED_SCHEMA_NAME",
            f"The name '{shown}' is not supported for a {kind}: it must have 1 to "
            f"{longest} characters, each of them a letter (A-Z, a-z), a digit or an underscore.\n"
            "Choose another name and send the command again.",
        )
    return name


def with_types(columns: Mapping[str, Named], names: Iterable[str] | None = None) -> str:
    """Return columns with their types for a message, such as ``id(text), n(int)``: some, or (None) all of them."""
    wanted = list(columns if names is None else names)
    shown = [f"{cut(name)}({columns[name].name})" for name in wanted[:_MOST_SHOWN]]
    return ", ".join([*shown, "…"] if len(wanted) > _MOST_SHOWN else shown) or "[None]"
