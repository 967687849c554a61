"""The schema of a database's file.

- ``meta`` has one row: the revision grows by one in every write transaction, and the next row number is free.
- ``past_writer`` remembers who has written before whom (:mod:`storage.documents.history`).
- ``user_type`` holds what the layer above keeps with the user-defined types of each keyspace.
- ``container`` holds collections and tables. Its revision and writer are those of the last write to its items; its
  epoch starts at a random number and grows when everything read before must be forgotten.

Every container has tables of its own, named with its number, so that it is emptied or dropped at once whatever
its size, and scanned without passing over the rows of others (docs/decisions/0010-storage.md):

- ``item_N`` holds keys and bodies.
- ``vector_N`` holds the vectors: beside the bodies, blobs would make every scan of them several times slower. The data
  are float32, little-endian; ``text`` is what gives an array back as it was sent where they do not: its JSON, or for
  ``double`` the bytes of :mod:`storage.vectors.doubles`.
- ``word_N`` (and ``word_N_1`` and so on), one per text that is searched by words, is an FTS5 index. It is contentless:
  the terms of a text are in it, the text itself is in the body alone.
- ``value_1`` and so on, one per value that items are found by, are columns of ``item_N`` with an index each;
  ``entry_N`` holds the values that an item may have several of. Their bytes sort as the values do. A dropped index may
  leave a column with its index, which the next one takes (:mod:`storage.documents.dropped_values`).
- ``removal_N`` remembers, per vector name, which rows have lost their vector and at which revision, so that the index
  of another process can catch up instead of reading everything.

Numbers of containers and rows are never used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.shapes import Container, TextSpec
from storage.sqlite.migrations import Migration

_FIRST = Migration(
    1,
    (
        """
        CREATE TABLE meta (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            revision INTEGER NOT NULL,
            next_seq INTEGER NOT NULL
        )
        """,
        "INSERT INTO meta (id, revision, next_seq) VALUES (1, 0, 1)",
        "CREATE TABLE keyspace (name TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE container (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            keyspace TEXT NOT NULL REFERENCES keyspace (name),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            definition TEXT NOT NULL,
            vectors TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            UNIQUE (keyspace, name)
        )
        """,
    ),
)

_SECOND = Migration(2, ("ALTER TABLE container ADD COLUMN analyzer TEXT",))
"""The analyzer's definition; containers that were made before have none, and no table of words."""

_THIRD = Migration(
    3,
    (
        """
        CREATE TABLE user_type (
            keyspace TEXT NOT NULL REFERENCES keyspace (name),
            name TEXT NOT NULL,
            definition TEXT NOT NULL,
            PRIMARY KEY (keyspace, name)
        ) WITHOUT ROWID
        """,
    ),
)
"""User-defined types: what columns of tables may be of, beside the types that there are."""

_FOURTH = Migration(
    4,
    (
        "ALTER TABLE container ADD COLUMN texts TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE container ADD COLUMN indexed TEXT NOT NULL DEFAULT '{}'",
        """
        UPDATE container
        SET texts = json_object('$lexical', json_object('number', 0, 'analyzer', json(analyzer)))
        WHERE analyzer IS NOT NULL
        """,
        "ALTER TABLE container DROP COLUMN analyzer",
    ),
)
"""Several texts by name, each with a table of words, and the values that items are found by."""

_FIFTH = Migration(
    5,
    (
        "ALTER TABLE meta ADD COLUMN writer INTEGER NOT NULL DEFAULT 0",
        "UPDATE meta SET writer = random()",
        "ALTER TABLE container ADD COLUMN writer INTEGER NOT NULL DEFAULT 0",
        "UPDATE container SET writer = (SELECT writer FROM meta)",
        "CREATE TABLE past_writer (writer INTEGER PRIMARY KEY, revision INTEGER NOT NULL)",
    ),
)
"""Who wrote last; all that was written before counts as one writer's, another one in each file that is migrated."""

_SIXTH = Migration(6, ())
"""Vectors may be ``widened`` or ``double``. Nothing there changes; programs that do not know these stay away."""

MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH)
"""Every step of the schema, from the first."""

CONTAINER_TABLES = (
    """
    CREATE TABLE {item} (
        seq INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL,
        revision INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE {vector} (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        seq INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        form TEXT NOT NULL,
        text TEXT,
        data BLOB NOT NULL,
        UNIQUE (seq, name)
    )
    """,
    "CREATE INDEX {vector}_changes ON {vector} (name, revision)",
    """
    CREATE TABLE {removal} (
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (name, revision, seq)
    ) WITHOUT ROWID
    """,
)
"""What is run for a new container, through :meth:`Tables.sql`."""

WORD_TABLE = "CREATE VIRTUAL TABLE {word} USING fts5(terms, content='', tokenize='ascii')"
"""What is run besides for every text that is searched by words; terms come ready-made, so a plain tokenizer will do."""

ENTRY_TABLES = (
    """
    CREATE TABLE {entry} (
        number INTEGER NOT NULL,
        value BLOB NOT NULL,
        key TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (number, value, key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX {entry}_seq ON {entry} (seq)",
)
"""What is run besides for a table; by key, because its rows come in that order."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one container.

    Attributes:
        number: The container's id.
        texts: Its texts that are searched by words.
    """

    number: int
    texts: Mapping[str, TextSpec] = field(default_factory=dict)

    @classmethod
    def of(cls, container: Container) -> Tables:
        """Return the tables of a container."""
        return cls(container.id, container.texts)

    def sql(self, text: str, word: int = 0) -> str:
        """Return a statement with ``{item}``, ``{vector}``, ``{removal}``, ``{entry}`` and ``{word}`` replaced.

        Args:
            text: The statement; it is ours, never from a request; values are passed as parameters.
            word: The number of the text whose table of words is meant.
        """
        number = f"{self.number:d}"
        names = {table: f"{table}_{number}" for table in ("item", "vector", "removal", "entry")}
        return text.format_map(names | {"word": f"word_{number}_{word:d}" if word else f"word_{number}"})
