"""The life of a credential: who depends on it, what a change would do, testing it, and rotating it in one step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from astrolabe.portal.credentials.connection_test import (
    Prober,
    Question,
    Tested,
    ask,
    ask_all,
    first_question,
    known_parameters,
    questions_of,
)
from astrolabe.portal.credentials.integrations import Integrations
from astrolabe.portal.credentials.rehearsal import (
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
from astrolabe.portal.databases.databases import Databases
from astrolabe.portal.organization import Credential, Database, Dependent
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import Hosting
from astrolabe.providers.embedding.waiting import WaitListener
from storage.errors import StorageError
from storage.secrets.references import SecretReference


class Contents(Protocol):
    """What this needs of the databases' contents."""

    async def dependents(self, database: Database) -> list[Dependent]:
        """Return the collections and columns of a database that name a stored credential.

        Raises:
            StorageError: The database cannot be read.
        """
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


class CredentialUsage:
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

    async def questions(
        self, provider: str, name: str | None, *, parameters: Mapping[str, Any] | None = None
    ) -> list[Question]:
        """Return what a connection test asks: what the collections of a credential do, or else the first model.

        Args:
            provider: The provider's key.
            name: The credential's name; None for a provider that needs none.
            parameters: The provider's parameters; with them, what collections use does not matter.

        Raises:
            RuleError: Nothing uses the credential, and the provider needs parameters to be asked.
        """
        info = self._catalogue.get(provider)
        used = await self._used_by(provider, name) if name is not None and parameters is None else []
        return questions_of(info, used) or [first_question(info, parameters or {})]

    async def known_parameters(self, provider: str) -> dict[str, str]:
        """Return the parameters that a collection of the provider has; empty when none has any."""
        dependents = (await self.overview()).dependents
        info = self._catalogue.get(provider)
        return known_parameters(info, [one for one in dependents if one.service.provider == provider])

    async def ask(
        self,
        question: Question,
        name: str | None = None,
        secret: SecretStr | SecretReference | None = None,
        *,
        on_wait: WaitListener | None = None,
    ) -> Tested:
        """Ask a provider one question of a connection test; a refusal is a result.

        Args:
            question: What to ask.
            name: The credential's name, stored or not; None for a provider that needs none.
            secret: A secret to try out, which need not be stored; None takes the credential's own.
            on_wait: Told of waits for a model that is being loaded.

        Raises:
            NotFoundError: There is no such credential.
            RuleError: The secret is not allowed.
            SecretUnreadableError: The secret cannot be read.
        """
        provider, trial = question.spec.provider, secret is not None
        revealed = None
        if name is not None or trial:
            revealed = await self._integrations.read_secret(provider, name or "", secret)
        return await ask(self._engine, question, revealed, credential=name, trial=trial, on_wait=on_wait)

    async def test(
        self,
        provider: str,
        name: str | None,
        secret: SecretStr | SecretReference | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        on_wait: WaitListener | None = None,
    ) -> list[Tested]:
        """Ask the provider for one short embedding with each model and parameters that the credential is used with.

        Args:
            provider: The provider's key.
            name: The credential's name; None for a provider that needs none.
            secret: A new secret for it; None takes the one it has.
            parameters: The provider's parameters, for a credential that nothing uses yet.
            on_wait: Told of waits for a model that is being loaded.

        Raises:
            NotFoundError: There is no such credential.
            RuleError: Nothing uses the credential, and the provider needs parameters to be asked.
            SecretUnreadableError: The secret cannot be read.
        """
        if name is not None:
            await self._integrations.credential(provider, name)
        questions = await self.questions(provider, name, parameters=parameters)
        return await ask_all(questions, lambda question: self.ask(question, name, secret, on_wait=on_wait))

    async def rotate(
        self,
        provider: str,
        name: str,
        secret: SecretStr | SecretReference,
        *,
        test: bool = True,
        version: int | None = None,
        on_wait: WaitListener | None = None,
    ) -> Credential:
        """Put a new secret in place of the old one, once the provider has accepted it; name and scope stay.

        Args:
            provider: The provider's key.
            name: The credential's name.
            secret: The new secret, or where to read it from.
            test: Ask the provider first; the old secret stays in use until it has answered.
            version: Change it only if it is still as it was read.
            on_wait: Told of waits for a model that is being loaded; without it such a model is a failure at once.

        Raises:
            ConflictError: The credential has been changed since.
            ProviderError: The provider did not accept the new secret; nothing was changed.
            RuleError: The secret is not allowed, or the test is not possible.
        """
        if test:
            version = version or (await self._integrations.credential(provider, name)).version
            for tested in await self.test(provider, name, secret, on_wait=on_wait):
                if tested.error is not None:
                    raise tested.error
        return await self._integrations.rotate(provider, name, secret, version=version)

    async def _used_by(self, provider: str, name: str) -> list[Dependent]:
        return [one for one in (await self.overview()).dependents if one.credential == (provider, name)]

    def _is_external(self, dependent: Dependent) -> bool:
        info = self._catalogue.find(dependent.service.provider)
        return info is None or info.hosting is not Hosting.HOSTED

    def _noun(self, dependent: Dependent) -> str:
        info = self._catalogue.find(dependent.service.provider)
        return info.credential_noun if info else "credential"
