"""Rows of tables against a plain reference: what is written, found along every index, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import jsontext
from storage.documents.reshaping import Shape
from storage.documents.store import DatabaseStore
from storage.filters.tree import Comparison, Operator
from storage.lexical.analyzers import STANDARD_ANALYZER
from storage.rows import scanning
from storage.rows.shapes import (
    Every,
    HasValues,
    HasWords,
    KeyRange,
    Member,
    Part,
    RowChange,
    RowImage,
    RowQuery,
    Some,
    Undecided,
    ValueIs,
)
from storage.rows.store import RowStore
from storage.shapes import Container, ContainerKind, VectorSpec, VectorValue
from tests.support.stores import KEYSPACE, read

Body = Mapping[str, Any]

RANGES: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: lambda left, right: left > right,
    Operator.GTE: lambda left, right: left >= right,
    Operator.LT: lambda left, right: left < right,
    Operator.LTE: lambda left, right: left <= right,
    Operator.EQ: lambda left, right: left == right,
    Operator.NE: lambda left, right: left != right,
    Operator.IN: lambda left, right: left in right,
    Operator.NIN: lambda left, right: left not in right,
}


def found_by(body: Body) -> dict[str, tuple[bytes, ...]]:
    number = (bytes([body["n"]]),) if body.get("n") is not None else ()
    return {"n": number, "tags": tuple(tag.encode() for tag in sorted(set(body.get("tags", ()))))}


def image(body: Body, vector: list[float] | None = None) -> RowImage:
    vectors = {} if vector is None else {"v": VectorValue(np.array(vector, np.float32))}
    return RowImage(jsontext.dumps(dict(body)), found_by(body), vectors)


def put(key: str, body: Body, vector: list[float] | None = None) -> RowChange:
    return RowChange(key, lambda _before: image(body, vector))


@dataclass
class Table:
    store: DatabaseStore
    rows: RowStore
    container: Container
    plain: dict[str, Body] = field(default_factory=dict)

    async def write(self, *changes: tuple[str, Body]) -> None:
        await self.rows.write(self.container, [put(key, body) for key, body in changes])
        self.plain.update(dict(changes))

    async def keys(self, query: RowQuery, page: int = 1000) -> list[str]:
        """Return the keys of a query, page after page."""
        keys: list[str] = []
        after: str | None = None
        while True:
            part: list[str] = []
            async for items in self.rows.scan(self.container, query, after=after, chunk=page + 1):
                part += [item.key for item in items]
                if len(part) > page:
                    break
            keys += part[:page]
            if len(part) <= page:
                return keys
            after = keys[-1]

    def expected(self, query: RowQuery) -> list[str]:
        ranges = query.ranges or (KeyRange(),)
        keys = [
            key
            for key, body in self.plain.items()
            if any(place.low <= key and (place.high is None or key < place.high) for place in ranges)
            and (query.where is None or holds(query.where, body))
            and (query.decide is None or query.decide(body))
        ]
        return sorted(keys, reverse=query.descending)


def holds(part: Part, body: Body) -> bool:
    if isinstance(part, Every | Some):
        inner = [holds(one, body) for one in part.parts]
        return all(inner) if isinstance(part, Every) else any(inner)
    return isinstance(part, Undecided) or leaf_holds(part, body)


def leaf_holds(part: Part, body: Body) -> bool:
    match part:
        case ValueIs(_, operator, operand):
            wanted = [one[0] for one in operand] if isinstance(operand, tuple) else operand[0]
            return body.get("n") is not None and RANGES[operator](body["n"], wanted)
        case HasValues(_, values, every, negated):
            has = [value.decode() in body.get("tags", ()) for value in values]
            return (all(has) if every else any(has)) is not negated
        case HasWords(_, query):
            return isinstance(body.get("t"), str) and query.matches(body["t"])
        case Member(Comparison() as where):
            return body.get("n") is not None and RANGES[where.operator](body["n"], where.operand)
    raise AssertionError(part)


def decided_by_sql(part: Part) -> bool:
    if isinstance(part, Every | Some):
        return all(map(decided_by_sql, part.parts))
    return not isinstance(part, Undecided)


async def new_table(path: Path) -> Table:
    store = await DatabaseStore.open(path)
    await store.create_keyspace(KEYSPACE)
    made = await store.create_container(KEYSPACE, "rows", ContainerKind.TABLE, {}, {"v": VectorSpec(2)})
    shape = Shape({}, made.vectors, {"t": STANDARD_ANALYZER}, {"n": False, "tags": True}, found_by)
    return Table(store, RowStore(store), await store.change_container(made, shape))


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[Table]:
    made = await new_table(tmp_path / "database.db")
    yield made
    assert await made.store.integrity_check() == []
    await made.store.close()


KEYS = st.text(st.sampled_from("\x00ab\x7f\x80\xff"), min_size=1, max_size=3)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "n": st.none() | st.integers(0, 9),
        "tags": st.lists(st.sampled_from("xyz"), max_size=3),
        "t": st.sampled_from(["red bike", "red", "blue sea"]),
    },
)
NUMBERS = st.integers(0, 9).map(lambda number: bytes([number]))
TAGS = st.lists(st.sampled_from("xyz").map(str.encode), min_size=1, max_size=2).map(tuple)
LEAVES: st.SearchStrategy[Part] = st.one_of(
    st.builds(ValueIs, st.just("n"), st.sampled_from([*RANGES][:6]), NUMBERS),
    st.builds(
        ValueIs, st.just("n"), st.sampled_from([Operator.IN, Operator.NIN]), st.lists(NUMBERS, min_size=1).map(tuple)
    ),
    st.builds(HasValues, st.just("tags"), TAGS, st.booleans(), st.booleans()),
    st.builds(HasWords, st.just("t"), st.sampled_from(["red", "bike red", "sea"]).map(STANDARD_ANALYZER.query)),
    st.builds(
        lambda operator, number: Member(Comparison(("n",), operator, number)),
        st.sampled_from([Operator.EQ, Operator.GT, Operator.LTE]),
        st.integers(0, 9),
    ),
    st.just(Undecided()),
)
PARTS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda found: Every(tuple(found))),
        st.lists(parts, min_size=1, max_size=3).map(lambda found: Some(tuple(found))),
    ),
    max_leaves=5,
)


@st.composite
def queries(draw: st.DrawFn) -> RowQuery:
    ends = sorted(draw(st.lists(KEYS, max_size=4, unique=True)))
    ranges = tuple(KeyRange(low, high) for low, high in zip(ends[::2], ends[1::2], strict=False))
    where = draw(st.none() | PARTS)
    alone = where is None or (decided_by_sql(where) and draw(st.booleans()))
    return RowQuery(
        ranges=ranges or None,
        where=where,
        decide=None if where is None or alone else lambda body: holds(where, body),
        question=repr((ranges, where)),
        descending=draw(st.booleans()),
    )


@settings(max_examples=150, deadline=None)
@given(
    written=st.lists(st.tuples(KEYS, BODIES), max_size=25),
    asked=st.lists(queries(), min_size=1, max_size=4),
    page=st.integers(1, 5),
    few=st.sampled_from([0, 3, 2000]),
)
def test_every_query_finds_its_rows_in_order_page_by_page(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[tuple[str, Body]],
    asked: list[RowQuery],
    page: int,
    few: int,
) -> None:
    async def walk() -> None:
        table = await new_table(tmp_path_factory.mktemp("rows") / "database.db")
        try:
            await table.write(*written)
            for query in asked:
                expected = table.expected(query)
                assert await table.keys(query, page) == expected
                seqs = await scanning.matching_row_seqs(table.store.file, table.container, query)
                found = await table.store.read_rows(table.container, seqs.tolist())
                assert sorted(item.key for item in found) == sorted(expected)
            assert await table.store.integrity_check() == []
        finally:
            await table.store.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "_FEW", few)
        asyncio.run(walk())


async def test_a_row_is_written_over_and_its_indexes_follow(table: Table) -> None:
    await table.write(("a", {"n": 1, "tags": ["x"], "t": "red"}), ("b", {"n": 1}))
    await table.write(("a", {"n": 2, "tags": ["y"], "t": "blue"}))

    async def keys(part: Part) -> list[str]:
        return await table.keys(RowQuery(where=part))

    assert await keys(ValueIs("n", Operator.EQ, b"\x01")) == ["b"]
    assert await keys(HasValues("tags", (b"x",))) == []
    assert await keys(HasValues("tags", (b"y",))) == ["a"]
    assert await keys(HasWords("t", STANDARD_ANALYZER.query("blue"))) == ["a"]
    assert await keys(HasWords("t", STANDARD_ANALYZER.query("red"))) == []


async def test_changes_to_one_row_add_up_in_their_order(table: Table) -> None:
    def add(number: int) -> RowChange:
        return RowChange("a", lambda body: image({"n": (body or {"n": 0})["n"] + number}))

    await table.rows.write(table.container, [add(1), add(2), put("b", {}), RowChange("b", lambda _body: None)])
    await table.rows.write(table.container, [add(3), RowChange("c", lambda _body: None)])
    assert await table.keys(RowQuery()) == ["a"]
    [item] = await read(table.store, table.container, ["a"])
    assert item is not None
    assert jsontext.loads(item.body) == {"n": 6}


async def test_vectors_stay_until_they_are_written_or_dropped(table: Table) -> None:
    await table.rows.write(table.container, [put("a", {}, [1, 0]), put("b", {}, [0, 1])])
    await table.rows.write(table.container, [put("a", {"n": 1})])

    async def nearest(query: RowQuery | None = None) -> list[str]:
        hits = await table.rows.search(table.container, "v", np.array([1, 0], np.float32), 5, query)
        return [item.key for item in await table.store.read_rows(table.container, [hit.seq for hit in hits])]

    assert await nearest() == ["a", "b"]
    assert await nearest(RowQuery(where=ValueIs("n", Operator.EQ, b"\x01"), question="n = 1")) == ["a"]
    await table.rows.write(table.container, [RowChange("a", lambda _body: RowImage("{}", dropped=("v",)))])
    assert await nearest() == ["b"]


async def test_ranges_of_rows_are_deleted_with_everything_that_belongs_to_them(table: Table) -> None:
    await table.write(*((f"{number:04}", {"n": number % 10, "tags": ["x"], "t": "red"}) for number in range(1100)))
    await table.rows.delete(table.container, [KeyRange("0001", "1098"), KeyRange.beginning("1099")])
    assert await table.keys(RowQuery()) == ["0000", "1098"]
    assert await table.keys(RowQuery(where=HasValues("tags", (b"x",)))) == ["0000", "1098"]
    await table.rows.delete(table.container, [KeyRange()])
    assert await table.keys(RowQuery()) == []


async def test_an_index_that_is_made_later_finds_what_is_there_and_one_that_is_dropped_is_gone(table: Table) -> None:
    await table.write(*((f"{number:04}", {"n": number % 7, "tags": ["x"], "t": "red"}) for number in range(1200)))
    bare = await table.store.change_container(table.container, Shape({}, table.container.vectors))
    assert (bare.values, bare.texts) == ({}, {})
    shape = Shape({}, bare.vectors, {"t": STANDARD_ANALYZER}, {"tags": True, "n": False}, found_by)
    table.container = await table.store.change_container(bare, shape)
    sevenths = [key for key, body in table.plain.items() if body["n"] == 3]
    query = RowQuery(where=ValueIs("n", Operator.EQ, b"\x03"))
    assert await table.keys(query, 50) == sevenths
    assert len(await table.keys(RowQuery(where=HasValues("tags", (b"x",))))) == 1200
    assert len(await table.keys(RowQuery(where=HasWords("t", STANDARD_ANALYZER.query("red"))))) == 1200
