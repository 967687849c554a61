"""Random documents and commands through the whole engine, against a plain collection; and walks over pages."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrolabe.dataapi.engine.handlers import reading
from astrolabe.dataapi.protocol import Json
from storage import jsontext
from tests.support.local_api import LocalDatabase, local_database
from tests.support.plain_collection import PlainCollection

many = settings(
    max_examples=int(os.environ.get("EXAMPLES", "120")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""``make soak`` asks for many more."""

numbers = st.integers(-2, 3) | st.sampled_from([Decimal("0.5"), Decimal("2.0"), 2**53 + 1, Decimal("1e20")])
dates = st.integers(-1, 2).map(lambda milliseconds: {"$date": milliseconds})
scalars = st.none() | st.booleans() | numbers | st.sampled_from(["", "a", "b", "Ä", "a\0"]) | dates
arrays = st.lists(scalars, max_size=3)
objects = st.dictionaries(st.sampled_from("xy"), scalars, max_size=2)
values = scalars | arrays | objects
ids = st.integers(0, 9)
documents = st.fixed_dictionaries(
    {"_id": ids},
    optional={"a": values, "b": values, "n": numbers | scalars, "l": arrays | scalars, "o": objects | scalars},
)
paths = st.sampled_from(["a", "b", "n", "l", "o", "o.x", "l.0", "none"])

ranges = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
orderable = st.booleans() | numbers | st.sampled_from(["", "a", "b"]) | dates
operators = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), values),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(values, max_size=3)),
    st.tuples(ranges, orderable),
    st.tuples(st.just("$exists"), st.booleans()),
    st.tuples(st.just("$all"), st.lists(scalars, min_size=1, max_size=2)),
    st.tuples(st.just("$size"), st.integers(0, 3)),
)
comparisons = st.dictionaries(paths, scalars | st.lists(operators, min_size=1, max_size=2).map(dict), max_size=2)
clauses = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda p: {p[0]: p[1]}
        ),
        inner.map(lambda clause: {"$not": clause}),
    ),
    max_leaves=4,
)
by_id = ids.map(lambda number: {"_id": number})
several_ids = st.lists(ids, max_size=4).map(lambda found: {"_id": {"$in": found}})
filters = clauses | by_id | several_ids | st.tuples(by_id, comparisons).map(lambda parts: parts[0] | parts[1])

sorts = st.dictionaries(paths, st.sampled_from([1, -1]), min_size=1, max_size=2)
flags = st.dictionaries(st.sampled_from(["a", "n", "l", "o.x"]), st.just(None), max_size=3)
slices = st.integers(-3, 3) | st.tuples(st.integers(-3, 3), st.integers(0, 2)).map(list)


@st.composite
def projections(draw: st.DrawFn) -> Json:
    keep = draw(st.sampled_from([0, 1]))
    clause: Json = dict.fromkeys(draw(flags), keep)
    if draw(st.booleans()):
        clause["_id"] = draw(st.sampled_from([0, 1])) if clause else 0
    if draw(st.booleans()):
        clause["l"] = {"$slice": draw(slices)}
    return clause


additions = values | st.fixed_dictionaries({"$each": st.lists(scalars, max_size=2)})
pushes = additions | st.fixed_dictionaries({"$each": arrays, "$position": st.integers(0, 3)})
arguments: dict[str, st.SearchStrategy[Any]] = {
    "$set": values,
    "$unset": st.just(""),
    "$inc": st.integers(-2, 2),
    "$mul": st.integers(-2, 2),
    "$min": values,
    "$max": values,
    "$push": pushes,
    "$addToSet": additions,
    "$pop": st.sampled_from([1, -1]),
    "$setOnInsert": scalars,
}


@st.composite
def updates(draw: st.DrawFn) -> Json:
    update: Json = {}
    for path in draw(st.lists(st.sampled_from(["a", "b", "n", "l", "o.x"]), min_size=1, max_size=3, unique=True)):
        likely = {"n": ["$inc", "$mul", "$min"], "l": ["$push", "$addToSet", "$pop"]}.get(path, list(arguments))
        operator = draw(st.sampled_from(likely) | st.sampled_from(list(arguments)))
        update.setdefault(operator, {})[path] = draw(arguments[operator])
    if draw(st.integers(0, 5)) == 0:
        taken = any("b" in changed for changed in update.values())
        update["$rename"] = {"no": "thing"} if taken else {"b": "renamed"}
    return update


@st.composite
def finds(draw: st.DrawFn) -> Json:
    body: Json = {"filter": draw(filters), "projection": draw(projections())}
    options: Json = {"limit": draw(st.integers(1, 6))} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        body["sort"] = draw(sorts)
        options |= {"skip": draw(st.integers(0, 3))}
    return {"find": body | {"options": options}}


@st.composite
def changes(draw: st.DrawFn) -> Json:
    verb = draw(st.sampled_from(["updateOne", "updateMany", "findOneAndUpdate"]))
    body: Json = {"filter": draw(filters), "update": draw(updates())}
    if verb == "updateMany":
        return {verb: body}
    if draw(st.booleans()):
        body["sort"] = draw(sorts)
    if verb == "findOneAndUpdate" and draw(st.booleans()):
        body["options"] = {"returnDocument": "after"}
    elif draw(st.integers(0, 3)) == 0:
        body |= {"filter": draw(by_id), "options": {"upsert": True}}
    return {verb: body}


@st.composite
def deletions(draw: st.DrawFn) -> Json:
    verb = draw(st.sampled_from(["deleteOne", "deleteMany", "findOneAndDelete"]))
    body: Json = {"filter": draw(filters)}
    if verb != "deleteMany" and draw(st.booleans()):
        body["sort"] = draw(sorts)
    return {verb: body}


inserts = st.builds(
    lambda several, ordered: {"insertMany": {"documents": several, "options": {"ordered": ordered}}},
    st.lists(documents, min_size=1, max_size=6),
    st.booleans(),
)
counts = filters.map(lambda clause: {"countDocuments": {"filter": clause}})
commands = st.lists(finds() | finds() | changes() | changes() | counts | deletions() | inserts, min_size=1, max_size=6)


class Engine:
    """A database with a collection ``docs``, for tests that are not coroutines."""

    def __init__(self, runner: asyncio.Runner, db: LocalDatabase) -> None:
        self._runner = runner
        self._db = db

    def send(self, command: Json) -> Json:
        """Return the answer."""
        return self._runner.run(self._db.on_collection(command))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with asyncio.Runner() as runner:
        context = local_database(tmp_path_factory.mktemp("properties"))
        db = runner.run(context.__aenter__())
        runner.run(db.create())
        yield Engine(runner, db)
        runner.run(context.__aexit__(None, None, None))


def counted(answer: Json) -> str:
    """Return an answer as text, with the number of errors in place of the errors."""
    shown = {member: len(value) if member == "errors" else value for member, value in answer.items()}
    if "errors" in shown and not {"insertedIds", "matchedCount"} & set(answer.get("status", ())):
        shown.pop("status", None)
    return jsontext.dumps(dict(sorted(shown.items())))


@many
@given(st.lists(documents, max_size=10, unique_by=lambda document: document["_id"]), commands)
def test_commands_do_what_the_plain_collection_does(engine: Engine, first: list[Json], sent: list[Json]) -> None:
    plain = PlainCollection()
    engine.send({"deleteMany": {}})
    beginning: list[Json] = [{"insertMany": {"documents": first, "options": {"ordered": True}}}] if first else []
    for command in [*beginning, *sent, {"find": {}}]:
        expected = jsontext.dumps(dict(sorted(plain.answer(command).items())))
        assert counted(engine.send(command)) == expected, command


steps = st.lists(
    st.tuples(st.just("page"), st.just(0))
    | st.tuples(st.just("insert"), st.integers(1, 6))
    | st.tuples(st.just("delete"), st.integers(0, 40))
    | st.tuples(st.just("update"), st.integers(0, 40)),
    max_size=14,
)


class Walk:
    """A walk over pages of four documents, and what happens to the documents meanwhile."""

    def __init__(self, engine: Engine, clause: Json) -> None:
        self._engine = engine
        self._clause = clause
        self._state: str | None = None
        self.seen: list[int] = []
        self.ended = False
        self.touched: set[int] = set()
        self.alive: list[int] = []

    def page(self) -> None:
        """Read the next page."""
        if self.ended:
            return
        options = {} if self._state is None else {"pageState": self._state}
        answer = self._engine.send({"find": {"filter": self._clause, "options": options}})
        self.seen += [document["_id"] for document in answer["data"]["documents"]]
        self._state = answer["data"]["nextPageState"]
        self.ended = self._state is None

    def insert(self, count: int) -> None:
        """Add documents behind all others."""
        first = max([*self.alive, *self.touched, *self.seen], default=-1) + 1
        new = [{"_id": number, "even": number % 2 == 0} for number in range(first, first + count)]
        self._engine.send({"insertMany": {"documents": new}})
        self.alive += range(first, first + count)
        if self.ended:
            self.touched |= set(range(first, first + count))

    def delete(self, place: int) -> None:
        """Delete a document, wherever the walk is."""
        if place < len(self.alive):
            number = self.alive.pop(place)
            self.touched.add(number)
            self._engine.send({"deleteOne": {"filter": {"_id": number}}})

    def update(self, place: int) -> None:
        """Change a document, which keeps its place and matches as before."""
        if place < len(self.alive):
            number = self.alive[place]
            self._engine.send({"updateOne": {"filter": {"_id": number}, "update": {"$inc": {"times": 1}}}})


@many
@given(st.integers(0, 25), st.sampled_from([{}, {"even": True}]), steps)
def test_a_walk_sees_every_document_once_whatever_happens_meanwhile(
    engine: Engine, size: int, clause: Json, taken: list[tuple[str, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "PAGE_SIZE", 4)
        engine.send({"deleteMany": {}})
        walk = Walk(engine, clause)
        if size:
            walk.insert(size)
        for step, number in taken:
            walk.page() if step == "page" else getattr(walk, step)(number)
        while not walk.ended:
            walk.page()
    assert len(set(walk.seen)) == len(walk.seen)
    wanted = [number for number in walk.alive if number not in walk.touched and (not clause or number % 2 == 0)]
    assert [number for number in walk.seen if number in wanted] == wanted
