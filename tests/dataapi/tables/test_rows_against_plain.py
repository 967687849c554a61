"""Random tables, rows, filters, sorts and updates beside a plain reference; pages see every row once, in order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from astrolabe.dataapi.engine.handlers.tables import row_reading
from tests.support.local_api import LocalDatabase, local_database
from tests.support.plain_table import COMPARE, MANY, NUMBERS, TEXTS, PlainTable, comparable

STEPS = 80
PAGE = 3


@pytest.mark.parametrize("seed", range(6))
async def test_a_table_does_what_plain_rows_do(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_reading, "PAGE_SIZE", PAGE)
    chance = random.Random(seed)  # noqa: S311 - repeatable
    async with local_database(tmp_path) as db:
        walk = Walk(db, PlainTable.of_chance(chance), chance)
        await walk.begin()
        for _ in range(STEPS):
            await walk.step()
        await walk.check({})
        assert await db.store.integrity_check() == []


class Walk:
    """One table and its plain double, changed side by side."""

    def __init__(self, db: LocalDatabase, plain: PlainTable, chance: random.Random) -> None:
        self.db = db
        self.plain = plain
        self.chance = chance
        self.indexed: set[str] = set()

    async def send(self, command: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.db.on_collection(dict(command), "t")
        assert "errors" not in answer, (command, answer)
        return answer

    async def begin(self) -> None:
        made = {"createTable": {"name": "t", "definition": self.plain.definition()}}
        assert await self.db.on_keyspace(made) == {"status": {"ok": 1}}
        for column in self.chance.sample(list(self.plain.columns), 4):
            await self.index(column)

    async def index(self, column: str) -> None:
        if column not in self.indexed | set(self.plain.key):
            self.indexed.add(column)
            await self.send({"createIndex": {"name": f"i_{column}", "definition": {"column": column}}})

    async def step(self) -> None:
        chance = self.chance
        match chance.choice(["insert", "insert", "update", "delete", "index", "find", "find", "sort"]):
            case "insert":
                rows = [self.plain.random_row(chance) for _ in range(chance.randint(1, 6))]
                await self.send({"insertMany": {"documents": rows}})
                for row in rows:
                    self.plain.insert(row)
            case "update":
                await self.update()
            case "delete":
                await self.delete()
            case "index":
                await self.index(chance.choice(list(self.plain.columns)))
            case "find":
                await self.check(self.some_filter())
            case "sort":
                await self.check_sort()

    async def update(self) -> None:
        key = self.plain.some_key(self.chance)
        columns = [name for name in self.plain.columns if name not in self.plain.key and self.chance.random() < 0.4]
        if not columns:
            return
        values = {name: self.plain.value(self.chance, name) for name in columns}
        gone = [name for name in columns if self.chance.random() < 0.3]
        update = {"$set": {name: value for name, value in values.items() if name not in gone}}
        update["$unset"] = dict.fromkeys(gone, "")
        where = {name: {"$eq": value} for name, value in key.items()}
        await self.send({"updateOne": {"filter": where, "update": update}})
        self.plain.update(key, values | dict.fromkeys(gone))

    async def delete(self) -> None:
        known = list(self.plain.rows.values())
        key = self.chance.choice(known) if known else self.plain.some_key(self.chance)
        if self.chance.random() < 0.7:
            some = {name: key[name] for name in self.plain.key}
            await self.send({"deleteOne": {"filter": some}})
        else:
            some = {name: key[name] for name in self.plain.partition}
            await self.send({"deleteMany": {"filter": some}})
        self.plain.delete(some)

    def some_filter(self) -> dict[str, Any]:
        """Return a random filter; columns of the key do not stand among alternatives."""
        chance = self.chance
        where: dict[str, Any] = {}
        if chance.random() < 0.5:
            known = list(self.plain.rows.values())
            row = chance.choice(known) if known and chance.random() < 0.8 else self.plain.some_key(chance)
            names = self.plain.key[: chance.randint(1, len(self.plain.key))]
            where = {name: {"$eq": row[name]} for name in names}
            following = self.plain.key[len(names) :]
            if following and chance.random() < 0.5:
                where[following[0]] = self.condition(following[0])
        others = [name for name in self.plain.columns if name not in self.plain.key]
        for name in chance.sample(others, chance.randint(0, 2)):
            where[name] = self.condition(name)
        if chance.random() < 0.3:
            one, other = chance.sample(others, 2)
            where["$or"] = [{one: self.condition(one)}, {other: self.condition(other)}]
        return where

    def condition(self, name: str) -> dict[str, Any]:
        chance = self.chance
        if name in MANY:
            operator = chance.choice(["$in", "$nin", "$all"])
            operands: dict[str, list[Any]] = {"l": chance.sample(NUMBERS, 2), "s": chance.sample(TEXTS, 2)}
            if name == "m":
                part = chance.choice(["$keys", "$values"])
                return {part: {operator: chance.sample(TEXTS, 2) if part == "$keys" else [1]}}
            return {operator: operands[name]}
        operator = chance.choice([*COMPARE, "$in", "$nin"])
        several = operator in {"$in", "$nin"}
        values = [self.plain.value(chance, name) for _ in range(3)]
        return {operator: values if several else values[0]}

    async def rows(self, find: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of a find, page after page."""
        found: list[dict[str, Any]] = []
        options: dict[str, Any] = {}
        while True:
            answer = await self.send({"find": {**find, "options": options}})
            found += answer["data"]["documents"]
            state = answer["data"]["nextPageState"]
            assert len(answer["data"]["documents"]) == PAGE or state is None
            if state is None:
                return found
            options = {"pageState": state}

    async def check(self, where: dict[str, Any]) -> None:
        expected = self.plain.matching(where)
        found = await self.rows({"filter": where})
        assert found == expected, where

    async def check_sort(self) -> None:
        chance = self.chance
        where = self.some_filter()
        matching = self.plain.matching(where)
        if chance.random() < 0.5 and self.plain.order and matching:
            row = chance.choice(matching)
            where = {name: {"$eq": row[name]} for name in self.plain.partition}
            turned = chance.choice([1, -1])
            sort = {name: direction * turned for name, direction in self.plain.order.items()}
            rows = self.plain.matching(where)
            assert await self.rows({"filter": where, "sort": sort}) == rows[::turned]
            return
        sort = {name: chance.choice([1, -1]) for name in chance.sample(self.plain.scalars, 2)}
        answer = await self.db.on_collection({"find": {"filter": where, "sort": sort, "options": {"limit": 1000}}}, "t")
        if "errors" in answer:
            assert answer["errors"][0]["errorCode"] == "INVALID_DATABASE_QUERY", answer
            return
        found = answer["data"]["documents"]
        assert self.plain.sorted_by(found, sort) == self.plain.sorted_by(matching, sort)
        if "sortedRowCount" in answer["status"]:
            places = [self.plain.sorted_by([row], sort)[0] for row in found]
            assert places == sorted(places)
            assert answer["status"]["sortedRowCount"] == len(matching)
        assert sorted(map(repr, map(self.plain.id_of, found))) == sorted(map(repr, map(self.plain.id_of, matching)))


def test_the_reference_orders_values_as_their_types_do() -> None:
    floats = ["NaN", 2.0, "-Infinity", 0.25, "Infinity", -1.5]
    assert sorted(floats, key=comparable) == ["-Infinity", -1.5, 0.25, 2.0, "Infinity", "NaN"]
