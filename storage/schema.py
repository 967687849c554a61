"""The schema of a database's file.

- ``meta`` has one row: the revision grows by one in every write transaction, and the next row number is free.
- ``container`` holds collections and tables. Its revision is that of the last write to its items; its epoch starts at
  a random number and grows when everything read before must be forgotten.

Every container has three tables of its own, named with its number, so that it is emptied or dropped at once whatever
its size, and scanned without passing over the rows of others (docs/decisions/0010-storage.md):

- ``item_N`` holds keys and bodies.
- ``vector_N`` holds the vectors: beside the bodies, blobs would make every scan of them several times slower. The data
  are float32, little-endian.
- ``removal_N`` remembers, per vector name, which rows have lost their vector and at which revision, so that the index
  of another process can catch up instead of reading everything.

Numbers of containers and rows are never used again.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.migrations import Migration
from storage.model import Container

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

MIGRATIONS = (_FIRST,)
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


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one container.

    Attributes:
        number: The container's id.
    """

    number: int

    @classmethod
    def of(cls, container: Container) -> Tables:
        """Return the tables of a container."""
        return cls(container.id)

    def sql(self, text: str) -> str:
        """Return a statement with ``{item}``, ``{vector}`` and ``{removal}`` replaced by the tables' names.

        The text is ours, never from a request; values are passed as parameters.
        """
        number = f"{self.number:d}"
        return text.format(item=f"item_{number}", vector=f"vector_{number}", removal=f"removal_{number}")
