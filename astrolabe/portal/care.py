"""The life of a credential: who depends on it, what a change would do, testing it, and rotating it in one step."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from astrolabe.errors import RuleError
from astrolabe.portal.databases import Databases
from astrolabe.portal.integrations import Integrations
from astrolabe.portal.model import Credential, Database, Dependent
from astrolabe.portal.rehearsal import (
    Rehearsal,
    Scopes,
    Stopped,
    reason,
    rehearse,
    scopes_of,
    stopped,
    with_scope,
    without,
)
from astrolabe.providers.catalogue import Catalogue
from astrolabe.providers.engine import Probe
from astrolabe.providers.model import EmbeddingSpec, Hosting, ModelStatus, ProviderInfo
from storage.errors import StorageError
from storage.secret_references import SecretReference

MOST_PROBES = 5
"""Different models and parameters that one connection test tries; each is a request to the provider."""


class Contents(Protocol):
    """What this needs of the databases' contents."""

    async def dependents(self, database: Database) -> list[Dependent]:
        """Return the collections and columns of a database that name a stored credential.

        Raises:
            StorageError: The database cannot be read.
        """
        ...


class Prober(Protocol):
    """What this needs of the embedding engine."""

    async def probe(self, spec: EmbeddingSpec, secret: SecretStr | None, *, credential: str | None = None) -> Probe:
        """Embed one short text; raises ProviderError."""
        ...


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that uses stored credentials, and what could not be looked at.

    Attributes:
        dependents: By database, keyspace and name.
        unread: A sentence for each database that cannot be read now.
    """

    dependents: tuple[Dependent, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tested:
    """One request of a connection test.

    Attributes:
        model: The model asked for.
        seconds: How long it took.
        dimension: Of the vector that came back.
        expected: Of the collection, or of the model.
    """

    model: str
    seconds: float
    dimension: int
    expected: int


@dataclass(frozen=True, slots=True)
class Disabled:
    """A collection or column that cannot generate embeddings now.

    Attributes:
        dependent: Which one.
        why: The kind of reason.
        reason: A sentence on why, and one on what brings it back.
    """

    dependent: Dependent
    why: Stopped
    reason: str


class CredentialCare:
    """Answers and does what concerns credentials and collections at once.

    Args:
        databases: The organization's databases.
        integrations: Credentials and scopes.
        contents: Says what the databases' collections use.
        engine: Asks a provider.
        catalogue: The providers.
    """

    def __init__(
        self, databases: Databases, integrations: Integrations, contents: Contents, engine: Prober, catalogue: Catalogue
    ) -> None:
        self._databases = databases
        self._integrations = integrations
        self._contents = contents
        self._engine = engine
        self._catalogue = catalogue

    async def overview(self) -> Overview:
        """Return every collection and column that names a stored credential of an external provider."""
        found: list[Dependent] = []
        unread: list[str] = []
        for database in await self._databases.list():
            try:
                found += [one for one in await self._contents.dependents(database) if self._is_external(one)]
            except StorageError as error:
                unread.append(f"The database {database.name} cannot be read: {error.message}")
        return Overview(tuple(found), tuple(unread))

    async def scopes(self) -> Scopes:
        """Return the scopes of all credentials."""
        return scopes_of(await self._integrations.credentials())

    async def rehearse_removal(self, provider: str, names: Collection[str]) -> Rehearsal:
        """Return what removing credentials of a provider would do."""
        before = await self.scopes()
        after = without(before, *((provider, name) for name in names))
        return rehearse(before, after, (await self.overview()).dependents)

    async def rehearse_scope(
        self, provider: str, name: str, *, add: Collection[str] = (), remove: Collection[str] = ()
    ) -> Rehearsal:
        """Return what adding databases (ids) to a credential's scope, or removing them, would do."""
        before = await self.scopes()
        scope = (before.get((provider, name), frozenset()) | frozenset(add)) - frozenset(remove)
        after = with_scope(before, (provider, name), scope)
        return rehearse(before, after, (await self.overview()).dependents, about=[(provider, name)])

    async def rehearse_replacement(
        self, provider: str, name: str, new_name: str, database_ids: Collection[str]
    ) -> Rehearsal:
        """Return what removing a credential and adding another, of this name and scope, would do."""
        before = await self.scopes()
        after = with_scope(without(before, (provider, name)), (provider, new_name), database_ids)
        return rehearse(before, after, (await self.overview()).dependents, about=[(provider, name)])

    async def disabled(self, database: Database | None = None) -> list[Disabled]:
        """Return the collections and columns that cannot generate embeddings now, of one database or of all."""
        scopes = await self.scopes()
        if database is None:
            dependents: Sequence[Dependent] = (await self.overview()).dependents
        else:
            dependents = [one for one in await self._contents.dependents(database) if self._is_external(one)]
        states = ((one, stopped(one, scopes)) for one in dependents)
        return [Disabled(one, why, reason(one, why, self._noun(one))) for one, why in states if why is not None]

    async def waiting(self, provider: str) -> list[Dependent]:
        """Return the collections and columns of a provider whose credential does not exist."""
        scopes = await self.scopes()
        dependents = (await self.overview()).dependents
        return [
            one for one in dependents if one.service.provider == provider and stopped(one, scopes) is Stopped.MISSING
        ]

    async def test(
        self,
        provider: str,
        name: str,
        secret: SecretStr | SecretReference | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
    ) -> list[Tested]:
        """Ask the provider for one short embedding with each model and parameters that the credential is used with.

        Args:
            provider: The provider's key.
            name: The credential's name.
            secret: A new secret for it; None takes the one it has.
            parameters: The provider's parameters, for a credential that nothing uses yet.

        Raises:
            NotFoundError: There is no such credential.
            ProviderError: The provider refused, failed or could not be reached.
            RuleError: Nothing uses the credential, and the provider needs parameters to be asked.
            SecretUnreadableError: The secret cannot be read.
        """
        await self._integrations.credential(provider, name)
        specs = await self._specs(self._catalogue.get(provider), name, parameters)
        revealed = await self._integrations.read_secret(provider, name, secret)
        done = []
        for spec in specs:
            started = time.monotonic()
            probe = await self._engine.probe(spec, revealed, credential=name)
            done.append(Tested(spec.model, time.monotonic() - started, probe.dimension, spec.dimension))
        return done

    async def rotate(
        self,
        provider: str,
        name: str,
        secret: SecretStr | SecretReference,
        *,
        test: bool = True,
        version: int | None = None,
    ) -> Credential:
        """Put a new secret in place of the old one, once the provider has accepted it; name and scope stay.

        Args:
            provider: The provider's key.
            name: The credential's name.
            secret: The new secret, or where to read it from.
            test: Ask the provider first; the old secret stays in use until it has answered.
            version: Change it only if it is still as it was read.

        Raises:
            ConflictError: The credential has been changed since.
            ProviderError: The provider did not accept the new secret; nothing was changed.
            RuleError: The secret is not allowed, or the test is not possible.
        """
        if test:
            version = version or (await self._integrations.credential(provider, name)).version
            await self.test(provider, name, secret)
        return await self._integrations.rotate(provider, name, secret, version=version)

    async def _specs(
        self, provider: ProviderInfo, name: str, parameters: Mapping[str, Any] | None
    ) -> list[EmbeddingSpec]:
        used = [one for one in (await self.overview()).dependents if one.credential == (provider.key, name)]
        specs: list[EmbeddingSpec] = []
        for one in used if parameters is None else ():
            spec = EmbeddingSpec(provider.key, one.service.model, one.dimension, one.service.parameters)
            if spec not in specs:
                specs.append(spec)
        return specs[:MOST_PROBES] or [_first_model(provider, parameters or {})]

    def _is_external(self, dependent: Dependent) -> bool:
        info = self._catalogue.find(dependent.service.provider)
        return info is None or info.hosting is not Hosting.HOSTED

    def _noun(self, dependent: Dependent) -> str:
        info = self._catalogue.find(dependent.service.provider)
        return info.credential_noun if info else "credential"


def _first_model(provider: ProviderInfo, parameters: Mapping[str, Any]) -> EmbeddingSpec:
    """Return something to ask a provider for where no collection says what."""
    missing = [info.name for info in provider.parameters if info.required and info.name not in parameters]
    model = next((one for one in provider.models if one.status is ModelStatus.SUPPORTED), None)
    if missing or model is None:
        raise RuleError(
            f"There is nothing to test with: no collection uses it yet, and {provider.label} needs to be told "
            f"{', '.join(missing) or 'a model'}.",
            field="test",
            hint="Go on without the test, or create a collection with it first.",
        )
    dimension = model.dimension or model.default_dimension or (model.dimension_range or (1, 1))[0]
    return EmbeddingSpec(provider.key, model.name, dimension, parameters)
