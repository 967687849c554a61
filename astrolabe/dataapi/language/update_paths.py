"""Places in a document that an update reads and writes: found by path, made where they are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.paths import Path, join_path
from astrolabe.dataapi.language.values import ejson_name, limit_violation, type_name
from astrolabe.errors import DataApiError
from storage.filters.matching import MISSING, as_position

MAX_PADDED = 1_000_000
"""Longest array that padding with null may make, and nulls that one document may be padded with in all; with more it
could not be stored."""


@dataclass(frozen=True, slots=True)
class UpdateTarget:
    """A member of an object or an element of an array, which need not exist yet."""

    holder: Any
    name: str | int

    def get(self) -> object:
        """Return the value there, or MISSING."""
        if isinstance(self.name, int):
            return self.holder[self.name] if self.name < len(self.holder) else MISSING
        return self.holder.get(self.name, MISSING)

    def put(self, value: object) -> None:
        """Set the value there; an array that is too short is padded with null."""
        if isinstance(self.name, int):
            missing = self.name + 1 - len(self.holder)
            if missing > 0:
                self.holder.extend([None] * missing)
        self.holder[self.name] = value

    def remove(self) -> None:
        """Remove the value there; an array keeps its length, null takes the element's place."""
        if self.get() is MISSING:
            return
        if isinstance(self.name, int):
            self.holder[self.name] = None
        else:
            del self.holder[self.name]


def find_place(document: dict[str, Any], path: Path) -> UpdateTarget | None:
    """Return the place of a path whose holder exists, or None; changes nothing."""
    holder: Any = document
    for name in path[:-1]:
        place = _member(holder, name)
        holder = MISSING if place is None else place.get()
    return _member(holder, path[-1])


def make_place(document: dict[str, Any], path: Path) -> UpdateTarget:
    """Return the place of a path, making the objects that lead to it.

    Raises:
        DataApiError: UNSUPPORTED_UPDATE_OPERATION_PATH when a value that is neither object nor array stands in the way,
            or an array is addressed by a name; SHRED_DOC_LIMIT_VIOLATION for a position far beyond an array's end.
    """
    holder: Any = document
    for depth, name in enumerate(path):
        place = _member(holder, name)
        if place is None:
            raise _blocked(path, depth, holder)
        if isinstance(place.name, int) and place.name >= MAX_PADDED:
            raise limit_violation(
                f"the position in '{join_path(path)}' is {place.name}, at most {MAX_PADDED} is allowed"
            )
        if depth == len(path) - 1:
            return place
        if place.get() is MISSING:
            place.put({})
        holder = place.get()
    raise ValueError("a path has at least one name")


class Padding:
    """Counts the nulls that arrays of one document are padded with, before they are."""

    def __init__(self) -> None:
        self._left = MAX_PADDED

    def allow(self, document: dict[str, Any], path: Path) -> None:
        """Count what putting a value at a path adds.

        Raises:
            DataApiError: SHRED_DOC_LIMIT_VIOLATION: the document would have more than :data:`MAX_PADDED`.
        """
        holder: Any = document
        for name in path:
            place = _member(holder, name)
            if place is None:
                return
            if isinstance(place.name, int) and place.name < MAX_PADDED:
                self._left -= max(place.name - len(holder), 0)
            holder = place.get()
        if self._left < 0:
            raise limit_violation(f"its arrays are padded with more than {MAX_PADDED} times null")


def _member(holder: object, name: str) -> UpdateTarget | None:
    if isinstance(holder, dict) and ejson_name(holder) is None:
        return UpdateTarget(holder, name)
    position = as_position(name)
    return UpdateTarget(holder, position) if isinstance(holder, list) and position is not None else None


def _blocked(path: Path, depth: int, holder: object) -> DataApiError:
    what = "Extended JSON" if isinstance(holder, Mapping) else type_name(holder)
    return bad_path(
        f"'{join_path(path)}' cannot be reached, because '{join_path(path[:depth])}' is {what} and has no member "
        f"'{path[depth]}'"
    )


def bad_path(problem: str) -> DataApiError:
    """Return the error for a path that an update cannot use; ``problem`` is a clause."""
    return data_api_error(
        "UNSUPPORTED_UPDATE_OPERATION_PATH",
        f"A path of the update is not valid: {problem}.\n\nCorrect the path and resend the command.",
    )


def bad_name(problem: str) -> DataApiError:
    """Return the error for a path with a name that no field may have; ``problem`` is a clause."""
    return data_api_error(
        "SHRED_BAD_FIELD_NAME",
        f"A field name is not valid: {problem}.\n\nCorrect the path and resend the command.",
    )


def copied(value: Any) -> Any:  # noqa: ANN401 - the same JSON shape as the argument
    """Return a deep copy of a JSON value whose depth is bounded."""
    if isinstance(value, Mapping):
        return {name: copied(inner) for name, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value
