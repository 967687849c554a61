"""A table as plain Python: what rows there are, which match, and in which order, without keys, indexes or SQL.

Values are compared as Python compares them, so it knows the types whose order Python shares.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.language.tables.scalars import read_scalar
from astrolabe.dataapi.language.tables.tokens import token_of
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType
from astrolabe.dataapi.protocol import JsonValue

Row = dict[str, Any]

TEXTS = ["", "a", "ab", "b", "é", "z\u0000", "Z", "ø"]
NUMBERS = [-2, -1, 0, 1, 2, 300]
FLOATS = [-1.5, 0.25, 2.0, "NaN", "Infinity", "-Infinity"]
SCALARS: Mapping[str, list[Any]] = {
    "int": NUMBERS,
    "bigint": [*NUMBERS, 2**62],
    "varint": [*NUMBERS, 10**30, -(10**30)],
    "text": TEXTS,
    "boolean": [True, False],
    "double": FLOATS,
    "date": ["2024-02-29", "1969-12-31", "1970-01-01"],
    "timestamp": ["2024-01-01T00:00:00Z", "1969-01-01T00:00:00Z", "2024-01-01T00:00:01Z"],
}
MANY: Mapping[str, Mapping[str, Any]] = {
    "l": {"type": "list", "valueType": "int"},
    "s": {"type": "set", "valueType": "text"},
    "m": {"type": "map", "keyType": "text", "valueType": "int"},
}
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda left, right: bool(left == right),
    "$ne": lambda left, right: bool(left != right),
    "$gt": lambda left, right: bool(left > right),
    "$gte": lambda left, right: bool(left >= right),
    "$lt": lambda left, right: bool(left < right),
    "$lte": lambda left, right: bool(left <= right),
}


def comparable(value: object) -> JsonValue:
    """Return what a value of a column is compared by."""
    if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"}:
        return (1, 0.0) if value == "NaN" else (0, float(value))
    if isinstance(value, float):
        return (0, value)
    if isinstance(value, str):
        return value.encode()
    return value


@dataclass
class PlainTable:
    """A table of random columns with random rows.

    Attributes:
        columns: The types of the columns.
        partition: The partition columns.
        order: The clustering columns, each with its direction.
        rows: The rows by the values of their keys.
        made_by_update: Keys of rows that were never inserted.
    """

    columns: dict[str, Any]
    partition: list[str]
    order: dict[str, int]
    rows: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    made_by_update: set[tuple[Any, ...]] = field(default_factory=set)

    @classmethod
    def of_chance(cls, chance: random.Random) -> PlainTable:
        """Return a table of one or two partition columns, up to two clustering columns, and some others."""
        names = chance.sample(list(SCALARS), 5)
        keys = [f"k{number}" for number in range(chance.randint(1, 4))]
        columns: dict[str, Any] = {name: chance.choice([one for one in SCALARS if one != "double"]) for name in keys}
        columns.update({f"c_{name}": name for name in names})
        columns.update(dict(MANY))
        split = chance.randint(1, min(2, len(keys)))
        return cls(columns, keys[:split], {name: chance.choice([1, -1]) for name in keys[split:]})

    @property
    def key(self) -> list[str]:
        """The columns of the key."""
        return [*self.partition, *self.order]

    @property
    def scalars(self) -> list[str]:
        """The columns of single values."""
        return [name for name in self.columns if name not in MANY]

    def definition(self) -> dict[str, Any]:
        """Return the definition as createTable takes it."""
        return {"columns": self.columns, "primaryKey": {"partitionBy": self.partition, "partitionSort": self.order}}

    def value(self, chance: random.Random, column: str) -> JsonValue:
        """Return a random value of a column's type; partitions are few, and so have many rows."""
        if column in MANY:
            some = chance.sample(TEXTS, 2)
            made = {"l": chance.choices(NUMBERS, k=2), "s": sorted(some, key=comparable), "m": dict.fromkeys(some, 1)}
            return made[column]
        values = SCALARS[self.columns[column]]
        return chance.choice(values[1:3] if column in self.partition else values)

    def some_key(self, chance: random.Random) -> Row:
        """Return a random key."""
        return {column: self.value(chance, column) for column in self.key}

    def random_row(self, chance: random.Random) -> Row:
        """Return a random row."""
        rest = [column for column in self.columns if column not in self.key and chance.random() < 0.7]
        return self.some_key(chance) | {column: self.value(chance, column) for column in rest}

    def id_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of a row's key."""
        return tuple(row[column] for column in self.key)

    def insert(self, row: Row) -> None:
        """Write a row over what is there."""
        found = self.rows.setdefault(self.id_of(row), {})
        found.update(row)
        self.made_by_update.discard(self.id_of(row))
        self._forget_nulls(found)

    def update(self, key: Row, values: Mapping[str, Any]) -> None:
        """Give a row values; one without any beside its key is only there if it was inserted."""
        if self.id_of(key) not in self.rows:
            self.made_by_update.add(self.id_of(key))
        found = self.rows.setdefault(self.id_of(key), dict(key))
        found.update(values)
        self._forget_nulls(found)
        if self.id_of(key) in self.made_by_update and set(found) == set(self.key):
            self.delete(key)

    def delete(self, some: Mapping[str, Any]) -> None:
        """Delete every row with these values of columns of the key."""
        for found in [row for row in self.rows.values() if all(row[name] == value for name, value in some.items())]:
            del self.rows[self.id_of(found)]
            self.made_by_update.discard(self.id_of(found))

    @staticmethod
    def _forget_nulls(row: Row) -> None:
        for name in [name for name, value in row.items() if value is None or value in ([], {})]:
            del row[name]

    def in_order(self, rows: list[Row]) -> list[Row]:
        """Return rows as a table has them: by the token of their partition, then by the clustering columns."""
        return sorted(rows, key=lambda row: (self._partition(row), self._clustering(row)))

    def _clustering(self, row: Row) -> list[Any]:
        return [_place(row[column], direction) for column, direction in self.order.items()]

    def _partition(self, row: Row) -> int:
        kinds = {column: ScalarType(Scalar(self.columns[column])) for column in self.partition}
        return token_of([(kind, read_scalar(kind.scalar, row[column])) for column, kind in kinds.items()])

    def sorted_by(self, rows: list[Row], sort: Mapping[str, int]) -> list[tuple[Any, ...]]:
        """Return what rows are compared by in a sort, in order: missing values first, or last in a descending one."""
        keys = [tuple(_place(row.get(column), direction) for column, direction in sort.items()) for row in rows]
        return sorted(keys)

    def matching(self, where: Mapping[str, Any]) -> list[Row]:
        """Return the rows that a filter lets through, in their order."""
        return self.in_order([row for row in self.rows.values() if matches(where, row)])


class _Turned:
    """A value that sorts the other way round."""

    def __init__(self, value: JsonValue) -> None:
        self.value = value

    def __lt__(self, other: _Turned) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turned) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


def _place(value: object, direction: int) -> JsonValue:
    place = (0, 0) if value is None else (1, comparable(value))
    return place if direction > 0 else _Turned(place)


def matches(where: Mapping[str, Any], row: Row) -> bool:
    """Return whether a row matches a filter."""
    for name, condition in where.items():
        if name in {"$and", "$or"}:
            inner = [matches(part, row) for part in condition]
            if not (all(inner) if name == "$and" else any(inner)):
                return False
            continue
        holds = _holds_of_many if name in MANY else _holds
        if not all(holds(row.get(name), operator, operand) for operator, operand in condition.items()):
            return False
    return True


def _holds(value: JsonValue, operator: str, operand: JsonValue) -> bool:
    if value is None:
        return False
    left = comparable(value)
    if operator in {"$in", "$nin"}:
        return (left in [comparable(one) for one in operand]) is (operator == "$in")
    return COMPARE[operator](left, comparable(operand))


def _holds_of_many(value: JsonValue, operator: str, operand: JsonValue) -> bool:
    elements: list[Any] = [list(one) for one in value.items()] if isinstance(value, dict) else list(value or [])
    if operator in {"$keys", "$values"}:
        elements = [one[0 if operator == "$keys" else 1] for one in elements]
        ((operator, operand),) = operand.items()
    has = [one in elements for one in operand]
    return {"$in": any(has), "$nin": not any(has), "$all": all(has)}[operator]
