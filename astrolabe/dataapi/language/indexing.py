"""Which fields of a collection are indexed: ``indexing.allow`` or ``indexing.deny`` of createCollection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.paths import Path, PathSyntaxError, split_path
from astrolabe.dataapi.language.special_fields import SPECIAL_FIELDS, VECTOR
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.matching import as_position

MAX_RULES = 1000
"""Paths that the option of a new collection may list."""

_EVERYTHING: Path = ("*",)


@dataclass(frozen=True, slots=True)
class IndexingRules:
    """What is indexed; without rules everything is.

    Attributes:
        allow: Only these paths and what lies inside them; None when the rule is a deny list.
        deny: These paths and what lies inside them are not; None when the rule is an allow list. ``("*",)`` in either
            list stands for every field, ``_id`` included.
    """

    allow: frozenset[Path] | None = None
    deny: frozenset[Path] | None = None

    def indexes(self, path: Path) -> bool:
        """Return whether the field at ``path`` is indexed.

        Positions of array elements do not matter: a rule for ``tags.name`` covers ``tags.0.name`` too.
        """
        if path[0] in SPECIAL_FIELDS:
            return True
        if self.allow is not None:
            return _covers(self.allow, path)
        return self.deny is None or not _covers(self.deny, path)

    def denies(self, path: Path) -> bool:
        """Return whether a deny list names the field at ``path`` or all fields, special ones included."""
        return self.deny is not None and _covers(self.deny, path)


def _covers(rules: frozenset[Path], path: Path) -> bool:
    """Look for what begins the path, not for what each rule begins: there are more rules than names in a path."""
    if _EVERYTHING in rules or any(path[:end] in rules for end in range(1, len(path) + 1)):
        return True
    names = tuple(name for name in path if as_position(name) is None)
    return len(names) < len(path) and any(names[:end] in rules for end in range(1, len(names) + 1))


def parse_indexing(definition: object, *, most: int | None = MAX_RULES) -> IndexingRules:
    """Read the ``indexing`` option of createCollection; None or an empty list gives the rules of a collection without.

    Args:
        definition: The option.
        most: How many paths it may have; None for any number, of a definition that was stored when there was no limit.

    Raises:
        DataApiError: INVALID_INDEXING_DEFINITION.
    """
    if definition is None:
        return IndexingRules()
    if not isinstance(definition, Mapping) or not set(definition) <= {"allow", "deny"}:
        raise _invalid(f"it must be an object with 'allow' or 'deny', not {shown(definition)}")
    given = {name: paths for name, paths in definition.items() if paths is not None}
    if len(given) != 1:
        raise _invalid(f"it needs exactly one of 'allow' and 'deny', and has {len(given)}")
    ((name, paths),) = given.items()
    rules = _parse_list(name, paths, most)
    if not rules:
        return IndexingRules()
    return IndexingRules(allow=rules) if name == "allow" else IndexingRules(deny=rules)


def _parse_list(name: str, paths: object, most: int | None) -> frozenset[Path]:
    if not isinstance(paths, list):
        raise _invalid(f"'{name}' must be an array of paths, not {shown(paths)}")
    if most is not None and len(paths) > most:
        raise _invalid(f"'{name}' has {len(paths)} paths, at most {most} are allowed")
    rules: set[Path] = set()
    for path in paths:
        rule = _parse_rule(name, path)
        if rule in rules:
            raise _invalid(f"'{name}' has the path '{path}' more than once")
        rules.add(rule)
    return frozenset(rules)


def _parse_rule(name: str, path: object) -> Path:
    if not isinstance(path, str):
        raise _invalid(f"the paths of '{name}' must be strings, not {type_name(path)}")
    try:
        rule = split_path(path, gaps=True)
    except PathSyntaxError as problem:
        raise _invalid(f"the path '{path}' of '{name}' is not valid: {problem}") from problem
    if path.startswith("$") and path != VECTOR:
        raise _invalid(f"the path '{path}' of '{name}' starts with '$', which only '$vector' may")
    return rule


def _invalid(problem: str) -> DataApiError:
    return data_api_error(
        "INVALID_INDEXING_DEFINITION",
        f"The 'indexing' option of createCollection is not valid: {problem}.\n\nCorrect it and resend the command.",
    )
