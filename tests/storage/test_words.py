"""The index of words on a real file: what is found, in which order, and that it never falls behind the documents."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import jsontext
from storage.documents.schema import MIGRATIONS, Tables
from storage.documents.store import DatabaseStore
from storage.documents.term_rows import words_available
from storage.filters.tree import All, AnyOf, Comparison, Filter, Operator
from storage.lexical.analyzers import STANDARD_ANALYZER, read_analyzer
from storage.shapes import Container, ContainerKind, Item, NewItem
from tests.support.stores import KEYSPACE, all_keys, insert, new_collection, new_item

LEXICAL = ("$lexical",)


@pytest.fixture
async def texts(store: DatabaseStore) -> Container:
    """Return an empty collection with an index of words."""
    return await new_collection(store, "texts", analyzer=STANDARD_ANALYZER)


def text_item(key: str, text: str | None, **fields: object) -> NewItem:
    """Return an item with a lexical text; None for one without."""
    return NewItem(key, jsontext.dumps({"_id": key, **fields, **({} if text is None else {"$lexical": text})}))


async def enter(store: DatabaseStore, container: Container, **texts: str | None) -> dict[str, Item]:
    """Insert items by key and lexical text; None for an item without one."""
    new = [text_item(key, text) for key, text in texts.items()]
    return {item.key: item for item in await insert(store, container, *new)}


async def found(
    store: DatabaseStore, container: Container, query: str, k: int = 1000, where: Filter | None = None
) -> list[str]:
    [analyzer] = [text.analyzer for text in container.texts.values()]
    seqs = await store.search_words(container, analyzer.query(query), k, where)
    return [item.key for item in await store.read_rows(container, seqs)]


def match(query: str, operator: Operator = Operator.MATCH) -> Comparison:
    return Comparison(LEXICAL, operator, STANDARD_ANALYZER.query(query))


def test_this_sqlite_has_an_index_of_words() -> None:
    assert words_available()


async def test_every_word_has_to_be_there(store: DatabaseStore, texts: Container) -> None:
    await enter(store, texts, a="the red bicycle", b="a red car", c="bicycle, RED", d=None, e="")
    assert await found(store, texts, "red bicycle") == ["c", "a"]
    assert await found(store, texts, "car") == ["b"]
    assert await found(store, texts, "blue") == []
    assert await found(store, texts, "...") == []


async def test_the_most_relevant_comes_first_and_then_the_oldest(store: DatabaseStore, texts: Container) -> None:
    filler = {f"f{n}": f"nothing of that kind {n}" for n in range(10)}
    await enter(store, texts, long="tree and a lot of other words besides", same1="tree", same2="tree", **filler)
    await enter(store, texts, twice="tree tree")
    assert await found(store, texts, "tree") == ["twice", "same1", "same2", "long"]
    assert await found(store, texts, "tree", k=2) == ["twice", "same1"]


async def test_a_filter_narrows_a_search(store: DatabaseStore, texts: Container) -> None:
    new = [text_item(f"{n:02}", "tree " * (1 + n % 3), n=n) for n in range(50)]
    await insert(store, texts, *new)
    few = Comparison(("n",), Operator.LT, 6)
    assert await found(store, texts, "tree", where=few) == ["02", "05", "01", "04", "00", "03"]
    assert await found(store, texts, "tree", k=3, where=few) == ["02", "05", "01"]
    assert await found(store, texts, "tree", where=AnyOf(())) == []
    seqs = await store.search_words(texts, STANDARD_ANALYZER.query("tree"), 5, keys=["07", "nobody"])
    assert [item.key for item in await store.read_rows(texts, seqs)] == ["07"]


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        (match("red"), ["a", "b"]),
        (match("red bicycle"), ["a"]),
        (match("red", Operator.NOT_MATCH), ["c", "d"]),
        (match("!"), []),
        (match("!", Operator.NOT_MATCH), ["a", "b", "c", "d"]),
        (All((match("red"), Comparison(("n",), Operator.EQ, 2))), ["b"]),
        (AnyOf((match("blue"), Comparison(("tags",), Operator.EQ, ["x", "y"]))), ["a", "c"]),
        (All((match("red"), Comparison(("tags",), Operator.NE, ["x", "y"]))), ["b"]),
    ],
)
async def test_filters_by_words_count_scan_and_agree(
    store: DatabaseStore, texts: Container, where: Filter, keys: list[str]
) -> None:
    await insert(
        store,
        texts,
        text_item("a", "Red bicycle", n=1, tags=["x", "y"]),
        text_item("b", "red car", n=2, tags=["y", "x"]),
        text_item("c", "blue", n=3),
        new_item("d", n=4),
    )
    assert [item.key async for items in store.scan(texts, where) for item in items] == keys
    assert await store.count(texts, where) == len(keys)


async def test_the_index_follows_every_change(store: DatabaseStore, texts: Container) -> None:
    items = await enter(store, texts, a="red", b="red", c="red", d="red", e=None)
    assert await store.replace(texts, items["a"], text_item("a", "blue"))
    assert await store.replace(texts, items["b"], new_item("b"))
    assert await store.replace(texts, items["e"], text_item("e", "blue"))
    assert not await store.replace(texts, items["a"], new_item("a"))
    assert await store.delete(texts, [items["c"], items["c"], items["b"]]) == 1
    assert await found(store, texts, "red") == ["d"]
    assert await found(store, texts, "blue") == ["a", "e"]
    assert await store.integrity_check() == []
    await store.truncate(texts)
    assert await found(store, texts, "red") == []
    await enter(store, texts, f="red")
    assert await found(store, texts, "red") == ["f"]
    assert await store.integrity_check() == []


async def test_a_key_that_is_taken_leaves_no_words(store: DatabaseStore, texts: Container) -> None:
    await enter(store, texts, a="red")
    assert await store.insert(texts, [text_item("a", "blue")]) == [None]
    assert await found(store, texts, "blue") == []


async def test_dropping_takes_the_index_along(store: DatabaseStore, texts: Container, tmp_path: Path) -> None:
    await enter(store, texts, a="red")
    assert await store.drop_container(texts)
    other = await new_collection(store, "other", analyzer=STANDARD_ANALYZER)
    await store.drop_keyspace(KEYSPACE)
    await store.close()
    with sqlite3.connect(tmp_path / "database.db") as connection:
        left = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'word%'").fetchall()
    connection.close()
    assert (left, other.id) == ([], texts.id + 1)


async def test_an_analyzer_comes_back_as_it_was_chosen(tmp_path: Path) -> None:
    definition = {"tokenizer": {"name": "standard"}, "filters": [{"name": "lowercase"}, {"name": "porterstem"}]}
    for name, chosen in (("english", "english"), ("parts", definition)):
        store = await DatabaseStore.open(tmp_path / "database.db")
        made = await new_collection(store, name, analyzer=read_analyzer(chosen))
        await enter(store, made, a="running runners", b="rune")
        await store.close()
        store = await DatabaseStore.open(tmp_path / "database.db")
        again = await store.container(KEYSPACE, name)
        assert again == made
        assert await found(store, again, "Run") == ["a"]
        await store.close()


async def test_two_programs_see_each_others_words(tmp_path: Path) -> None:
    one = await DatabaseStore.open(tmp_path / "database.db")
    made = await new_collection(one, analyzer=STANDARD_ANALYZER)
    other = await DatabaseStore.open(tmp_path / "database.db")
    items = await enter(one, made, a="red")
    assert await found(other, made, "red") == ["a"]
    assert await other.delete(made, [items["a"]]) == 1
    assert await found(one, made, "red") == []
    await one.close()
    await other.close()


async def test_a_store_of_before_gets_its_column_and_no_index(tmp_path: Path) -> None:
    path = tmp_path / "database.db"
    with sqlite3.connect(path) as old:
        for statement in MIGRATIONS[0].statements:
            old.execute(statement)
        old.execute("INSERT INTO keyspace VALUES ('k')")
        old.execute("INSERT INTO container VALUES (1, 'k', 'old', 'collection', '{}', '{}', 7, 0)")
        old.execute(
            Tables(1).sql("CREATE TABLE {item} (seq INTEGER PRIMARY KEY, key TEXT UNIQUE, body TEXT, revision)")
        )
        old.execute(
            Tables(1).sql("CREATE TABLE {vector} (id INTEGER PRIMARY KEY, name, seq, revision, form, text, data)")
        )
        old.execute(Tables(1).sql("CREATE TABLE {removal} (name, revision, seq)"))
        old.execute("PRAGMA user_version = 1")
    old.close()
    store = await DatabaseStore.open(path)
    container = await store.container("k", "old")
    assert container == Container(1, "k", "old", ContainerKind.COLLECTION, {})
    await insert(store, container, text_item("a", "red"))
    assert [item.key async for items in store.scan(container, match("red")) for item in items] == ["a"]
    assert await store.integrity_check() == []
    await store.close()


async def test_an_index_that_has_fallen_behind_is_reported(tmp_path: Path) -> None:
    store = await DatabaseStore.open(tmp_path / "database.db")
    made = await new_collection(store, analyzer=STANDARD_ANALYZER)
    await enter(store, made, a="red", b=None)
    with sqlite3.connect(tmp_path / "database.db") as other:
        bodies = dict(other.execute("SELECT seq, body FROM item_1").fetchall())
        other.execute("UPDATE item_1 SET body = CASE seq WHEN 1 THEN ? ELSE ? END", (bodies[2], bodies[1]))
    other.close()
    surplus, lacking = await store.integrity_check()
    assert f"{KEYSPACE}/books: the index of words has row 1" in surplus
    assert f"{KEYSPACE}/books: the index of words lacks row 2" in lacking
    await store.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("words") / "database.db"


SYNTAX = [
    '"',
    "'",
    "*",
    "^",
    "(",
    ")",
    "NEAR(",
    "AND",
    "OR",
    "NOT",
    "terms:",
    "-",
    "+",
    "{a b}:",
    ";--",
    "\0",
    "\ud800",
]
words = st.text(st.characters(whitelist_categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.sampled_from(SYNTAX), st.text(max_size=12), words), max_size=8).map(" ".join),
    st.lists(words, min_size=1, max_size=6),
    st.data(),
)
async def test_any_text_may_be_asked_and_every_word_is_found(
    shared: Path, anything: str, written: list[str], data: st.DataObject
) -> None:
    store = await DatabaseStore.open(shared)
    try:
        made = await store.container(KEYSPACE, "books") or await new_collection(store, analyzer=STANDARD_ANALYZER)
        await store.truncate(made)
        await enter(store, made, a=" ".join(written), b=anything, c=None)
        word = data.draw(st.sampled_from(written))
        assert "a" in await found(store, made, word)
        assert "a" in await found(store, made, " ".join(written))
        assert ("b" in await found(store, made, anything)) == bool(STANDARD_ANALYZER.terms(anything))
        assert await store.count(made, match(anything)) == len(await found(store, made, anything))
        assert await store.integrity_check() == []
    finally:
        await store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from storage.documents.store import DatabaseStore
from tests.support.stores import KEYSPACE, new_item

async def main():
    store = await DatabaseStore.open(Path(sys.argv[1]))
    books = await store.container(KEYSPACE, "books")
    for batch in range(100000):
        new = [new_item(f"{batch}-{n}", **{"$lexical": f"batch{batch} all " * 20}) for n in range(10)]
        written = await store.insert(books, new)
        await store.delete(books, written[:2])
        await store.replace(books, written[2], new_item(written[2].key, **{"$lexical": "all other"}))
        print(batch, flush=True)

asyncio.run(main())
"""


async def test_a_writer_that_is_killed_leaves_the_index_as_the_documents_are(tmp_path: Path) -> None:
    path = tmp_path / "database.db"
    store = await DatabaseStore.open(path)
    await new_collection(store, analyzer=STANDARD_ANALYZER)
    await store.close()
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert writer.stdout is not None
    for _ in range(12):
        await writer.stdout.readline()
    writer.kill()
    await writer.communicate()
    store = await DatabaseStore.open(path)
    books = await store.container(KEYSPACE, "books")
    assert books is not None
    assert sorted(await found(store, books, "all", k=10_000)) == sorted(await all_keys(store, books))
    assert await store.count(books, match("batch3")) == 7
    assert await store.integrity_check() == []
    await store.close()
