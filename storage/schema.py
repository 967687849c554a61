"""The schema of a database's file.

- ``meta`` has one row. Its revision grows by one in every write transaction.
- ``container`` holds collections and tables. Its revision is that of the last write to its items; its epoch starts at
  a random number and grows when everything read before must be forgotten.
- ``item`` holds keys and bodies; ``vector`` holds the vectors, in a table of its own because blobs beside the bodies
  make every scan of the bodies several times slower. The data are float32, little-endian.
- ``removal`` remembers, per vector name, which rows have lost their vector and at which revision, so that the index of
  another process can catch up instead of reading everything.

Numbers of containers and rows are never used again (AUTOINCREMENT).
"""

from __future__ import annotations

from storage.migrations import Migration

_FIRST = Migration(
    1,
    (
        "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL)",
        "INSERT INTO meta (id, revision) VALUES (1, 0)",
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
        """
        CREATE TABLE item (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            container INTEGER NOT NULL REFERENCES container (id),
            key TEXT NOT NULL,
            body TEXT NOT NULL,
            revision INTEGER NOT NULL,
            UNIQUE (container, key)
        )
        """,
        # With the row number that SQLite adds to every index entry: the items of one container in insertion order.
        "CREATE INDEX item_order ON item (container)",
        """
        CREATE TABLE vector (
            id INTEGER PRIMARY KEY,
            container INTEGER NOT NULL REFERENCES container (id),
            name TEXT NOT NULL,
            seq INTEGER NOT NULL REFERENCES item (seq),
            revision INTEGER NOT NULL,
            form TEXT NOT NULL,
            text TEXT,
            data BLOB NOT NULL,
            UNIQUE (seq, name)
        )
        """,
        "CREATE INDEX vector_changes ON vector (container, name, revision)",
        """
        CREATE TABLE removal (
            container INTEGER NOT NULL REFERENCES container (id),
            name TEXT NOT NULL,
            revision INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (container, name, revision, seq)
        ) WITHOUT ROWID
        """,
    ),
)

MIGRATIONS = (_FIRST,)
"""Every step of the schema, from the first."""
