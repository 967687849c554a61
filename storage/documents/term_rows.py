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
from storage.lexical.analyzers import Analyzer, TermQuery
from storage.lexical.fts_terms import encoded, expression
from storage.shapes import LEXICAL_FIELD, Item, NewItem

_ROWS_AT_ONCE = 2000

_ADD = "INSERT INTO {word} (rowid, terms) VALUES (?, ?)"
_REMOVE = "INSERT INTO {word} ({word}, rowid, terms) VALUES ('delete', ?, ?)"

_QUOTED_NAME = f'"{LEXICAL_FIELD}"'


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


def word_table(tables: Tables) -> str | None:
    """Return the name of a container's table of words, or None when it has none."""
    return tables.sql("{word}") if tables.analyzer is not None else None


def lexical_text(body: str) -> str | None:
    """Return the text that a stored body is searched by, or None.

    Raises:
        CorruptStoreError: The body is not JSON.
    """
    if _QUOTED_NAME not in body:
        return None
    try:
        text = jsontext.loads(body).get(LEXICAL_FIELD)
    except (ValueError, AttributeError, RecursionError) as error:
        raise CorruptStoreError("A stored document cannot be read.") from error
    return text if isinstance(text, str) else None


async def add_words(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item]) -> None:
    """Enter the texts of new items; those without one cost nothing."""
    if tables.analyzer is not None:
        await connection.executemany(tables.sql(_ADD), _rows(tables.analyzer, items))


async def change_words(connection: aiosqlite.Connection, tables: Tables, item: Item, new: NewItem) -> None:
    """Bring the index from what an item was to what it has become."""
    if tables.analyzer is None or lexical_text(item.body) == lexical_text(new.body):
        return
    become = Item(item.seq, item.key, new.body, item.revision)
    await remove_words(connection, tables, [item])
    await add_words(connection, tables, [become])


async def remove_words(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item]) -> None:
    """Take the texts of items out, each once; their bodies must be those that are stored."""
    if tables.analyzer is not None:
        await connection.executemany(tables.sql(_REMOVE), _rows(tables.analyzer, items))


async def clear_words(connection: aiosqlite.Connection, tables: Tables) -> None:
    """Take everything out, if there is a table of words."""
    if tables.analyzer is not None:
        await connection.execute(tables.sql("INSERT INTO {word} ({word}) VALUES ('delete-all')"))


async def ranked_rows(
    connection: aiosqlite.Connection, tables: Tables, query: TermQuery
) -> AsyncGenerator[Sequence[int], None]:
    """Yield the row numbers of the matching texts, the most relevant first (BM25), then the older first."""
    if not query.terms:
        return
    sql = tables.sql("SELECT rowid FROM {word} WHERE {word} MATCH ? ORDER BY bm25({word}), rowid")
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


def _rows(analyzer: Analyzer, items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """Yield rows and their terms; they are computed on the connection's thread, while the statement runs."""
    for item in items:
        text = lexical_text(item.body)
        if text is not None:
            yield item.seq, encoded(analyzer.terms(text))
