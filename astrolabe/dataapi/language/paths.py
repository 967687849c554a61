"""Dotted paths of the Data API: ``a.b``, ``tags.0``, and the escapes ``&.`` and ``&&`` inside names."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

Path = tuple[str, ...]
"""A path as the names it is made of; a name of digits also addresses an array's element."""

LONGEST_PATH = 1000
"""Characters of a path; no document has a longer one."""

SEPARATOR = "."
ESCAPE = "&"


class PathSyntaxError(ValueError):
    """A path cannot be split; the message is a clause such as ``a name is empty``.

    Every clause of a command has an error code of its own for this, so the caller turns it into that.
    """


def split_path(text: str, *, gaps: bool = False) -> Path:
    """Split a dotted path into its names.

    Args:
        text: The path.
        gaps: Whether a name may be empty, as in ``a..b``. No field has such a name, so the path leads nowhere: filters,
            sorts and indexing take it for what it is, while projections and updates refuse it.

    Raises:
        PathSyntaxError: The path is empty, or one of its names where none may be; it is longer than any document's, or
            an ``&`` escapes neither ``.`` nor ``&``.
    """
    if len(text) > LONGEST_PATH:
        raise PathSyntaxError(f"it has {len(text)} characters, at most {LONGEST_PATH} are allowed")
    names: list[str] = []
    name: list[str] = []
    letters = iter(text)
    for letter in letters:
        if letter == ESCAPE:
            escaped = next(letters, "")
            if escaped not in {SEPARATOR, ESCAPE}:
                raise PathSyntaxError(f"'&' must be followed by '.' or '&', not by '{escaped}'")
            name.append(escaped)
        elif letter == SEPARATOR:
            names.append("".join(name))
            name = []
        else:
            name.append(letter)
    names.append("".join(name))
    if not all(names) and not (gaps and text):
        raise PathSyntaxError("a path must not be empty, nor one of its names" if text else "a path must not be empty")
    return tuple(names)


def escape_name(name: str) -> str:
    """Write one name as it stands in a path."""
    return name.replace(ESCAPE, ESCAPE * 2).replace(SEPARATOR, ESCAPE + SEPARATOR)


def join_path(names: Iterable[str]) -> str:
    """Write names as a dotted path; the inverse of :func:`split_path`."""
    return SEPARATOR.join(map(escape_name, names))


def overlapping(paths: Iterable[Path]) -> tuple[Path, Path] | None:
    """Return two of the paths that are equal or of which the first contains the second; None when there are none.

    Sorted, a path stands directly before the ones inside it, so that neighbours are all that has to be looked at.
    """
    ordered = sorted(paths)
    for first, second in pairwise(ordered):
        if second[: len(first)] == first:
            return first, second
    return None
