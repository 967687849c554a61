"""Schema versions: a file is brought forward in one transaction, and a newer file is left alone.

The version lives in SQLite's ``PRAGMA user_version``; 0 is an empty file. Migrations are numbered from 1 without gaps
and are never edited once released: a change is a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from storage.errors import CorruptStoreError, NewerSchemaError, StorageError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        version: The version that the file has afterwards; 1 for the first.
        statements: SQL statements, one each, run in order inside one transaction.
    """

    version: int
    statements: tuple[str, ...]


async def check_version(connection: aiosqlite.Connection, path: Path, migrations: Sequence[Migration]) -> int:
    """Return the file's schema version if this program may use the file; writes nothing.

    Raises:
        NewerSchemaError: The file was written by a newer version of this program.
        CorruptStoreError: The file is an SQLite database, but not one of this program's.
        sqlite3.DatabaseError: The file is not an SQLite database.
    """
    newest = _newest(migrations)
    # One statement, so that a migration that another process commits meanwhile is seen whole or not at all.
    sql = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
    [(version, tables)] = await connection.execute_fetchall(sql)
    if version > newest:
        raise NewerSchemaError(
            f"{path} has schema version {version}; this program knows {newest} at most. It was left as it is.",
            path=path,
            hint="Use the version of the program that wrote it, or a newer one.",
        )
    if version == 0 and tables:
        raise CorruptStoreError(
            f"{path} is an SQLite database of another program. It was left as it is.",
            path=path,
            hint="Move the file away, or set ASTROLABE_DATA_DIR to a folder of its own.",
        )
    return int(version)


async def check_is_newest(connection: aiosqlite.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    """Refuse to read a file that would have to be brought forward first.

    Raises:
        StorageError: Its schema is not the newest, or it is not ours.
    """
    version = await check_version(connection, path, migrations)
    if version < _newest(migrations):
        raise StorageError(
            f"{path} has schema version {version}; this program reads {_newest(migrations)}, and read-only mode does "
            "not bring it forward.",
            path=path,
            hint="Start the program once without --read-only.",
        )


async def migrate(connection: aiosqlite.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    """Run the missing steps; the caller holds the write transaction, so all of them happen or none.

    The version is read again, because another process may have been faster.

    Raises:
        NewerSchemaError: Another process has just brought the file beyond what this program knows.
        sqlite3.Error: A statement failed; the caller rolls back.
    """
    version = await check_version(connection, path, migrations)
    for migration in migrations[version:]:
        for statement in migration.statements:
            await connection.execute_fetchall(statement)
    await connection.execute_fetchall(f"PRAGMA user_version = {_newest(migrations):d}")


def _newest(migrations: Sequence[Migration]) -> int:
    versions = [migration.version for migration in migrations]
    if not versions or versions != list(range(1, len(versions) + 1)):
        raise ValueError(f"migrations must be numbered 1, 2, 3 …, not {versions}")
    return versions[-1]
