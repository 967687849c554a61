"""Statements on items; each function runs inside a reader's or a transaction's block."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from storage import jsontext
from storage.documents.containers import shorten_log, touch
from storage.documents.schema import Tables
from storage.documents.term_rows import add_words, change_words, remove_words
from storage.documents.vector_rows import insert_vectors, remove_vectors, replace_vectors
from storage.filters.json_sql import Parameter
from storage.gil_yield import give_way, in_turns
from storage.shapes import Container, Item, NewItem

KEYS_PER_STATEMENT = 500
"""Keys are passed as parameters, not as JSON, because SQLite ends a JSON string at the first ``\\u0000``."""

FIRST_BATCH = 64
"""Rows fetched in the first step: most scans want few."""

_LARGEST_BATCH = 250
"""Rows fetched in one step: less than a millisecond."""

BATCH_BYTES = 16 << 20
"""Bytes of bodies after which a chunk ends early: memory stays bounded with bodies of megabytes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over the columns of an item's table.

    Attributes:
        sql: Our own text, never from a request; binds at least as strongly as a comparison.
        parameters: The values of its placeholders.
    """

    sql: str
    parameters: tuple[Parameter, ...] = ()

    def also(self, other: Condition) -> Condition:
        """Return the condition that both hold."""
        if EVERYTHING in (self, other):
            return other if self == EVERYTHING else self
        return Condition(f"{self.sql} AND {other.sql}", (*self.parameters, *other.parameters))


EVERYTHING = Condition("(1)")
"""What every item satisfies."""

NOTHING = Condition("(0)")
"""What no item satisfies."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may match a filter.

    Attributes:
        item: The item.
        certain: SQL has decided that it matches.
    """

    item: Item
    certain: bool


async def insert_items(
    connection: aiosqlite.Connection, container: Container, items: Sequence[NewItem], *, ordered: bool = False
) -> list[Item | None]:
    """Insert what is new; None stands where the key is taken, by a stored item or an earlier one of the list.

    With ``ordered`` nothing after the first taken key is inserted; None stands there too.
    """
    ticket, tables = await touch(connection, container, seqs=len(items)), Tables.of(container)
    taken = {key for key, _ in await find_seqs(connection, tables, [item.key for item in items])}
    written: list[Item | None] = []
    for seq, item in enumerate(items, ticket.first_seq):
        if item.key not in taken:
            taken.add(item.key)
            written.append(Item(seq, item.key, item.body, ticket.revision, item.vectors))
        elif ordered:
            break
        else:
            written.append(None)
    added = [item for item in written if item is not None]
    await connection.executemany(
        tables.sql("INSERT INTO {item} (seq, key, body, revision) VALUES (?, ?, ?, ?)"),
        ((item.seq, item.key, item.body, item.revision) for item in added),
    )
    await insert_vectors(connection, tables, added)
    await add_words(connection, tables, added)
    return written + [None] * (len(items) - len(written))


async def replace_item(connection: aiosqlite.Connection, container: Container, item: Item, new: NewItem) -> bool:
    """Write ``new`` over ``item`` if that is unchanged since it was read; else return False."""
    revision, tables = (await touch(connection, container)).revision, Tables.of(container)
    cursor = await connection.execute(
        tables.sql("UPDATE {item} SET body = ?, revision = ? WHERE seq = ? AND revision = ?"),
        (new.body, revision, item.seq, item.revision),
    )
    if not cursor.rowcount:
        return False
    await replace_vectors(connection, tables, item.seq, revision, new.vectors)
    await change_words(connection, tables, item, new)
    return True


async def delete_items(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item], revision: int) -> int:
    """Delete those items that are unchanged since they were read; return how many."""
    read_at = {item.seq: item.revision for item in items}
    some = " WHERE seq IN (SELECT value FROM json_each(?))"
    sql = tables.sql("SELECT seq, revision FROM {item}") + some
    rows = await connection.execute_fetchall(sql, (jsontext.dumps(list(read_at)),))
    unchanged = [seq for seq, written_at in rows if read_at[seq] == written_at]
    await remove_vectors(connection, tables, unchanged, revision)
    by_seq = {item.seq: item for item in items}
    await remove_words(connection, tables, [by_seq[seq] for seq in unchanged])
    await connection.execute(tables.sql("DELETE FROM {item}") + some, (jsontext.dumps(unchanged),))
    return len(unchanged)


async def delete_unchanged(connection: aiosqlite.Connection, container: Container, items: Sequence[Item]) -> int:
    """Delete those items of a collection that are unchanged since they were read; return how many."""
    ticket = await touch(connection, container)
    deleted = await delete_items(connection, Tables.of(container), items, ticket.revision)
    await shorten_log(connection, container, ticket.revision)
    return deleted


async def find_seqs(connection: aiosqlite.Connection, tables: Tables, keys: Sequence[str]) -> list[tuple[str, int]]:
    """Return key and row number of those keys that exist, through the unique index, in no special order."""
    sql = tables.sql("SELECT key, seq FROM {item} WHERE key IN ")
    return [(row[0], row[1]) for row in await _by_keys(connection, sql, keys)]


async def items_with_keys(connection: aiosqlite.Connection, tables: Tables, keys: Sequence[str]) -> list[Item]:
    """Return the items with these keys, through the unique index, in no special order."""
    sql = tables.sql("SELECT seq, key, body, revision FROM {item} WHERE key IN ")
    return [Item(*row) for row in await _by_keys(connection, sql, keys)]


async def items_in_rows(connection: aiosqlite.Connection, tables: Tables, seqs: Sequence[int]) -> list[Item]:
    """Return the items with these row numbers, in no special order; those that are gone are left out."""
    sql = tables.sql("SELECT seq, key, body, revision FROM {item} WHERE seq IN (SELECT value FROM json_each(?))")
    rows = await connection.execute_fetchall(sql, (jsontext.dumps([int(seq) for seq in seqs]),))
    return [Item(*row) for row in rows]


async def fetch_candidates(
    connection: aiosqlite.Connection,
    tables: Tables,
    condition: Condition,
    certain: Condition | None,
    *,
    limit: int,
    order: str = "seq",
) -> tuple[list[Candidate], bool]:
    """Return items in an order, and whether there may be more.

    Args:
        connection: A reader.
        tables: The container's tables.
        condition: Which items.
        certain: Which of them are certainly wanted; None for all.
        limit: The most items to return; fewer come when their bodies are large.
        order: What SQL orders them by; in insertion order by default. Our own text, never from a request.
    """
    candidates: list[Candidate] = []
    certain = certain or EVERYTHING
    sql = tables.sql("SELECT seq, key, body, revision, {{certain}} FROM {item} WHERE ").format(certain=certain.sql)
    sql += f"{condition.sql} ORDER BY {order} LIMIT ?"
    async with connection.execute(sql, (*certain.parameters, *condition.parameters, limit)) as cursor:
        more = await _fill(candidates, cursor, limit)
    return candidates, more


async def _by_keys(connection: aiosqlite.Connection, sql: str, keys: Sequence[str]) -> list[sqlite3.Row]:
    """Run a statement that ends in ``key IN`` for some keys, as many at a time as SQLite takes parameters."""
    wanted = list(dict.fromkeys(keys))
    rows: list[sqlite3.Row] = []
    for start in range(0, len(wanted), KEYS_PER_STATEMENT):
        part = wanted[start : start + KEYS_PER_STATEMENT]
        rows += await connection.execute_fetchall(f"{sql}({','.join('?' * len(part))})", part)
    return rows


async def _fill(candidates: list[Candidate], cursor: aiosqlite.Cursor, limit: int) -> bool:
    """Fetch until the limit, the end or the byte budget; return whether there may be more."""
    size = 0
    wanted = min(limit, FIRST_BATCH)
    while wanted > 0:
        rows: Sequence[sqlite3.Row] = list(await cursor.fetchmany(wanted))
        candidates += [Candidate(Item(*row[:4]), bool(row[4])) for row in in_turns(rows)]
        size += sum(len(row[2]) for row in rows)
        if len(rows) < wanted:
            return False
        left = int((BATCH_BYTES - size) * len(candidates) / max(size, 1))
        wanted = min(limit - len(candidates), left, _LARGEST_BATCH)
        give_way()
    return True
