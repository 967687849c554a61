"""Where in a JSON file the rows are: an answer that was saved to disk has its list inside an object.

An object with an ``_id`` is a document itself. Any other that holds one list of objects, or nothing but objects that
have fields in common, is taken for what the rows are in; that is said, and can be decided otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from astrolabe.errors import LoadError
from astrolabe.loading.formats.json_rows import JsonText
from astrolabe.loading.formats.json_values import JsonReader
from astrolabe.loading.formats.rows import JsonPlace
from astrolabe.loading.formats.source import SourceFile

ITSELF = "."
"""Names the file's outermost value as the place: nothing is looked for inside it."""

_FEWEST = 2
"""Members that an object of rows has; one object inside another is a document with a nested field."""


def find_place(path: Path) -> JsonPlace | None:
    """Return where the rows of a file that begins with an object are; None where its objects are the rows.

    Reads the whole file, with no more of it in memory than its largest value; once for each state of the file, because
    a preview asks, and then the load.
    """
    found = path.stat()
    return _place_in(path, (found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=8)
def _place_in(path: Path, state: tuple[int, int, int]) -> JsonPlace | None:
    del state  # what the answer was found in
    with SourceFile(path) as source:
        text = JsonText(source, JsonReader())
        try:
            found = _look_inside(text)
            return found if not text.peek() else None  # several objects, one after the other
        except LoadError:
            return None  # told, with its place, when the rows are read


def place_at(words: str) -> JsonPlace | None:
    """Return the place that a user names, as ``data.items``; None for ``.``, the outermost value itself."""
    return None if words == ITSELF else JsonPlace(tuple(words.split(".")))


@dataclass(slots=True)
class _Members:
    """What the members of an object are: the lists of objects among them, and what its objects have in common."""

    names: list[str] = field(default_factory=list)
    lists: list[tuple[str, ...]] = field(default_factory=list)
    objects: int = 0
    common: set[str] | None = None

    def add_object(self, name: str, value: Mapping[str, Any]) -> None:
        self.objects += 1
        self.common = set(value) if self.common is None else self.common & set(value)
        self.lists += [(name, inner) for inner, held in value.items() if isinstance(held, list) and _are_rows(held)]


def _look_inside(text: JsonText) -> JsonPlace | None:
    members = _Members()
    for name in text.members():
        members.names.append(name)
        if text.peek() == "[":
            if _are_rows(_each(text)):
                members.lists.append((name,))
            continue
        value = text.value()
        if isinstance(value, dict):
            members.add_object(name, value)
    if "_id" in members.names:
        return None
    if members.objects == len(members.names) >= _FEWEST and members.common:
        return JsonPlace((), keyed=True)
    return JsonPlace(members.lists[0]) if len(members.lists) == 1 else None


def _each(text: JsonText) -> Iterator[Any]:
    for _ in text.elements():
        yield text.value()


def _are_rows(values: Any) -> bool:  # noqa: ANN401 - a list, or an iterator that has to be gone through to its end
    """Whether there are values, and all of them are objects."""
    count = objects = 0
    for value in values:
        count += 1
        objects += isinstance(value, dict)
    return 0 < count == objects
