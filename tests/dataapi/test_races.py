"""Commands beside other writers: what was read is written only if it is still as it was read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
import pytest_asyncio

from astrolabe.dataapi.protocol import Json
from storage import jsontext
from storage.documents.store import DatabaseStore
from storage.shapes import Container, ContainerKind, Item, NewItem
from tests.support.local_api import KEYSPACE, LocalDatabase, codes, message
from tests.support.stores import read

Interference = Callable[[DatabaseStore, Container, Item], Awaitable[None]]


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    await db.create()
    await db.insert({"_id": "a", "n": 1}, {"_id": "b", "n": 1})
    return db


def interfere(
    db: LocalDatabase, monkeypatch: pytest.MonkeyPatch, interference: Interference, *, times: int = 1
) -> list[str]:
    """Let somebody else act on a document right before it is replaced or deleted; returns the keys it happened to."""
    happened: list[str] = []
    replace, delete = db.store.replace, db.store.delete

    async def act(container: Container, item: Item) -> None:
        if len(happened) < times:
            happened.append(item.key)
            await interference(db.store, container, item)

    async def replace_later(container: Container, item: Item, new: NewItem) -> bool:
        await act(container, item)
        return await replace(container, item, new)

    async def delete_later(container: Container, unwanted: Sequence[Item]) -> int:
        for item in unwanted:
            await act(container, item)
        return await delete(container, unwanted)

    monkeypatch.setattr(db.store, "replace", replace_later)
    monkeypatch.setattr(db.store, "delete", delete_later)
    return happened


def set_n(value: int) -> Interference:
    async def change(store: DatabaseStore, container: Container, item: Item) -> None:
        [current] = await read(store, container, [item.key])
        assert current is not None
        body = jsontext.loads(current.body) | {"n": value, "seen": True}
        await DatabaseStore.replace(store, container, current, NewItem(item.key, jsontext.dumps(body)))

    return change


async def remove(store: DatabaseStore, container: Container, item: Item) -> None:
    await DatabaseStore.delete(store, container, [item])


async def touch(store: DatabaseStore, container: Container, item: Item) -> None:
    [current] = await read(store, container, [item.key])
    if current is not None:
        body = jsontext.loads(current.body)
        await DatabaseStore.replace(
            store, container, current, NewItem(item.key, jsontext.dumps(body | {"t": body.get("t", 0) + 1}))
        )


async def test_an_update_starts_again_from_what_is_there_now(
    docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = interfere(docs, monkeypatch, set_n(10))
    answer = await docs.on_collection({"updateOne": {"filter": {"_id": "a"}, "update": {"$inc": {"n": 1}}}})
    assert answer == {"status": {"matchedCount": 1, "modifiedCount": 1}}
    assert happened == ["s:a"]
    assert (await docs.documents())[0] == {"_id": "a", "n": 11, "seen": True}


async def test_update_many_leaves_what_matches_no_longer(docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    interfere(docs, monkeypatch, set_n(5))
    answer = await docs.on_collection({"updateMany": {"filter": {"n": 1}, "update": {"$set": {"hit": True}}}})
    assert answer == {"status": {"matchedCount": 1, "modifiedCount": 1}}
    assert await docs.documents() == [{"_id": "a", "n": 5, "seen": True}, {"_id": "b", "n": 1, "hit": True}]


async def test_update_many_passes_over_what_is_gone(docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    interfere(docs, monkeypatch, remove)
    answer = await docs.on_collection({"updateMany": {"filter": {}, "update": {"$set": {"hit": True}}}})
    assert answer == {"status": {"matchedCount": 1, "modifiedCount": 1}}


async def test_update_many_changes_what_still_matches(docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    interfere(docs, monkeypatch, touch, times=2)
    answer = await docs.on_collection({"updateMany": {"filter": {"n": 1}, "update": {"$inc": {"n": 1}}}})
    assert answer == {"status": {"matchedCount": 2, "modifiedCount": 2}}
    assert (await docs.documents())[0] == {"_id": "a", "n": 2, "t": 2}


@pytest.mark.parametrize(
    "command",
    [
        {"updateOne": {"filter": {"_id": "a"}, "update": {"$set": {"n": 2}}}},
        {"updateMany": {"filter": {"_id": "a"}, "update": {"$set": {"n": 2}}}},
        {"deleteOne": {"filter": {"_id": "a"}}},
        {"findOneAndDelete": {"filter": {"_id": "a"}}},
    ],
    ids=lambda command: next(iter(command)),
)
async def test_a_document_that_never_rests_is_given_up(
    docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch, command: Json
) -> None:
    happened = interfere(docs, monkeypatch, touch, times=1000)
    answer = await docs.on_collection(command)
    assert codes(answer) == ["TIMEOUT_WRITING_DATA"]
    assert "20 attempts" in message(answer)
    assert len(happened) == 20
    assert len(await docs.documents()) == 2


async def test_delete_many_says_that_there_is_more_when_it_gives_up(
    docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def touch_a(store: DatabaseStore, container: Container, item: Item) -> None:
        if item.key == "s:a":
            await touch(store, container, item)

    interfere(docs, monkeypatch, touch_a, times=1000)
    answer = await docs.on_collection({"deleteMany": {"filter": {"n": 1}}})
    assert answer == {"status": {"deletedCount": 1, "moreData": True}}


async def test_delete_many_looks_again_at_what_was_changed(
    docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfere(docs, monkeypatch, set_n(2))
    assert await docs.on_collection({"deleteMany": {"filter": {"n": 1}}}) == {"status": {"deletedCount": 1}}
    assert await docs.documents() == [{"_id": "a", "n": 2, "seen": True}]


@pytest.mark.parametrize(
    ("dimension", "expected"), [(2, []), (3, ["EXISTING_COLLECTION_DIFFERENT_SETTINGS"])], ids=["same", "different"]
)
async def test_a_collection_that_another_program_creates_at_the_same_moment(
    db: LocalDatabase, monkeypatch: pytest.MonkeyPatch, dimension: int, expected: list[str]
) -> None:
    create_container = db.store.create_container
    definition = {
        "vector": {"dimension": dimension, "metric": "cosine", "sourceModel": "other"},
        "lexical": {"enabled": False},
        "rerank": {"enabled": False},
    }

    async def second(*_: object, **__: object) -> Container:
        await create_container(KEYSPACE, "docs", ContainerKind.COLLECTION, definition, {})
        return await create_container(KEYSPACE, "docs", ContainerKind.COLLECTION, definition, {})

    monkeypatch.setattr(db.store, "create_container", second)
    command = {"createCollection": {"name": "docs", "options": {"vector": {"dimension": 2}}}}
    assert codes(await db.on_keyspace(command)) == expected
