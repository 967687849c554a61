"""Statements on the index of words: SQLite's FTS5 keeps and ranks what :mod:`storage.lexical.analyzers` makes.

The index is contentless, so that no text is stored twice. What FTS5 needs to forget a text is the text itself, which is
read from the body that the transaction is about to replace or delete; terms are a pure function of it. A change of that
function therefore needs a migration that builds the indexes anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from functools import lru_cache

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage import jsontext
from storage.documents.schema import Tables
from storage.errors import CorruptStoreError
from storage.lexical.analyzers import TermQuery
from storage.lexical.fts_terms import encoded, expression
from storage.shapes import Item, NewItem, TextSpec

_ROWS_AT_ONCE = 2000

_ADD = "INSERT INTO {word} (rowid, terms) VALUES (?, ?)"
_REMOVE = "INSERT INTO {word} ({word}, rowid, terms) VALUES ('delete', ?, ?)"


@lru_cache(maxsize=1)
def words_available() -> bool:
    """Return whether this SQLite has FTS5; nearly all have."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(terms, content='')")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def word_table(tables: Tables, name: str) -> str | None:
    """Return the name of the table of words of a text, or None when it has none."""
    spec = tables.texts.get(name)
    return tables.sql("{word}", spec.number) if spec is not None else None


def lexical_text(body: str, name: str) -> str | None:
    """Return the text of a name that a stored body is searched by, or None.

    Raises:
        CorruptStoreError: The body is not JSON.
    """
    if _quoted(name) not in body:
        return None
    try:
        text = jsontext.loads(body).get(name)
    except (ValueError, AttributeError, RecursionError) as error:
        raise CorruptStoreError("A stored document cannot be read.") from error
    return text if isinstance(text, str) else None


async def add_words(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item]) -> None:
    """Enter the texts of new items; those without one cost nothing."""
    for name, spec in tables.texts.items():
        await connection.executemany(tables.sql(_ADD, spec.number), _rows(name, spec, items))


async def change_words(connection: aiosqlite.Connection, tables: Tables, item: Item, new: NewItem) -> None:
    """Bring the indexes from what an item was to what it has become."""
    become = Item(item.seq, item.key, new.body, item.revision)
    for name, spec in tables.texts.items():
        if lexical_text(item.body, name) != lexical_text(new.body, name):
            await _remove(connection, tables, name, spec, [item])
            await connection.executemany(tables.sql(_ADD, spec.number), _rows(name, spec, [become]))


async def remove_words(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item]) -> None:
    """Take the texts of items out, each once; their bodies must be those that are stored.

    With an analyzer that reads no text nothing can be found by words, so what stays in the index harms nobody.
    """
    for name, spec in tables.texts.items():
        if not spec.analyzer.problem:
            await _remove(connection, tables, name, spec, items)


async def add_missing_words(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item]) -> None:
    """Enter the texts of items that are there already, but for those that a write has entered meanwhile."""
    for name, spec in tables.texts.items():
        entered = await _entered(connection, tables, spec, items)
        lacking = [item for item in items if item.seq not in entered]
        await connection.executemany(tables.sql(_ADD, spec.number), _rows(name, spec, lacking))


async def _remove(
    connection: aiosqlite.Connection, tables: Tables, name: str, spec: TextSpec, items: Sequence[Item]
) -> None:
    """Take texts out; while an index is building some are not in it yet, and taking those out would damage it."""
    if spec.building:
        entered = await _entered(connection, tables, spec, items)
        items = [item for item in items if item.seq in entered]
    await connection.executemany(tables.sql(_REMOVE, spec.number), _rows(name, spec, items))


async def _entered(connection: aiosqlite.Connection, tables: Tables, spec: TextSpec, items: Sequence[Item]) -> set[int]:
    sql = tables.sql("SELECT id FROM {word}_docsize WHERE id IN (SELECT value FROM json_each(?))", spec.number)
    rows = await connection.execute_fetchall(sql, (jsontext.dumps([item.seq for item in items]),))
    return {row[0] for row in rows}


async def clear_words(connection: aiosqlite.Connection, tables: Tables) -> None:
    """Take everything out of every table of words."""
    for spec in tables.texts.values():
        await connection.execute(tables.sql("INSERT INTO {word} ({word}) VALUES ('delete-all')", spec.number))


async def ranked_rows(
    connection: aiosqlite.Connection, tables: Tables, name: str, query: TermQuery
) -> AsyncGenerator[Sequence[int], None]:
    """Yield the row numbers of the matching texts of a name, the most relevant first (BM25), then the older first."""
    if not query.terms:
        return
    sql = "SELECT rowid FROM {word} WHERE {word} MATCH ? ORDER BY bm25({word}), rowid"
    sql = tables.sql(sql, tables.texts[name].number)
    async with connection.execute(sql, (expression(query),)) as cursor:
        while rows := list(await cursor.fetchmany(_ROWS_AT_ONCE)):
            yield [row[0] for row in rows]


def among(seqs: Sequence[int], allowed: NDArray[np.int64]) -> list[int]:
    """Return those row numbers that are allowed, in their order; ``allowed`` is ascending."""
    if not allowed.size:
        return []
    numbers = np.asarray(seqs, np.int64)
    places = np.minimum(np.searchsorted(allowed, numbers), allowed.size - 1)
    kept: list[int] = numbers[allowed[places] == numbers].tolist()
    return kept


def _rows(name: str, spec: TextSpec, items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """Yield rows and their terms; they are computed on the connection's thread, while the statement runs."""
    for item in items:
        text = lexical_text(item.body, name)
        if text is not None:
            yield item.seq, encoded(spec.analyzer.terms(text))


@lru_cache(maxsize=256)
def _quoted(name: str) -> str:
    """Return a name as bodies have it: bodies without it need not be read."""
    return jsontext.dumps(name)
