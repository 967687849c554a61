"""The rows of ``catalog.db``: its schema, and the types that go in and come out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from storage.errors import CorruptStoreError
from storage.secrets.references import SecretReference
from storage.sqlite.migrations import Migration

CONNECTION = "connection"
"""What stands for the provider of a credential that is the token of a connection: it belongs to none."""

MIGRATIONS = (
    Migration(
        1,
        (
            # A counter of write transactions: versions taken from it are never used twice.
            "CREATE TABLE revision (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), value INTEGER NOT NULL) STRICT",
            "INSERT INTO revision VALUES (1, 0)",
            """CREATE TABLE database (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                cloud_provider TEXT NOT NULL,
                region TEXT NOT NULL,
                status TEXT NOT NULL CHECK (status IN ('initializing', 'active')),
                created_at TEXT NOT NULL
            ) STRICT, WITHOUT ROWID""",
            """CREATE TABLE credential (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                provider TEXT NOT NULL,
                name TEXT NOT NULL,
                ciphertext BLOB,
                reference_kind TEXT CHECK (reference_kind IN ('environment', 'file', 'command')),
                reference TEXT,
                masked TEXT NOT NULL,
                created_at TEXT NOT NULL,
                version INTEGER NOT NULL,
                UNIQUE (provider, name),
                CHECK ((ciphertext IS NULL) <> (reference IS NULL)),
                CHECK ((reference IS NULL) = (reference_kind IS NULL))
            ) STRICT""",
            """CREATE TABLE scope (
                credential INTEGER NOT NULL REFERENCES credential (id) ON DELETE CASCADE,
                database TEXT NOT NULL REFERENCES database (id) ON DELETE CASCADE,
                PRIMARY KEY (credential, database)
            ) STRICT, WITHOUT ROWID""",
            "CREATE INDEX scope_by_database ON scope (database)",
            "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
            """CREATE TABLE audit (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                at TEXT NOT NULL,
                os_user TEXT NOT NULL,
                action TEXT NOT NULL,
                detail TEXT NOT NULL
            ) STRICT""",
        ),
    ),
    Migration(
        2,
        (
            # What must be typed again, exactly, to bring a removed credential's collections back: no secret in it.
            """CREATE TABLE removed_credential (
                provider TEXT NOT NULL,
                name TEXT NOT NULL,
                databases TEXT NOT NULL,
                removed_at TEXT NOT NULL,
                PRIMARY KEY (provider, name)
            ) STRICT, WITHOUT ROWID""",
        ),
    ),
    Migration(
        3,
        (
            # The token itself is nowhere: whoever reads the file cannot use what stands in it.
            """CREATE TABLE application_token (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                digest BLOB NOT NULL UNIQUE,
                created_at TEXT NOT NULL
            ) STRICT, WITHOUT ROWID""",
        ),
    ),
    Migration(
        4,
        (
            # What a connection string is beyond a credential: secret, scope and version are the credential's.
            """CREATE TABLE connection_string (
                credential INTEGER PRIMARY KEY REFERENCES credential (id) ON DELETE CASCADE,
                name TEXT NOT NULL UNIQUE,
                connector TEXT NOT NULL,
                settings TEXT NOT NULL
            ) STRICT""",
        ),
    ),
    Migration(
        5,
        (
            "ALTER TABLE application_token ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0",
            # Ids as JSON, those of deleted databases too: a token for one that is gone must not become one for all.
            "ALTER TABLE application_token ADD COLUMN databases TEXT",
        ),
    ),
    Migration(
        6,
        (
            # Its token is the credential of the same name, so that all secrets are in one place.
            """CREATE TABLE connection (
                name TEXT PRIMARY KEY,
                kind TEXT NOT NULL,
                address TEXT NOT NULL,
                settings TEXT NOT NULL,
                production INTEGER NOT NULL,
                read_only INTEGER NOT NULL,
                created_at TEXT NOT NULL
            ) STRICT, WITHOUT ROWID""",
        ),
    ),
)
"""Every step of the catalog's schema."""


@dataclass(frozen=True, slots=True)
class DatabaseRow:
    """A database of the organization.

    Attributes:
        id: Unique text, never used again.
        name: Unique.
        cloud_provider: Such as ``aws``.
        region: Such as ``us-east-2``.
        status: ``initializing`` or ``active``.
        created_at: With a time zone.
    """

    id: str
    name: str
    cloud_provider: str
    region: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret encrypted by :class:`~storage.secrets.box.SecretBox`."""

    ciphertext: bytes


StoredSecret = SealedSecret | SecretReference
"""What a credential keeps: an encrypted secret, or where to read it from."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential to be written.

    Attributes:
        provider: Key of the provider.
        name: Unique in the provider.
        secret: Encrypted, or a reference.
        masked: What may be shown of it.
        created_at: With a time zone.
    """

    provider: str
    name: str
    secret: StoredSecret
    masked: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A credential as read, with its scope and without its secret.

    Attributes:
        id: Number, never used again.
        provider: Key of the provider.
        name: Unique in the provider.
        masked: What may be shown of the secret.
        created_at: With a time zone.
        version: The catalog revision that last changed the credential or its scope.
        databases: The databases in its scope, by name.
    """

    id: int
    provider: str
    name: str
    masked: str
    created_at: datetime
    version: int
    databases: tuple[DatabaseRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RemovedCredentialRow:
    """A credential that was removed and not added again since.

    Attributes:
        provider: Key of the provider.
        name: The name that its collections still refer to.
        database_ids: Its scope when it was removed; some of them may be gone.
        removed_at: With a time zone.
    """

    provider: str
    name: str
    database_ids: tuple[str, ...]
    removed_at: datetime


@dataclass(frozen=True, slots=True)
class SealedRow:
    """An encrypted secret and whose it is.

    Attributes:
        credential_id: Number of the credential.
        provider: Key of its provider.
        name: Its name.
        ciphertext: The sealed secret.
    """

    credential_id: int
    provider: str
    name: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An application token.

    Attributes:
        id: The part of the token that may be shown.
        name: Unique.
        digest: SHA-256 of the whole token.
        created_at: With a time zone.
        read_only: Whether it may change nothing.
        databases: Ids of those it is for, some of which may be gone; None for all.
    """

    id: str
    name: str
    digest: bytes
    created_at: datetime
    read_only: bool = False
    databases: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the audit trail; holds no secret.

    Attributes:
        id: Grows with every entry.
        at: When, with a time zone.
        os_user: The operating system's name of who did it.
        action: Such as ``credential.add``.
        detail: Names and numbers, as JSON text.
    """

    id: int
    at: datetime
    os_user: str
    action: str
    detail: str


def time_text(moment: datetime) -> str:
    """Return the stored form of a moment: ISO 8601 in UTC, which sorts as time does.

    Raises:
        ValueError: The moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """Return a stored moment.

    Raises:
        CorruptStoreError: It is not one.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise CorruptStoreError(f"The catalog holds '{text}' where a date belongs.") from error
