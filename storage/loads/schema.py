"""The schema of the ledger of loads."""

from __future__ import annotations

from storage.sqlite.migrations import Migration

MIGRATIONS = (
    Migration(
        1,
        (
            """
            CREATE TABLE loads (
                id INTEGER PRIMARY KEY,
                database TEXT NOT NULL,
                keyspace TEXT NOT NULL,
                collection TEXT NOT NULL,
                vector_field TEXT NOT NULL,
                digest TEXT NOT NULL,
                path TEXT NOT NULL,
                size INTEGER NOT NULL,
                state TEXT NOT NULL,
                next_row INTEGER NOT NULL DEFAULT 0,
                loaded INTEGER NOT NULL DEFAULT 0,
                already_there INTEGER NOT NULL DEFAULT 0,
                failed INTEGER NOT NULL DEFAULT 0,
                started_at REAL NOT NULL,
                changed_at REAL NOT NULL,
                UNIQUE (database, keyspace, collection, vector_field, digest)
            ) STRICT
            """,
            """
            CREATE TABLE failed_rows (
                load_id INTEGER NOT NULL REFERENCES loads (id) ON DELETE CASCADE,
                row INTEGER NOT NULL,
                line INTEGER NOT NULL,
                reason TEXT NOT NULL,
                content TEXT NOT NULL,
                PRIMARY KEY (load_id, row)
            ) STRICT, WITHOUT ROWID
            """,
        ),
    ),
    # SQLite cannot change what is unique, so both tables are built anew; the new failed rows refer to the new loads, so
    # that dropping the old ones deletes nothing else.
    Migration(
        2,
        (
            """
            CREATE TABLE new_loads (
                id INTEGER PRIMARY KEY,
                database TEXT NOT NULL,
                keyspace TEXT NOT NULL,
                collection TEXT NOT NULL,
                vector_field TEXT NOT NULL,
                digest TEXT NOT NULL,
                words INTEGER NOT NULL,
                path TEXT NOT NULL,
                size INTEGER NOT NULL,
                state TEXT NOT NULL,
                next_row INTEGER NOT NULL DEFAULT 0,
                loaded INTEGER NOT NULL DEFAULT 0,
                already_there INTEGER NOT NULL DEFAULT 0,
                failed INTEGER NOT NULL DEFAULT 0,
                started_at REAL NOT NULL,
                changed_at REAL NOT NULL,
                UNIQUE (database, keyspace, collection, vector_field, digest, words)
            ) STRICT
            """,
            """
            CREATE TABLE new_failed_rows (
                load_id INTEGER NOT NULL REFERENCES new_loads (id) ON DELETE CASCADE,
                row INTEGER NOT NULL,
                line INTEGER NOT NULL,
                reason TEXT NOT NULL,
                content TEXT NOT NULL,
                PRIMARY KEY (load_id, row)
            ) STRICT, WITHOUT ROWID
            """,
            """
            INSERT INTO new_loads
            SELECT id, database, keyspace, collection, vector_field, digest, 0, path, size, state, next_row, loaded,
                   already_there, failed, started_at, changed_at
            FROM loads
            """,
            "INSERT INTO new_failed_rows SELECT load_id, row, line, reason, content FROM failed_rows",
            "DROP TABLE failed_rows",
            "DROP TABLE loads",
            "ALTER TABLE new_loads RENAME TO loads",
            "ALTER TABLE new_failed_rows RENAME TO failed_rows",
        ),
    ),
)
