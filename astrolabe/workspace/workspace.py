"""The composition root: one data folder with everything that works on it, wired together.

    catalog.db              databases, credentials, scopes, settings, audit trail
    secrets.key             the key of the stored secrets, made when the first secret is stored
    loads.db                how far each load got; opened by the first load
    embeddings.db           vectors of texts that were embedded before; may be deleted at any time
    space.reserve           space that deletions use when the disk is full; nothing is in it
    databases/<id>/         one folder per database: contents.db and the caches beside it

Several programs may have one data folder open at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import quote

from astrolabe.dataapi.activity import ActivityLog, RecordingDataApi
from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.engine.definitions.row_layout import extract_of
from astrolabe.dataapi.engine.definitions.table_definition import building_indexes
from astrolabe.dataapi.engine.local import LocalDataApi
from astrolabe.dataapi.engine.vectorize.dependents import dependents_of
from astrolabe.dataapi.engine.vectorize.vectorizer import Vectorizer
from astrolabe.dataapi.protocol import DataApi
from astrolabe.dataapi.read_only import ReadOnlyDataApi
from astrolabe.errors import AstrolabeError, StorageError
from astrolabe.portal.audit.audit import Audit
from astrolabe.portal.audit.column_services import ColumnServices
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.connection_strings.connection_strings import ConnectionStrings
from astrolabe.portal.connection_strings.usage import ConnectionUsage
from astrolabe.portal.connections.saved_connections import SavedConnections
from astrolabe.portal.credentials.integrations import Integrations
from astrolabe.portal.credentials.reencryption import Reencryption
from astrolabe.portal.credentials.secrets import CredentialSecrets
from astrolabe.portal.credentials.usage import CredentialUsage
from astrolabe.portal.databases.databases import Databases
from astrolabe.portal.failure_lab import FailureLab
from astrolabe.portal.organization import (
    DEFAULT_KEYSPACE,
    Database,
    DatabaseDraft,
    DatabaseStatus,
    Dependent,
    VectorizeChoice,
)
from astrolabe.portal.tokens import Tokens
from astrolabe.providers.rerank.engine import RerankingEngine
from astrolabe.workspace.connection import Connection, LocalConnection
from astrolabe.workspace.engines import catalogue_of, embedding_engine
from astrolabe.workspace.folder import if_catalog_vanished
from astrolabe.workspace.interrupted import finish_interrupted
from astrolabe.workspace.leased import LeasedDataApi, OpenDatabase
from astrolabe.workspace.options import WorkspaceOptions
from astrolabe.workspace.sample import embedded_service, load_sample
from astrolabe.workspace.stores import StorePool
from storage.catalog.catalog import Catalog
from storage.descriptors import most_open_stores
from storage.documents.database_files import DatabaseFiles
from storage.documents.definitions import read_definitions
from storage.documents.store import DatabaseStore
from storage.embedding_cache.cache import DEFAULT_BYTES, EmbeddingCache
from storage.loads.ledger import LoadLedger
from storage.secrets.box import SecretBox
from storage.secrets.keyring import key_source
from storage.secrets.ownership import guard_of
from storage.secrets.references import ReferenceReader
from storage.sqlite.busy_retry import uninterrupted
from storage.sqlite.reserve import SpaceReserve

_CATALOG = "catalog.db"


class Workspace:
    """An open data folder; belongs to one event loop. :meth:`open` makes one, :meth:`close` ends it.

    Attributes:
        options: What it was opened with.
        connection: Its databases, as pages, verbs and loads see them.
        connections: Places elsewhere that have databases; :func:`~astrolabe.workspace.elsewhere.connect` leads there.
        catalogue: The embedding providers.
        databases: The organization's databases; use :meth:`create_database` and :meth:`delete_database` to change them.
        integrations: Providers, credentials and scopes.
        connection_strings: AI services of the user's own description.
        connection_usage: Who depends on a connection string, and whether the service answers.
        credential_usage: Who depends on a credential, rehearsal, connection test and rotation.
        tokens: Application tokens of programs that use the server.
        audit: Who changed what.
        reencryption: Changes the key of the stored secrets.
        lab: Makes providers fail, to try out how programs take it.
        engine: Turns texts into vectors.
        embedding_cache: Vectors of texts that were embedded before; there even when the settings do not use it.
        reranker: Puts results in order by a model.
        ledger: How far each load got.
        activity: Every command that was sent since the workspace was opened.
    """

    def __init__(
        self,
        options: WorkspaceOptions,
        catalog: Catalog,
        ledger: LoadLedger,
        reserve: SpaceReserve | None,
        closing: AsyncExitStack,
    ) -> None:
        trail = AuditTrail(now=options.now, user=options.user)
        box = SecretBox(key_source(options.data_dir, options.key_place))
        self._reserve = reserve
        self.options = options
        self.connection: Connection = LocalConnection(self)
        self.catalogue = catalogue_of(options)
        self.databases = Databases(catalog, trail)
        self.lab = FailureLab(catalog, self.catalogue, trail, settings=options.troubles, read_only=options.read_only)
        secrets = CredentialSecrets(box, ReferenceReader(guard=guard_of(options.data_dir, [_CATALOG])))
        self.integrations = Integrations(catalog, self.catalogue, secrets, trail)
        self.connection_strings = ConnectionStrings(
            catalog,
            self.catalogue,
            self.integrations,
            secrets,
            trail,
            allow_plain_http=options.allow_plain_http,
        )
        self.connections = SavedConnections(catalog, secrets, trail, allow_plain_http=options.allow_plain_http)
        self.embedding_cache = EmbeddingCache(
            options.data_dir / "embeddings.db",
            most_bytes=options.cache_bytes or DEFAULT_BYTES,
            read_only=options.read_only,
            reserve=self._reserve,
        )
        self.engine = embedding_engine(options, self.catalogue, self.embedding_cache, self.lab)
        self.reranker = RerankingEngine(access=options.rerankers, allow_plain_http=options.allow_plain_http)
        self.credential_usage = CredentialUsage(self.databases, self.integrations, self, self.engine, self.catalogue)
        self.connection_usage = ConnectionUsage(self.connection_strings, self.credential_usage, self.engine)
        self.tokens = Tokens(catalog, trail)
        self.audit = Audit(catalog)
        self.reencryption = Reencryption(catalog, box, trail)
        self.ledger = ledger
        self.activity = ActivityLog()
        self._catalog = catalog
        self._closing = closing
        self._vectorizer = Vectorizer(
            self.integrations, self.engine, self.catalogue, connections=self.connection_strings
        )
        self._column_services = ColumnServices(catalog, trail)
        self._files = DatabaseFiles(options.data_dir / "databases", reserve)
        self._stores = StorePool(self._open_database, options.open_databases or most_open_stores())
        self._doors: dict[str, tuple[Database, DataApi]] = {}
        for close in (self.embedding_cache.close, self.engine.close, self.reranker.close, self._stores.close_all):
            closing.push_async_callback(close)

    @classmethod
    async def open(cls, options: WorkspaceOptions) -> Workspace:
        """Open or create a data folder, and finish what an earlier program was stopped in.

        Raises:
            StorageError: The folder cannot be written, is full, damaged, or was written by a newer program.
        """
        reserve = None if options.read_only else SpaceReserve(options.data_dir / "space.reserve")
        async with AsyncExitStack() as stack:
            catalog = await Catalog.open(
                options.data_dir / _CATALOG,
                if_vanished=await asyncio.to_thread(if_catalog_vanished, options.data_dir),
                read_only=options.read_only,
                reserve=reserve,
            )
            stack.push_async_callback(catalog.close)
            if reserve is not None:
                await asyncio.to_thread(reserve.fill)
            ledger = LoadLedger(options.data_dir / "loads.db", read_only=options.read_only, reserve=reserve)
            stack.push_async_callback(ledger.close)
            workspace = cls(options, catalog, ledger, reserve, stack)
            if not options.read_only:
                await finish_interrupted(await workspace.databases.list(), workspace._files, workspace._activate)
            workspace._closing = stack.pop_all()
        return workspace

    @classmethod
    @asynccontextmanager
    async def opened(cls, options: WorkspaceOptions) -> AsyncIterator[Workspace]:
        """Lend an open workspace and close it at the end of the block."""
        workspace = await cls.open(options)
        try:
            yield workspace
        finally:
            await workspace.close()

    async def close(self) -> None:
        """Close every database, the catalog and the connections, whole even when cancelled; may be called twice."""
        await uninterrupted(self._closing.aclose())

    def endpoint(self, database: Database | None) -> str:
        """Return the address that code snippets name for a database; without one, that of the server."""
        base = self.options.served_at
        if database is None or self.options.default_database in {database.id, database.name}:
            return base
        return f"{base}/databases/{quote(database.name, safe='')}"

    def close_too(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have something else closed with the workspace, before what it stands on."""
        self._closing.push_async_callback(close)

    async def api(self, database: Database) -> DataApi:
        """Return the door to a database; its commands are recorded in the activity log.

        Raises:
            NotFoundError: The database was deleted.
            StorageError: Its file cannot be opened.
        """
        async with self._store(database.id):
            pass  # so that what cannot be opened is told now
        known = self._doors.get(database.id)
        if known is None or known[0] != database:
            door: DataApi = LeasedDataApi(self._stores, database.id, self.endpoint(database))
            door = ReadOnlyDataApi(door) if self.options.read_only else door
            door = RecordingDataApi(door, self.activity, database.name, now=self.options.now)
            known = self._doors[database.id] = database, door
        return known[1]

    async def choices(self, database: Database) -> list[VectorizeChoice]:
        """Return what "Embedding generation method" offers to a database: providers, then connection strings.

        Raises:
            NotFoundError: The database was deleted.
        """
        found = await self.integrations.choices(database.id)
        strings = await self.connection_strings.choice(database.id)
        return found if strings is None else [*found, strings]

    async def dependents(self, database: Database) -> list[Dependent]:
        """Return the collections and columns of a database that name a stored credential; nothing stays open for it.

        Raises:
            StorageError: Its file cannot be read.
            NotFoundError: The database was deleted.
        """
        path = self._files.contents(database.id)
        if database.status is DatabaseStatus.INITIALIZING and not await asyncio.to_thread(path.exists):
            return []
        containers = await read_definitions(path, read_only=self.options.read_only)
        if containers is None:
            async with self._store(database.id) as store:
                containers = await store.containers()
        return dependents_of(database, containers)

    async def revision(self) -> int:
        """Return a number that changes with every change to databases, credentials and scopes, whoever makes it."""
        return await self._catalog.revision()

    async def integrity(self, database: Database | None = None) -> list[str]:
        """Return what is wrong with a database's file, or with the catalog's; empty when it is sound.

        Raises:
            StorageError: The file cannot be opened.
        """
        if database is None:
            return await self._catalog.integrity_check()
        async with self._store(database.id) as store:
            return await store.integrity_check(extract_of)

    async def incomplete_indexes(self, database: Database) -> list[str]:
        """Return the indexes of a database's tables that are not complete yet, as ``table.index``.

        Raises:
            StorageError: The database's file cannot be opened.
        """
        async with self._store(database.id) as store:
            return [f"{one.name}.{index}" for one in await store.containers() for index in building_indexes(one)]

    async def index_problems(self, database: Database) -> list[str]:
        """Return what is wrong with a database's vector indexes on the disk; the next search builds them anew.

        Raises:
            StorageError: The database's file cannot be opened.
        """
        async with self._store(database.id) as store:
            return await store.index_problems()

    async def client(self, database: Database) -> DatabaseClient:
        """Return a typed client to a database; raises what :meth:`api` raises."""
        return DatabaseClient(await self.api(database))

    async def create_database(self, draft: DatabaseDraft) -> Database:
        """Create a database with its ``default_keyspace``; it is active on return.

        Raises:
            RuleError: The name is taken, or something in the draft is not allowed.
            StorageError: The file cannot be created; nothing is left behind.
        """
        database = await self.databases.create(draft)
        try:
            return await self._activate(database)
        except StorageError:
            with suppress(AstrolabeError):  # the first error is the one to tell; the next start tries again
                await self.delete_database(database)
            raise

    async def delete_database(self, database: Database) -> None:
        """Delete a database with everything in it, and take it out of every scope.

        Raises:
            NotFoundError: It was deleted already.
            StorageError: Its folder cannot be written.
        """
        self._catalog.require_writable()
        async with self._stores.shut(database.id):
            self._doors.pop(database.id, None)
            await asyncio.to_thread(self._files.condemn, database.id)
            await self.databases.delete(database.id)
            await asyncio.to_thread(self._files.remove, database.id)
        if self._reserve is not None:
            await asyncio.to_thread(self._reserve.fill)

    async def create_sample(self, database: Database, keyspace: str) -> str:
        """Create the sample collection, load it the way any file is loaded, and return its name.

        Raises:
            ProviderError: The Embedded provider is not available here.
            AstrolabeError: The collection cannot be created, or the load did not reach the end.
        """
        service = embedded_service(self.catalogue)
        return await load_sample(await self.client(database), service, database.id, keyspace, self.ledger)

    async def clear_embedding_cache(self) -> int:
        """Forget every vector in the cache of embeddings; return how many there were.

        Raises:
            StorageError: Read-only mode, or the file cannot be written.
        """
        self._catalog.require_writable()
        return await self.embedding_cache.clear()

    async def setting(self, key: str) -> str | None:
        """Return a setting that is kept with the data, such as the chosen theme, or None."""
        return await self._catalog.setting(key)

    async def put_setting(self, key: str, value: str | None) -> None:
        """Keep a setting with the data; None removes it."""
        await self._catalog.put_setting(key, value)

    @asynccontextmanager
    async def _store(self, database_id: str) -> AsyncIterator[DatabaseStore]:
        """Lend the open store of a database that still exists: another program may have deleted it."""
        known = {database.id for database in await self.databases.list()}
        await self._stores.close_others(known)
        for gone in self._doors.keys() - known:
            del self._doors[gone]
        async with self._stores.lease(database_id) as opened:
            yield opened.store

    async def _open_database(self, database_id: str) -> OpenDatabase:
        database = await self.databases.find(database_id)
        path = self._files.contents(database.id)
        made = database.status is not DatabaseStatus.INITIALIZING
        store = await DatabaseStore.open(path, made=made, read_only=self.options.read_only, reserve=self._reserve)
        api = LocalDataApi(
            database=database,
            store=store,
            vectorizer=self._vectorizer,
            catalogue=self.catalogue,
            endpoint=self.endpoint(database),
            limits=self.options.limits,
            lab=self.lab,
            reranker=self.reranker,
            service_trail=self._column_services,
        )
        return OpenDatabase(store, api, api.index_builds)

    async def _activate(self, database: Database) -> Database:
        async with self._store(database.id) as store:
            await store.create_keyspace(DEFAULT_KEYSPACE)
        return await self.databases.activate(database.id)
