"""The life of a credential: who depends on it, what a change would do, testing it, and rotating it in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from astrolabe.errors import NotFoundError
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
    unread_words,
    with_scope,
    without,
)
from astrolabe.portal.databases.databases import Databases
from astrolabe.portal.organization import Credential, Database, Dependent, Unread
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, Hosting
from astrolabe.providers.embedding.waiting import WaitListener
from storage.errors import StorageError
from storage.secrets.references import SecretReference

_READ_AT_ONCE = 4
"""Databases whose definitions are read at the same time, each in a thread with one file open."""


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
    """What uses stored credentials, and what could not be looked at.

    Attributes:
        dependents: By database, keyspace and name.
        unread: The databases that cannot be read now: what they use is unknown.
    """

    dependents: tuple[Dependent, ...]
    unread: tuple[Unread, ...] = ()

    def only(self, wanted: Callable[[Dependent], bool]) -> Overview:
        """Return the dependents that are wanted; what is unknown stays so."""
        return Overview(tuple(filter(wanted, self.dependents)), self.unread)


NOTHING_USED = Overview(())


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
        self._answered: dict[str, tuple[EmbeddingSpec, int]] = {}

    async def overview(self) -> Overview:
        """Return every collection and column that names a stored credential of an external provider.

        A few databases are read at a time, so that one that is slow holds up no other.
        """
        turns = asyncio.Semaphore(_READ_AT_ONCE)

        async def read(database: Database) -> list[Dependent] | Unread | None:
            async with turns:
                try:
                    return await self._contents.dependents(database)
                except NotFoundError:
                    return None
                except StorageError as error:
                    return Unread(database, error.message)

        answers = await asyncio.gather(*map(read, await self._databases.list()))
        unread = [answer for answer in answers if isinstance(answer, Unread)]
        if unread:
            still_there = {database.id for database in await self._databases.list()}
            unread = [one for one in unread if one.database.id in still_there]
        found = [one for answer in answers if isinstance(answer, list) for one in answer if self._is_external(one)]
        return Overview(tuple(found), tuple(unread))

    async def scopes(self) -> Scopes:
        """Return the scopes of all credentials."""
        return scopes_of(await self._integrations.credentials())

    async def rehearse_removal(self, provider: str, names: Collection[str]) -> Rehearsal:
        """Return what removing credentials of a provider would do."""
        before = await self.scopes()
        after = without(before, *((provider, name) for name in names))
        overview = await self.overview()
        return rehearse(before, after, overview.dependents, unread=overview.unread)

    async def rehearse_scope(
        self, provider: str, name: str, *, add: Collection[str] = (), remove: Collection[str] = ()
    ) -> Rehearsal:
        """Return what adding databases (ids) to a credential's scope, or removing them, would do."""
        before = await self.scopes()
        scope = (before.get((provider, name), frozenset()) | frozenset(add)) - frozenset(remove)
        after = with_scope(before, (provider, name), scope)
        overview = await self.overview()
        return rehearse(before, after, overview.dependents, about=[(provider, name)], unread=overview.unread)

    async def rehearse_replacement(
        self, provider: str, name: str, new_name: str, database_ids: Collection[str]
    ) -> Rehearsal:
        """Return what removing a credential and adding another, of this name and scope, would do."""
        before = await self.scopes()
        after = with_scope(without(before, (provider, name)), (provider, new_name), database_ids)
        overview = await self.overview()
        return rehearse(before, after, overview.dependents, about=[(provider, name)], unread=overview.unread)

    async def disabled(self, database: Database | None = None) -> list[Disabled]:
        """Return the collections and columns that cannot generate embeddings now, of one database or of all.

        Of all, those in databases that cannot be read are missing.

        Raises:
            StorageError: The one database cannot be read.
        """
        scopes = await self.scopes()
        if database is None:
            dependents: Sequence[Dependent] = (await self.overview()).dependents
        else:
            dependents = [one for one in await self._contents.dependents(database) if self._is_external(one)]
        states = ((one, stopped(one, scopes)) for one in dependents)
        return [Disabled(one, why, reason(one, why, self._noun(one))) for one, why in states if why is not None]

    async def waiting(self, provider: str) -> Overview:
        """Return the collections and columns of a provider whose credential does not exist."""
        scopes = await self.scopes()
        return (await self.overview()).only(
            lambda one: one.service.provider == provider and stopped(one, scopes) is Stopped.MISSING
        )

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
        if name is None or parameters is not None:
            return [first_question(info, parameters or {})]
        used = (await self.overview()).only(lambda one: one.credential == (provider, name))
        return questions_of(info, used.dependents) or [first_question(info, {}, unknown=unread_words(used.unread))]

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
        tested = await ask(self._engine, question, revealed, credential=name, trial=trial, on_wait=on_wait)
        if tested.dimension is not None:
            self._answered[provider] = (question.spec, tested.dimension)
        return tested

    def answered(self, provider: str) -> tuple[EmbeddingSpec, int] | None:
        """Return what a provider last answered in a connection test, and with how many dimensions: a form begins there.

        None when it was not tested since the program started.
        """
        return self._answered.get(provider)

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

    def _is_external(self, dependent: Dependent) -> bool:
        info = self._catalogue.find(dependent.service.provider)
        return info is None or info.hosting is not Hosting.HOSTED

    def _noun(self, dependent: Dependent) -> str:
        info = self._catalogue.find(dependent.service.provider)
        return info.credential_noun if info else "credential"
