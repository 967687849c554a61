"""Connections to databases elsewhere, with the same face as those of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import SecretStr

from astrolabe.dataapi.activity import RecordingDataApi
from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.protocol import DataApi
from astrolabe.dataapi.read_only import ReadOnlyDataApi
from astrolabe.errors import NotFoundError, RuleError
from astrolabe.portal.connections.saved_connection import ASTRA_DATA, ConnectionKind, SavedConnection, filled_in
from astrolabe.portal.organization import Database, DatabaseDraft, DatabaseStatus, VectorizeChoice
from astrolabe.remote.address import base_of
from astrolabe.remote.certificates import context_of
from astrolabe.remote.devops import DevOps
from astrolabe.remote.door import RemoteDataApi
from astrolabe.remote.line import Line
from astrolabe.remote.token import Token
from astrolabe.remote.trial import Trial, ask
from astrolabe.workspace.connection import Capabilities, CredentialsBy
from astrolabe.workspace.offered import choices_of

if TYPE_CHECKING:
    from astrolabe.workspace.workspace import Workspace

ELSEWHERE = Capabilities(
    manages_databases=False,
    manages_credentials=False,
    credentials_by=CredentialsBy.NAME,
    exact_counts=False,
    undo=False,
    restore=False,
    caches_embeddings=False,
    requests_at_once=20,
)
"""What can be done through the Data API of another machine."""

_ASLEEP = {
    DatabaseStatus.HIBERNATED: "Resume it in the portal of Astra DB, then try again.",
    DatabaseStatus.TERMINATING: "It is being deleted.",
    DatabaseStatus.TERMINATED: "It was deleted.",
}
"""States in which a database does not answer, with what to do."""

_READ_ONLY = "The connection '{}' is read-only"
_READ_ONLY_HINT = "Add it again without --read-only to make changes: `astrolabe connections add … --replace`."


class RemoteConnection:
    """A connection to databases elsewhere; :meth:`close` ends it. Its making reads files of certificates.

    Args:
        saved: What it is.
        secret: Its token or password.
        workspace: For the catalogue, the activity log and the settings.

    Attributes:
        name: As it is listed.
        capabilities: What can be done.
        production: Whether it is marked as production.
        read_only: Whether nothing may be changed through it.

    Raises:
        RuleError: A file of certificates cannot be used.
    """

    capabilities = ELSEWHERE

    def __init__(self, saved: SavedConnection, secret: SecretStr | None, workspace: Workspace) -> None:
        self.name = saved.name
        self.production = saved.production
        self.read_only = saved.read_only
        self._saved = saved
        self._workspace = workspace
        self._token = Token.of(secret, saved.user)
        self._context = context_of(saved.ca_file, saved.client_certificate)
        self._main = self._line(saved.address)
        self._lines: dict[str, Line] = {saved.address: self._main}

    async def close(self) -> None:
        """Close its connections; may be called twice."""
        for line in self._lines.values():
            await line.close()

    async def databases(self) -> Sequence[Database]:
        """Return its databases; an endpoint of its own is one. See :class:`Connection`."""
        if self._saved.kind is ConnectionKind.ENDPOINT:
            return [self._itself()]
        return [one.database for one in await DevOps(self._main, self._saved.address).databases()]

    async def find(self, name: str) -> Database:
        """Return the database of that name or id; see :class:`Connection`."""
        found = await self.databases()
        by_id = [one for one in found if one.id == name]
        named = by_id or [one for one in found if one.name == name]
        if len(named) > 1:
            ids = ", ".join(one.id for one in named)
            raise RuleError(
                f"There are {len(named)} databases '{name}' in {self.name}.", hint=f"Name one by id: {ids}."
            )
        if not named:
            names = ", ".join(one.name for one in found)
            hint = f"It has: {names}." if names else "It has none."
            raise NotFoundError(f"The connection {self.name} has no database '{name}'.", field="database", hint=hint)
        return named[0]

    async def create_database(self, draft: DatabaseDraft) -> Database:
        """Refuse: databases are created where they are. See :class:`Connection`."""
        raise self._not_here(f"The database {draft.name} cannot be created")

    async def delete_database(self, database: Database) -> None:
        """Refuse: databases are deleted where they are. See :class:`Connection`."""
        raise self._not_here(f"The database {database.name} cannot be deleted")

    async def client(self, database: Database) -> DatabaseClient:
        """Return a typed client; see :class:`Connection`.

        Raises:
            RuleError: The database is not in a state in which it answers.
        """
        if database.status in _ASLEEP:
            hint = _ASLEEP[database.status]
            raise RuleError(f"The database {database.name} is {database.status} and does not answer.", hint=hint)
        address = self.endpoint(database)
        if address not in self._lines:
            self._lines[address] = self._line(address)
        door: DataApi = RemoteDataApi(self._lines[address], address, self._workspace.catalogue)
        if self._saved.read_only:
            door = ReadOnlyDataApi(door, _READ_ONLY.format(self.name), _READ_ONLY_HINT)
        elif self._workspace.options.read_only:
            door = ReadOnlyDataApi(door)
        label = database.name if self._saved.kind is ConnectionKind.ENDPOINT else f"{self.name}: {database.name}"
        return DatabaseClient(RecordingDataApi(door, self._workspace.activity, label, now=self._workspace.options.now))

    async def choices(self, database: Database) -> list[VectorizeChoice]:
        """Return what the endpoint itself offers; see :class:`Connection`."""
        offered = await (await self.client(database)).embedding_providers()
        return choices_of(offered, self._workspace.catalogue)

    def endpoint(self, database: Database | None) -> str:
        """Return the address of a database; without one, that of the connection."""
        if database is None or self._saved.kind is ConnectionKind.ENDPOINT:
            return self._saved.address
        return filled_in(self._saved.data_address or ASTRA_DATA, database.id, database.region, database.name)

    async def revision(self) -> int:
        """Return the number for credentials and connections of this machine: what happens elsewhere is not counted."""
        return await self._workspace.revision()

    async def test(self) -> Trial:
        """Ask one question that changes nothing.

        Raises:
            EndpointError: It cannot be reached, or does not answer as what it is said to be.
            DataApiError: It refused the token or the question.
        """
        if self._saved.kind is ConnectionKind.ENDPOINT:
            return await ask(self._main, self._saved.address, self._workspace.catalogue)
        return await DevOps(self._main, self._saved.address).test()

    def _line(self, address: str) -> Line:
        return Line(address, self._token, context=self._context)

    def _itself(self) -> Database:
        # Its id is its address: a load goes on where it was under another name, and not at another place.
        address = base_of(self._saved.address)
        return Database(address, self.name, "", "", DatabaseStatus.ACTIVE, datetime.fromtimestamp(0, UTC))

    def _not_here(self, what: str) -> RuleError:
        return RuleError(
            f"{what} through the connection {self.name}.",
            hint="Databases are made and deleted where they are: in the portal of Astra DB, or by who runs the server.",
        )
