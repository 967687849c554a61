"""How large the parts of one command may be: Astra DB's sizes, unless the settings say otherwise.

The rules of the language are functions that call one another, from a whole command down to a string in an array. What
they allow is the same for all of them and is decided where a command begins, so it goes with the running task and the
threads that work for it, and not through every signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """The most that one command may bring or ask for; each is a setting of the same name.

    Attributes:
        insert_documents: Documents of one insertMany.
        document_characters: Characters of a document as JSON.
        document_depth: Objects and arrays inside one another, the document itself being the first.
        object_properties: Indexed properties of one object.
        document_properties: Indexed properties of a whole document.
        array_elements: Elements of an indexed array.
        string_bytes: Bytes of an indexed string in UTF-8.
        vector_dimension: Numbers of a vector of a collection.
        filter_comparisons: Comparisons of a filter.
        filter_values: Values of one ``$in``, ``$nin`` or ``$all`` of a collection.
        sorted_documents: From so many documents on a sort by fields is refused; of a table's rows, so many are sorted.
        found_documents: Documents or rows of a search by vector or words.
        counted_documents: Where countDocuments stops and says that there is more.
    """

    insert_documents: int = 100
    document_characters: int = 4_000_000
    document_depth: int = 16
    object_properties: int = 1000
    document_properties: int = 2000
    array_elements: int = 1000
    string_bytes: int = 8000
    vector_dimension: int = 4096
    filter_comparisons: int = 64
    filter_values: int = 100
    sorted_documents: int = 10_000
    found_documents: int = 1000
    counted_documents: int = 1000


ASTRA_LIMITS = CommandLimits()
"""Those of Astra DB."""

_allowed: ContextVar[CommandLimits] = ContextVar("allowed", default=ASTRA_LIMITS)


def allowed() -> CommandLimits:
    """Return what the command that is being carried out may bring and ask for."""
    return _allowed.get()


@contextmanager
def allowing(limits: CommandLimits) -> Iterator[None]:
    """Have the commands of this block, and the threads that it starts, kept to some limits."""
    before = _allowed.set(limits)
    try:
        yield
    finally:
        _allowed.reset(before)


def setting_of(limit: str, section: str = "limits") -> str:
    """Return how a limit is named to somebody who wants to raise it: the setting, and its variable."""
    return f"the setting '{section}.{limit}', or ASTROLABE_{section.upper()}__{limit.upper()}"
