"""Projections: which fields of a document are returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from astrolabe.dataapi.language.allowances import allowed
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.paths import SEPARATOR, Path, PathSyntaxError, join_path, overlapping, split_path
from astrolabe.dataapi.language.special_fields import SPECIAL_FIELDS
from astrolabe.dataapi.language.values import ejson_name, shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.matching import as_position, is_number

EVERYTHING = "*"

MAX_PATHS = 2000
"""Paths of a projection: as many as a document may have indexed fields."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of an array that ``$slice`` keeps: ``count`` elements from ``start``.

    Attributes:
        start: First position; negative counts from the end.
        count: At most so many elements; None for all that follow.
    """

    start: int
    count: int | None

    def apply(self, value: object) -> object:
        """Return the kept part of an array; other values stay whole."""
        if not isinstance(value, list):
            return value
        first = max(len(value) + self.start, 0) if self.start < 0 else self.start
        return value[first:] if self.count is None else value[first : first + self.count]


@dataclass(slots=True)
class _Node:
    """A name of the paths that a projection lists, with the names below it; a leaf has none."""

    slice: Slice | None = None
    below: dict[str, _Node] = field(default_factory=dict)
    elements: _Node | None = field(default=None, repr=False, compare=False)

    def of_elements(self) -> _Node:
        """Return the names that go for every element of an array; positions go for one, and are looked up before."""
        if self.elements is None:
            named = {name: node for name, node in self.below.items() if as_position(name) is None}
            self.elements = self if len(named) == len(self.below) and self.slice is None else _Node(below=named)
        return self.elements


@dataclass(frozen=True, slots=True)
class Projection:
    """A projection that was understood.

    Attributes:
        including: Whether only listed fields are kept; else all but the listed ones.
        with_id: Whether ``_id`` is kept.
        specials: Which of ``$vector``, ``$vectorize`` and ``$lexical`` are kept.
    """

    including: bool = False
    with_id: bool = True
    specials: frozenset[str] = frozenset()
    _listed: _Node = field(default_factory=_Node)
    _slices: _Node = field(default_factory=_Node)

    def wants(self, name: str) -> bool:
        """Return whether ``$vector``, ``$vectorize`` or ``$lexical`` is returned, so that it has to be read at all."""
        return name in self.specials

    def apply(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the projected copy of a document; parts that are kept whole are shared with it."""
        regular = {name: value for name, value in document.items() if name != "_id" and name not in SPECIAL_FIELDS}
        if self.including:
            regular = _included(regular, self._listed)
        elif self._listed.below:
            regular = _excluded(regular, self._listed)
        if self._slices.below:
            regular = _sliced(regular, self._slices)
        return {
            name: regular.get(name, value)
            for name, value in document.items()
            if name in regular or (name == "_id" and self.with_id) or name in self.specials
        }


def parse_projection(clause: object) -> Projection:
    """Read a projection clause.

    Args:
        clause: The JSON of the clause, its numbers exact; None and ``{}`` give every regular field.

    Raises:
        DataApiError: UNSUPPORTED_PROJECTION_DEFINITION or UNSUPPORTED_PROJECTION_PARAM.
    """
    if clause is None:
        return Projection()
    if not isinstance(clause, Mapping):
        raise data_api_error(
            "UNSUPPORTED_PROJECTION_DEFINITION",
            f"A projection must be an object, not {type_name(clause)}: {shown(clause)}.\n\n"
            "Correct it and resend the command.",
        )
    if EVERYTHING in clause:
        return _everything(clause)
    clause = dict(islice(_flattened(clause), MAX_PATHS + 1))
    if len(clause) > MAX_PATHS:
        raise _unsupported(f"it has more than {MAX_PATHS} paths")
    flags = {name: _flag(name, value) for name, value in clause.items() if not isinstance(value, Mapping)}
    slices = {name: _slice(name, value) for name, value in clause.items() if isinstance(value, Mapping)}
    paths = {name: _parse_path(name) for name in clause if name not in SPECIAL_FIELDS}
    _check_conflicts(list(paths.values()))
    regular = {name: kept for name, kept in flags.items() if name in paths and name != "_id"}
    including = _is_including(regular)
    listed = [paths[name] for name in (*regular, *(slices if including else ()))]
    return Projection(
        including=including,
        with_id=flags.get("_id", True),
        specials=frozenset(name for name, kept in flags.items() if name in SPECIAL_FIELDS and kept),
        _listed=_tree(dict.fromkeys(listed)),
        _slices=_tree({paths[name]: part for name, part in slices.items()}),
    )


def _everything(clause: Mapping[str, Any]) -> Projection:
    if len(clause) > 1:
        raise _unsupported(f"'{EVERYTHING}' must be the only path, and there are {len(clause)}")
    if _flag(EVERYTHING, clause[EVERYTHING]):
        return Projection(specials=SPECIAL_FIELDS)
    return Projection(including=True, with_id=False)


def _flattened(clause: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield paths with their values: ``{"o": {"k": 1}}`` says the same as ``{"o.k": 1}``.

    Raises:
        DataApiError: UNSUPPORTED_PROJECTION_PARAM.
    """
    deepest = allowed().document_depth
    if depth > deepest:
        raise _unsupported(f"its objects nest more than {deepest} deep")
    for name, value in clause.items():
        path = f"{before}{SEPARATOR}{name}" if before else name
        if not isinstance(value, Mapping) or any(inner.startswith("$") for inner in value):
            yield path, value
        elif not value:
            raise _unsupported(f"the object for '{path}' is empty")
        else:
            yield from _flattened(value, path, depth + 1)


def _is_including(regular: Mapping[str, bool]) -> bool:
    """Only regular fields decide: ``_id`` and names with ``$`` may stand beside included and excluded ones."""
    if not regular:
        return False
    kinds = set(regular.values())
    if len(kinds) > 1:
        kept = next(name for name, keep in regular.items() if keep)
        dropped = next(name for name, keep in regular.items() if not keep)
        raise _unsupported(
            f"it includes '{kept}' and excludes '{dropped}'; only '_id' and names with '$' may differ from the rest"
        )
    return kinds.pop()


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if is_number(value):
        return bool(value)
    raise _unsupported(f"the value for '{name}' must be a number, a boolean or a $slice, not {shown(value)}")


def _slice(name: str, value: Mapping[str, Any]) -> Slice:
    if list(value) != ["$slice"]:
        raise _unsupported(f"the object for '{name}' may have '$slice' and nothing else, not {shown(value)}")
    if name in SPECIAL_FIELDS or name == "_id":
        raise _unsupported(f"'$slice' cannot be used on '{name}'")
    bounds = value["$slice"]
    if _is_whole(bounds):
        return Slice(0, int(bounds)) if bounds >= 0 else Slice(int(bounds), None)
    if isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_whole, bounds)) and bounds[1] >= 0:  # noqa: PLR2004 - skip and count
        return Slice(int(bounds[0]), int(bounds[1]))
    raise _unsupported(
        f"'$slice' for '{name}' must be a whole number, or an array of two: how many to skip, and how many to keep, "
        f"which is not negative; it is {shown(bounds)}"
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _parse_path(name: str) -> Path:
    try:
        path = split_path(name)
    except PathSyntaxError as problem:
        raise _unsupported(f"the path '{name}' is not valid: {problem}") from problem
    if any(part.startswith("$") for part in path):
        raise _unsupported(f"the path '{name}' has a name that starts with '$', and only {_SPECIALS_TEXT} can be named")
    return path


_SPECIALS_TEXT = ", ".join(sorted(SPECIAL_FIELDS))


def _check_conflicts(paths: list[Path]) -> None:
    conflict = overlapping(paths)
    if conflict:
        outer, inner = map(join_path, conflict)
        raise _unsupported(f"the paths '{outer}' and '{inner}' overlap")


def _unsupported(problem: str) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_PROJECTION_PARAM",
        f"The projection is not valid: {problem}.\n\nCorrect it and resend the command.",
    )


def _tree(paths: Mapping[Path, Slice | None]) -> _Node:
    root = _Node()
    for path, part in paths.items():
        node = root
        for name in path:
            node = node.below.setdefault(name, _Node())
        node.slice = part
    return root


def _holder(value: object) -> bool:
    """Return whether a projection reaches into a value; extended JSON values are values of their own."""
    return isinstance(value, list) or (isinstance(value, Mapping) and ejson_name(value) is None)


def _included(members: Mapping[str, Any], node: _Node) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in members.items():
        below = node.below.get(name)
        if below is not None and not below.below:
            kept[name] = value
        elif below is not None and _holder(value):
            kept[name] = _included_inside(value, below)
    return kept


def _included_inside(value: Any, node: _Node) -> object:  # noqa: ANN401 - an object or an array
    if isinstance(value, Mapping):
        return _included(value, node)
    kept: list[object] = []
    every = node.of_elements()
    for position, element in enumerate(value):
        below = node.below.get(str(position))
        if below is not None and not below.below:
            kept.append(element)
        elif _holder(element) and (below is not None or every.below):
            kept.append(_included_inside(element, below or every))
        elif every.below:
            kept.append(element)  # names go for the objects of an array; its other elements stay
    return kept


def _excluded(members: Mapping[str, Any], node: _Node) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in members.items():
        below = node.below.get(name)
        if below is None:
            kept[name] = value
        elif below.below:
            kept[name] = _excluded_inside(value, below)
    return kept


def _excluded_inside(value: Any, node: _Node) -> object:  # noqa: ANN401 - any JSON value
    if not _holder(value):
        return value
    if isinstance(value, Mapping):
        return _excluded(value, node)
    kept: list[object] = []
    every = node.of_elements()
    for position, element in enumerate(value):
        below = node.below.get(str(position))
        if below is None or below.below:
            kept.append(_excluded_inside(element, below or every))
    return kept


def _sliced(members: Mapping[str, Any], node: _Node) -> dict[str, Any]:
    return {name: _sliced_inside(value, node.below.get(name)) for name, value in members.items()}


def _sliced_inside(value: object, node: _Node | None) -> object:
    if node is None or not _holder(value):
        return value
    if node.slice is not None:
        return node.slice.apply(value)
    if isinstance(value, Mapping):
        return _sliced(value, node)
    every = node.of_elements()
    elements: list[object] = value if isinstance(value, list) else []
    return [_sliced_inside(element, node.below.get(str(position), every)) for position, element in enumerate(elements)]
