"""``catalog.db``: the organization's databases, credentials, scopes, settings and audit trail.

Typed rows in and out, no rules. What is remembered counts only while the revision in the file is the same, because
another process may have written. Readers see one state of the file for a whole block; a writer's block is one
transaction, so what it reads stays true until it commits.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from storage.catalog.connection_rows import ConnectionReader, ConnectionWriter
from storage.catalog.connection_string_rows import ConnectionStringReader, ConnectionStringWriter
from storage.catalog.rows import (
    MIGRATIONS,
    AuditRow,
    CredentialRow,
    DatabaseRow,
    NewCredential,
    RemovedCredentialRow,
    SealedRow,
    SealedSecret,
    StoredSecret,
    TokenRow,
    read_time,
    time_text,
)
from storage.errors import ReadOnlyError
from storage.secrets.references import ReferenceKind, SecretReference
from storage.sqlite.reserve import SpaceReserve
from storage.sqlite.store_file import StoreFile

_DATABASE = "id, name, cloud_provider, region, status, created_at"
_CREDENTIALS = """
    SELECT c.id, c.provider, c.name, c.masked, c.created_at, c.version,
           d.id, d.name, d.cloud_provider, d.region, d.status, d.created_at
    FROM credential AS c
    LEFT JOIN scope AS s ON s.credential = c.id
    LEFT JOIN database AS d ON d.id = s.database
    WHERE ((? IS NULL AND c.provider <> 'connection') OR c.provider = ?) AND (? IS NULL OR c.name = ?)
    ORDER BY c.provider, c.name COLLATE NOCASE, c.id, d.name COLLATE NOCASE, d.id
"""
_CREDENTIAL_FIELDS = 6

_Row = TypeVar("_Row")


class Catalog:
    """The open catalog; belongs to one event loop.

    Use :meth:`open` to make one and :meth:`close` to end it.
    """

    def __init__(self, store: StoreFile, *, read_only: bool = False) -> None:
        self._store = store
        self._read_only = read_only
        self._remembered: tuple[int, dict[str, Any]] = (0, {})

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        if_vanished: str | None = None,
        read_only: bool = False,
        reserve: SpaceReserve | None = None,
    ) -> Self:
        """Open or create the catalog (file 0600, missing folders 0700).

        Args:
            path: The file.
            if_vanished: It was made before: what to do when it is gone or empty. None: it may be made now.
            read_only: Refuse every change, whoever asks for it; the file is there already.
            reserve: Space that changes may use when the disk is full: they are small, and many of them make room.

        Raises:
            StorageError: It cannot be opened, is damaged, or was written by a newer program.
        """
        store = await StoreFile.open(path, MIGRATIONS, if_vanished=if_vanished, read_only=read_only, reserve=reserve)
        return cls(store, read_only=read_only)

    def require_writable(self) -> None:
        """Refuse a change early, before anything outside the catalog is touched for it.

        Raises:
            ReadOnlyError: The catalog was opened for reading only.
        """
        if self._read_only:
            raise ReadOnlyError

    async def close(self) -> None:
        """Close the file; may be called twice."""
        await self._store.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[CatalogReader]:
        """Lend a reader whose reads all see the same state. Keep the block short."""
        async with self._store.reader(snapshot=True) as connection:
            yield CatalogReader(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[CatalogWriter]:
        """Hold one write transaction: durable when the block ends, undone when it raises. Do not nest.

        Raises:
            ReadOnlyError: The catalog was opened for reading only.
        """
        self.require_writable()
        async with self._store.transaction(reserved=True) as connection:
            sql = "UPDATE revision SET value = value + 1 RETURNING value"
            (row,) = await connection.execute_fetchall(sql)
            yield CatalogWriter(connection, int(row[0]))

    async def revision(self) -> int:
        """Return the number of write transactions so far, of all processes: it tells whether anything changed."""
        ((value,),) = await self._store.lookup("SELECT value FROM revision")
        return int(value)

    async def remembered(self, name: str, read: Callable[[CatalogReader], Awaitable[_Row]]) -> _Row:
        """Return what ``read`` finds; it is read again only when anybody, in any process, has changed the catalog.

        Args:
            name: The same for the same question; one of a few.
            read: Reads the answer, which nobody may change.
        """
        revision = await self.revision()
        if self._remembered[0] != revision:
            self._remembered = revision, {}
        answers = self._remembered[1]  # those of this revision, even when another task finds a newer one meanwhile
        if name not in answers:
            async with self.read() as rows:
                answers[name] = await read(rows)
        answer: _Row = answers[name]
        return answer

    async def integrity_check(self) -> list[str]:
        """Return what SQLite finds wrong with the file, a sentence each; empty when it is sound."""
        return await self._store.integrity_check()

    async def setting(self, key: str) -> str | None:
        """Return a setting kept with the data, or None."""
        async with self.read() as rows:
            return await rows.setting(key)

    async def put_setting(self, key: str, value: str | None) -> None:
        """Keep a setting with the data; None removes it."""
        async with self.write() as rows:
            await rows.put_setting(key, value)


class CatalogReader(ConnectionStringReader, ConnectionReader):
    """Reads rows inside a block of :meth:`Catalog.read` or :meth:`Catalog.write`."""

    async def databases(self) -> list[DatabaseRow]:
        """Return every database, by name."""
        return await self._databases("1 ORDER BY name COLLATE NOCASE, id")

    async def database(self, database_id: str) -> DatabaseRow | None:
        """Return the database of that id, or None."""
        return _first(await self._databases("id = ?", database_id))

    async def database_named(self, name: str) -> DatabaseRow | None:
        """Return the database of exactly that name, or None."""
        return _first(await self._databases("name = ?", name))

    async def credentials(self, provider: str | None = None) -> list[CredentialRow]:
        """Return the credentials of one provider, or of all (no tokens of connections), by provider and name."""
        return await self._credentials(provider, None)

    async def credential(self, provider: str, name: str) -> CredentialRow | None:
        """Return the credential of exactly that name, or None."""
        return _first(await self._credentials(provider, name))

    async def stored_secret(self, credential_id: int) -> StoredSecret | None:
        """Return what the credential keeps, or None when there is no such credential."""
        row = _first(
            await self._rows(
                "SELECT ciphertext, reference_kind, reference FROM credential WHERE id = ?", (credential_id,)
            )
        )
        if row is None:
            return None
        ciphertext, kind, target = row
        return SealedSecret(ciphertext) if kind is None else SecretReference(ReferenceKind(kind), target)

    async def sealed_secrets(self) -> list[SealedRow]:
        """Return every encrypted secret."""
        sql = "SELECT id, provider, name, ciphertext FROM credential WHERE ciphertext IS NOT NULL ORDER BY id"
        return [SealedRow(*row) for row in await self._rows(sql)]

    async def removed_credentials(self, provider: str) -> list[RemovedCredentialRow]:
        """Return what is remembered of a provider's removed credentials, the last removed first."""
        sql = "SELECT name, databases, removed_at FROM removed_credential WHERE provider = ? ORDER BY removed_at DESC"
        return [
            RemovedCredentialRow(provider, name, tuple(json.loads(databases)), read_time(removed_at))
            for name, databases, removed_at in await self._rows(sql, (provider,))
        ]

    async def tokens(self) -> list[TokenRow]:
        """Return the application tokens, by name."""
        sql = """
            SELECT id, name, digest, created_at, read_only, databases FROM application_token
            ORDER BY name COLLATE NOCASE, id
        """
        return [_token_row(row) for row in await self._rows(sql)]

    async def setting(self, key: str) -> str | None:
        """Return a setting, or None."""
        row = _first(await self._rows("SELECT value FROM setting WHERE key = ?", (key,)))
        return None if row is None else str(row[0])

    async def audit(self, *, limit: int = 200, before: int | None = None) -> list[AuditRow]:
        """Return entries of the audit trail, newest first.

        Args:
            limit: How many at most.
            before: Only entries with a smaller id, to read on from the last page.
        """
        sql = "SELECT id, at, os_user, action, detail FROM audit WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2"
        return [
            AuditRow(number, read_time(at), os_user, action, detail)
            for number, at, os_user, action, detail in await self._rows(sql, (before, limit))
        ]

    async def _databases(self, where: str, *parameters: str) -> list[DatabaseRow]:
        rows = await self._rows(f"SELECT {_DATABASE} FROM database WHERE {where}", parameters)  # noqa: S608 - our own text
        return [_database_row(row) for row in rows]

    async def _credentials(self, provider: str | None, name: str | None) -> list[CredentialRow]:
        found: dict[int, tuple[Sequence[Any], list[DatabaseRow]]] = {}
        for row in await self._rows(_CREDENTIALS, (provider, provider, name, name)):
            _, databases = found.setdefault(row[0], (row, []))
            if row[_CREDENTIAL_FIELDS] is not None:
                databases.append(_database_row(row[_CREDENTIAL_FIELDS:]))
        return [
            CredentialRow(number, provider_key, label, masked, read_time(created), version, tuple(databases))
            for (number, provider_key, label, masked, created, version, *_), databases in found.values()
        ]


class CatalogWriter(CatalogReader, ConnectionStringWriter, ConnectionWriter):
    """Reads and writes rows inside one transaction.

    Attributes:
        revision: The catalog's revision that this transaction makes; never used before.
    """

    def __init__(self, connection: aiosqlite.Connection, revision: int) -> None:
        super().__init__(connection)
        self.revision = revision

    async def insert_database(self, row: DatabaseRow) -> None:
        """Add a database.

        Raises:
            sqlite3.IntegrityError: Its id or name is taken; look first, in the same block.
        """
        values = (row.id, row.name, row.cloud_provider, row.region, row.status, time_text(row.created_at))
        await self._change(f"INSERT INTO database ({_DATABASE}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - ours

    async def set_database_status(self, database_id: str, status: str) -> bool:
        """Change a database's status; False when there is no such database."""
        return await self._change("UPDATE database SET status = ? WHERE id = ?", (status, database_id)) == 1

    async def delete_database(self, database_id: str) -> bool:
        """Remove a database, from every scope too; False when there was none."""
        await self._change(
            "UPDATE credential SET version = ? WHERE id IN (SELECT credential FROM scope WHERE database = ?)",
            (self.revision, database_id),
        )
        return await self._change("DELETE FROM database WHERE id = ?", (database_id,)) == 1

    async def insert_credential(self, new: NewCredential, database_ids: Iterable[str] = ()) -> int:
        """Add a credential with its scope and return its id.

        Raises:
            sqlite3.IntegrityError: The name is taken, or a database does not exist; look first, in the same block.
        """
        sql = """
            INSERT INTO credential (provider, name, ciphertext, reference_kind, reference, masked, created_at, version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """
        created_at = time_text(new.created_at)
        values = (new.provider, new.name, *_columns(new.secret), new.masked, created_at, self.revision)
        ((number,),) = await self._rows(sql, values)
        await self.add_to_scope(number, database_ids)
        forget = "DELETE FROM removed_credential WHERE provider = ? AND name = ?"
        await self._change(forget, (new.provider, new.name))
        return int(number)

    async def replace_secret(self, credential_id: int, secret: StoredSecret, masked: str) -> bool:
        """Put another secret in place of a credential's; False when there is no such credential."""
        sql = """
            UPDATE credential SET ciphertext = ?, reference_kind = ?, reference = ?, masked = ?, version = ?
            WHERE id = ?
        """
        return await self._change(sql, (*_columns(secret), masked, self.revision, credential_id)) == 1

    async def reseal(self, credential_id: int, ciphertext: bytes) -> bool:
        """Put the same secret, sealed anew, in place of a sealed one; nobody needs to see that as a change."""
        sql = "UPDATE credential SET ciphertext = ? WHERE id = ? AND ciphertext IS NOT NULL"
        return await self._change(sql, (ciphertext, credential_id)) == 1

    async def remember_removed(self, row: RemovedCredentialRow) -> None:
        """Keep the name and the scope of a credential that is being removed, until one of that name is added."""
        sql = """
            INSERT INTO removed_credential (provider, name, databases, removed_at) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET databases = excluded.databases, removed_at = excluded.removed_at
        """
        databases = json.dumps(row.database_ids)
        await self._change(sql, (row.provider, row.name, databases, time_text(row.removed_at)))

    async def delete_credential(self, credential_id: int) -> bool:
        """Remove a credential, its secret and its scope; False when there was none."""
        return await self._change("DELETE FROM credential WHERE id = ?", (credential_id,)) == 1

    async def add_to_scope(self, credential_id: int, database_ids: Iterable[str]) -> int:
        """Add databases to a credential's scope; those already there stay. Returns how many were new.

        Raises:
            sqlite3.IntegrityError: The credential or a database does not exist; look first, in the same block.
        """
        sql = "INSERT INTO scope (credential, database) VALUES (?, ?) ON CONFLICT DO NOTHING"
        added = sum([await self._change(sql, (credential_id, database_id)) for database_id in database_ids])
        if added:
            await self._touch(credential_id)
        return added

    async def remove_from_scope(self, credential_id: int, database_id: str) -> bool:
        """Take a database out of a credential's scope; False when it was not in it."""
        removed = await self._change(
            "DELETE FROM scope WHERE credential = ? AND database = ?", (credential_id, database_id)
        )
        if removed:
            await self._touch(credential_id)
        return removed == 1

    async def insert_token(self, row: TokenRow) -> None:
        """Add an application token.

        Raises:
            sqlite3.IntegrityError: The name is taken; look first, in the same block.
        """
        sql = """
            INSERT INTO application_token (id, name, digest, created_at, read_only, databases)
            VALUES (?, ?, ?, ?, ?, ?)
        """
        databases = None if row.databases is None else json.dumps(row.databases)
        values = (row.id, row.name, row.digest, time_text(row.created_at), row.read_only, databases)
        await self._change(sql, values)

    async def delete_token(self, token_id: str) -> bool:
        """Remove an application token; False when there was none."""
        return await self._change("DELETE FROM application_token WHERE id = ?", (token_id,)) == 1

    async def put_setting(self, key: str, value: str | None) -> None:
        """Keep a setting; None removes it."""
        if value is None:
            await self._change("DELETE FROM setting WHERE key = ?", (key,))
        else:
            sql = "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
            await self._change(sql, (key, value))

    async def append_audit(self, at: datetime, os_user: str, action: str, detail: Mapping[str, Any]) -> None:
        """Note who did what; ``detail`` is kept as JSON and must not hold a secret."""
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
        sql = "INSERT INTO audit (at, os_user, action, detail) VALUES (?, ?, ?, ?)"
        await self._change(sql, (time_text(at), os_user, action, text))

    async def _touch(self, credential_id: int) -> None:
        await self._change("UPDATE credential SET version = ? WHERE id = ?", (self.revision, credential_id))


def _first(rows: Sequence[_Row]) -> _Row | None:
    return rows[0] if rows else None


def _database_row(row: Sequence[Any]) -> DatabaseRow:
    database_id, name, cloud_provider, region, status, created_at = row
    return DatabaseRow(database_id, name, cloud_provider, region, status, read_time(created_at))


def _token_row(row: Sequence[Any]) -> TokenRow:
    token_id, name, digest, created_at, read_only, databases = row
    scope = None if databases is None else tuple(json.loads(databases))
    return TokenRow(token_id, name, digest, read_time(created_at), bool(read_only), scope)


def _columns(secret: StoredSecret) -> tuple[bytes | None, str | None, str | None]:
    """Return the columns ciphertext, reference_kind and reference."""
    if isinstance(secret, SealedSecret):
        return secret.ciphertext, None, None
    return None, secret.kind.value, secret.target
