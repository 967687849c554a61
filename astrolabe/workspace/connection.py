"""Where databases are: what pages, verbs and loads hold, whether they are on this machine or behind an endpoint.

A page asks a connection for databases and for a client to one of them. What differs between connections is asked of
its :class:`Capabilities`, never tested by type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.portal.organization import Database, DatabaseDraft, VectorizeChoice

if TYPE_CHECKING:
    from astrolabe.workspace.workspace import Workspace


class CredentialsBy(StrEnum):
    """How a command says which key of a provider is used."""

    NAME = "name"
    """A collection names a stored credential."""

    HEADER = "header"
    """The key is sent with each command."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connection can do, and within which limits.

    Attributes:
        manages_databases: Whether databases are created and deleted through it; elsewhere otherwise.
        manages_credentials: Whether integrations, credentials and scopes are kept by it.
        credentials_by: How collections get at the key of their provider.
        exact_counts: Whether a count is exact however many documents there are.
        undo: Whether changes of documents can be taken back.
        restore: Whether a deleted collection can be restored.
        caches_embeddings: Whether a text that was embedded before is not sent to its provider again.
        insert_limit: Most documents of one insertMany.
        requests_at_once: Most commands that should be under way at once.
    """

    manages_databases: bool
    manages_credentials: bool
    credentials_by: CredentialsBy
    exact_counts: bool
    undo: bool
    restore: bool
    caches_embeddings: bool
    insert_limit: int = 100
    requests_at_once: int = 1


class Connection(Protocol):
    """A place that has databases."""

    @property
    def name(self) -> str:
        """What it is called on every page, such as ``This machine``."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def databases(self) -> Sequence[Database]:
        """Return its databases in the order of their names."""
        ...

    async def find(self, name: str) -> Database:
        """Return the database of that name or id.

        Raises:
            NotFoundError: There is none.
        """
        ...

    async def create_database(self, draft: DatabaseDraft) -> Database:
        """Create a database.

        Raises:
            RuleError: The draft breaks a rule, or databases are not managed through this connection.
        """
        ...

    async def delete_database(self, database: Database) -> None:
        """Delete a database with everything in it.

        Raises:
            NotFoundError: It was deleted already.
        """
        ...

    async def client(self, database: Database) -> DatabaseClient:
        """Return a typed client to a database.

        Raises:
            NotFoundError: The database was deleted.
            AstrolabeError: It cannot be reached or opened.
        """
        ...

    async def choices(self, database: Database) -> list[VectorizeChoice]:
        """Return the embedding providers that a collection of the database may use, with their credentials."""
        ...

    def endpoint(self, database: Database | None) -> str:
        """Return the address that code snippets name for a database; without one, that of the connection."""
        ...

    async def revision(self) -> int:
        """Return a number that changes with every change to databases, credentials and scopes."""
        ...


HERE = Capabilities(
    manages_databases=True,
    manages_credentials=True,
    credentials_by=CredentialsBy.NAME,
    exact_counts=True,
    undo=True,
    restore=True,
    caches_embeddings=True,
)
"""What the engine on this machine can do."""


class LocalConnection:
    """This machine: the databases of one data folder.

    Args:
        workspace: The open data folder.
    """

    name = "This machine"
    capabilities = HERE

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def databases(self) -> Sequence[Database]:
        """Return the databases; see :class:`Connection`."""
        return await self._workspace.databases.list()

    async def find(self, name: str) -> Database:
        """Return the database of that name or id; see :class:`Connection`."""
        return await self._workspace.databases.find(name)

    async def create_database(self, draft: DatabaseDraft) -> Database:
        """Create a database; see :meth:`Workspace.create_database`."""
        return await self._workspace.create_database(draft)

    async def delete_database(self, database: Database) -> None:
        """Delete a database; see :meth:`Workspace.delete_database`."""
        await self._workspace.delete_database(database)

    async def client(self, database: Database) -> DatabaseClient:
        """Return a typed client; see :meth:`Workspace.client`."""
        return await self._workspace.client(database)

    async def choices(self, database: Database) -> list[VectorizeChoice]:
        """Return what a collection may vectorize with; see :meth:`Workspace.choices`."""
        return await self._workspace.choices(database)

    def endpoint(self, database: Database | None) -> str:
        """Return the address for snippets; see :meth:`Workspace.endpoint`."""
        return self._workspace.endpoint(database)

    async def revision(self) -> int:
        """Return the revision of the catalog; see :meth:`Workspace.revision`."""
        return await self._workspace.revision()
