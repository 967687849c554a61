"""The root of the error tree and what can go wrong with a store.

The tree is read in :mod:`astrolabe.errors`; its root lives here because storage is the lowest room and may import
nothing above it.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Owner(StrEnum):
    """Who has to act for the error to go away; shown with every error message."""

    REQUEST = "your request"
    ENGINE = "this program"
    PROVIDER = "the embedding provider"
    NETWORK = "the network"
    MACHINE = "this machine"


class AstrolabeError(Exception):
    """Anything this program reports on purpose: what failed, who owns it and what to do next.

    Attributes:
        message: What failed and why, in plain words; complete sentences, no secret, safe to log.
        hint: The next step for the user; may be empty.
        owner: Who has to act.
        exit_code: What the command line returns for it (1 failed, 2 wrong usage).
    """

    exit_code: int = 1
    default_owner: Owner = Owner.ENGINE

    def __init__(self, message: str, *, hint: str = "", owner: Owner | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.owner = owner or self.default_owner

    @property
    def title(self) -> str:
        """A heading of a few words, for a dialog's border or the first line on stderr."""
        return "Something went wrong"


class StorageError(AstrolabeError):
    """A store on this machine could not be opened, read or written."""

    default_owner = Owner.MACHINE

    def __init__(self, message: str, *, path: Path | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The data folder cannot be used"


class StoreNotWritableError(StorageError):
    """The folder or file exists but may not be written."""


class StoreFullError(StorageError):
    """There is no space left on the device; nothing of the refused write was kept."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The disk is full"


class StoreBusyError(StorageError):
    """Another program held the write lock for longer than the time limit."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The store is busy"


class NewerSchemaError(StorageError):
    """The store was written by a newer version of this program; it is left untouched."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The store is newer than this program"


class CorruptStoreError(StorageError):
    """SQLite reports a damaged file, or a row does not decode."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The store is damaged"


class VanishedStoreError(StorageError):
    """A file that holds data is not there, is empty, or not the one that was opened; nothing was made in its place."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "A file of the data folder is gone"


class SecretUnreadableError(StorageError):
    """A stored secret cannot be decrypted: the key is missing, wrong, or its file is readable by others."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "A stored secret cannot be read"


class ReadOnlyError(StorageError):
    """The data folder was opened for reading only, so the change is refused."""

    default_owner = Owner.REQUEST

    def __init__(self) -> None:
        super().__init__(
            "The program runs in read-only mode, so nothing is changed.",
            hint="Start it without --read-only (setting read_only) to make changes.",
        )

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "Read-only mode"


class KeyspaceMissingError(StorageError):
    """The keyspace does not exist, or was dropped meanwhile."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "There is no such keyspace"


class ContainerExistsError(StorageError):
    """The keyspace already has a collection or a table of that name."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The name is taken"


class ContainerMissingError(StorageError):
    """The collection or table was dropped meanwhile; nothing was written."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "There is no such collection or table"


class ContainerChangedError(StorageError):
    """The definition of the collection or table was changed meanwhile; nothing was written."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The definition was changed meanwhile"
