"""Random documents, filters and values, small enough to collide often and odd enough to find the corners."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from storage.filters.tree import All, AnyOf, Comparison, Filter, Instant, Operator
from storage.lexical.analyzers import STANDARD_ANALYZER

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
documents: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda fields, lexical: {**fields, **lexical},
    st.dictionaries(names, values, min_size=1, max_size=4),
    st.fixed_dictionaries({}, optional={"$lexical": texts}),
)


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


def operand_for(operator: Operator, random: Random, near: list[Any]) -> object:
    """Return an operand that an operator takes.

    Args:
        operator: The operator.
        random: What decides.
        near: Values that are worth comparing with.
    """
    if operator in {Operator.IN, Operator.NIN, Operator.ALL, Operator.NOT_ALL}:
        least = int(operator in {Operator.ALL, Operator.NOT_ALL})
        return tuple(as_operand(random.choice(near)) for _ in range(random.randint(least, 4)))
    if operator in {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}:
        ordered = [value for value in map(as_operand, near) if not isinstance(value, dict | list | None)]
        return random.choice(ordered)
    if operator is Operator.EXISTS:
        return random.random() < 0.5
    if operator in {Operator.SIZE, Operator.NOT_SIZE}:
        return random.randint(0, 3)
    texts_only = [value for value in near if isinstance(value, str)]
    if operator in {Operator.MATCH, Operator.NOT_MATCH}:
        return STANDARD_ANALYZER.query(random.choice(texts_only))
    return random.choice(near)


def filter_about(document: dict[str, Any], random: Random, level: int = 0) -> Filter:
    """Return a filter whose paths and operands come from a document more often than not."""
    if level < 3 and random.random() < 0.3:
        parts = tuple(filter_about(document, random, level + 1) for _ in range(random.randint(0, 3)))
        return All(parts) if random.random() < 0.5 else AnyOf(parts)
    found = list(members(document))
    made_up = tuple(random.choice(NAMES) for _ in range(random.randint(1, 3)))
    path = made_up if random.random() < 0.2 else random.choice(found)[0]
    operator = random.choice(list(Operator))
    if operator in {Operator.MATCH, Operator.NOT_MATCH}:
        path = ("$lexical",)
    there = [value for place, value in found if place == path] * 20
    operand = operand_for(operator, random, [*there, *(value for _, value in found), *SCALARS, [], {}])
    return Comparison(path, operator, as_operand(operand))


documents_with_filters: st.SearchStrategy[tuple[dict[str, Any], Filter]] = st.builds(
    lambda document, random: (document, filter_about(document, random)),
    documents,
    st.randoms(use_true_random=False),
)
