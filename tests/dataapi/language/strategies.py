"""Random documents, filters and values, small enough to collide often and odd enough to find the corners."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from storage.filters import All, AnyOf, Comparison, Filter, Instant, Operator

NAMES = ["a", "b", "0", "1", "10", "a.b", "größe", 'q"q', "back\\slash", "x y", "nul\0", "&", "'", "\U0001f600"]
"""Field names: some that SQLite paths can spell, some that they cannot, some that are also positions."""

TEXTS = ["", "a", "b", "ab", "a\0b", "\\u0000", "'", '"', "ä", "\ud800", "\U0001f600", "1", "true", '["a"]']

NUMBERS: list[int | Decimal] = [
    0,
    1,
    -1,
    2,
    10,
    2**53,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63),
    -(2**63) - 1,
    10**40,
    *map(Decimal, ["1.0", "0.1", "0.10", "-0.0", "1E0", "1E+400", "-1E+400", "1E-400", "1E99999", "1.5"]),
    Decimal("0.1000000000000000000000000000000000000000000000000001"),
    Decimal("1.000000000000000000000000000000000000000000000000000"),
    Decimal("9007199254740992.5"),
]

UUID = "123e4567-e89b-42d3-a456-426614174000"
OBJECT_ID = "0123456789abcdef01234567"
WRAPPED: list[dict[str, Any]] = [
    {"$date": 0},
    {"$date": 1},
    {"$date": 2**63 - 1},
    {"$uuid": UUID},
    {"$objectId": OBJECT_ID},
    {"$binary": "AAAA"},
]
SCALARS: list[Any] = [None, True, False, *NUMBERS, *TEXTS, UUID, OBJECT_ID, *WRAPPED]

names = st.sampled_from(NAMES)
texts = st.sampled_from([*TEXTS, UUID, OBJECT_ID]) | st.text(max_size=3)
numbers = st.sampled_from(NUMBERS) | st.integers(-3, 3) | st.decimals(-3, 3, allow_nan=False, places=2)
scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), numbers, texts, st.sampled_from(WRAPPED), st.integers(-2, 2).map(lambda n: {"$date": n})
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
documents: st.SearchStrategy[dict[str, Any]] = st.dictionaries(names, values, min_size=1, max_size=4)


def as_operand(value: object) -> object:
    """Return a JSON value as the filter tree holds it."""
    if isinstance(value, dict) and list(value) == ["$date"]:
        return Instant(value["$date"])
    return value


def members(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every path inside a value with what lies there; wrapped values are not entered."""
    if isinstance(value, list):
        inside: list[tuple[str, Any]] = [(str(position), element) for position, element in enumerate(value)]
    elif isinstance(value, dict) and not (len(value) == 1 and next(iter(value)).startswith("$")):
        inside = list(value.items())
    else:
        return
    for name, inner in inside:
        yield (*path, name), inner
        yield from members(inner, (*path, name))


def operands_for(operator: Operator, near: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return operands that an operator takes.

    Args:
        operator: The operator.
        near: Values that are worth comparing with.
    """
    if operator in {Operator.IN, Operator.NIN, Operator.ALL, Operator.NOT_ALL}:
        least = int(operator in {Operator.ALL, Operator.NOT_ALL})
        return st.lists(near.map(as_operand), min_size=least, max_size=4).map(tuple)
    if operator in {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}:
        ordered = st.one_of(st.booleans(), numbers, texts, st.integers(-2, 2).map(Instant))
        return near.map(as_operand).filter(lambda value: not isinstance(value, dict | list | None)) | ordered
    if operator is Operator.EXISTS:
        return st.booleans()
    if operator in {Operator.SIZE, Operator.NOT_SIZE}:
        return st.integers(0, 3)
    return texts if operator in {Operator.MATCH, Operator.NOT_MATCH} else near.map(as_operand)


def filters_about(document: dict[str, Any]) -> st.SearchStrategy[Filter]:
    """Return filters whose paths and operands come from a document more often than not."""
    found = list(members(document))
    paths = st.sampled_from([path for path, _ in found]) | st.lists(names, min_size=1, max_size=3).map(tuple)
    near = st.sampled_from([value for _, value in found]) | values
    comparisons: st.SearchStrategy[Filter] = st.sampled_from(list(Operator)).flatmap(
        lambda operator: st.builds(Comparison, paths, st.just(operator), operands_for(operator, near))
    )
    return st.recursive(
        comparisons,
        lambda inner: (
            st.builds(All, st.lists(inner, max_size=3).map(tuple))
            | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        ),
        max_leaves=4,
    )


documents_with_filters: st.SearchStrategy[tuple[dict[str, Any], Filter]] = documents.flatmap(
    lambda document: st.tuples(st.just(document), filters_about(document))
)
