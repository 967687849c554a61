"""The life of a connection string: who depends on it, what a change would stop, and whether the service answers."""

from __future__ import annotations

from pydantic import SecretStr

from astrolabe.errors import RuleError
from astrolabe.portal.connection_strings import rules
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.connection_strings import ConnectionStrings, no_secret
from astrolabe.portal.credentials.connection_test import Prober, Question, Tested, ask
from astrolabe.portal.credentials.usage import CredentialUsage, Overview
from astrolabe.portal.rules import Findings
from astrolabe.providers.catalogue.catalogue import CONNECTION_STRING
from astrolabe.providers.catalogue.connectors import DIMENSIONS, MODEL, Connector
from astrolabe.providers.embedding.waiting import WaitListener
from storage.secrets.references import SecretReference


class ConnectionUsage:
    """Answers what concerns connection strings and collections, or the services themselves.

    Args:
        strings: The connection strings.
        credential_usage: Knows who depends on credentials.
        engine: Asks a service.
    """

    def __init__(self, strings: ConnectionStrings, credential_usage: CredentialUsage, engine: Prober) -> None:
        self._strings = strings
        self._credential_usage = credential_usage
        self._engine = engine

    async def dependents(self, identifier: str) -> Overview:
        """Return the collections and columns that embed with a connection string."""
        return (await self._credential_usage.overview()).only(
            lambda one: one.credential == (CONNECTION_STRING, identifier)
        )

    async def question(
        self, identifier: str, draft: ConnectionStringDraft | None = None
    ) -> tuple[Question, SecretStr | None]:
        """Return what the service of a connection string is asked in a test, and the secret. Never keep it.

        Args:
            identifier: The connection string; empty for one that is not saved yet.
            draft: What it would be after a change; its secret, where it has none, is the one that is kept.

        Raises:
            NotFoundError: There is no such connection string.
            RuleError: Something in the draft is not allowed, or there is no connection to test.
            SecretUnreadableError: The secret cannot be read.
        """
        string = await self._strings.get(identifier) if identifier else None
        if draft is None and string is not None and string.lacks_secret:
            raise no_secret(string)
        connector = draft.kind if draft is not None else string.connector if string is not None else None
        if connector is None:
            raise RuleError("There is no connection string to test.", field="credential")
        if connector.local:
            raise RuleError(
                "Embedded has no connection to test: its model runs inside this program.",
                field="test",
                hint="Save it, and create a collection with it.",
            )
        settings = string.settings if draft is None and string is not None else draft.settings if draft else {}
        self._check(connector, draft, has_secret=string is not None and not string.lacks_secret)
        secret = await self._secret(connector, string, draft)
        spec, key = self._strings.spec(connector, rules.kept_settings(connector, settings), secret, None)
        expected = settings.get(DIMENSIONS)
        return Question(spec, int(expected) if expected else None), key

    async def ask(
        self, identifier: str, draft: ConnectionStringDraft | None = None, *, on_wait: WaitListener | None = None
    ) -> Tested:
        """Ask the service of a connection string for one short embedding; what it refuses is a result.

        Args:
            identifier: The connection string; empty for one that is not saved yet.
            draft: What it would be after a change that is not saved yet.
            on_wait: Told of waits for a model that is being loaded.

        Raises:
            NotFoundError, RuleError, SecretUnreadableError: As :meth:`question` says.
        """
        question, key = await self.question(identifier, draft)
        trial = draft is not None
        return await ask(self._engine, question, key, credential=identifier or None, trial=trial, on_wait=on_wait)

    def _check(self, connector: Connector, draft: ConnectionStringDraft | None, *, has_secret: bool) -> None:
        if draft is None:
            return
        findings = Findings()
        for key, messages in self._strings.settings_problems(connector, draft.settings).items():
            findings.add(key, messages)
        field = connector.secret
        findings.add(
            field.key if field else "secret",
            rules.secret_setting_problems(connector, draft.secret, optional=has_secret),
        )
        findings.raise_any()

    async def _secret(
        self, connector: Connector, string: ConnectionString | None, draft: ConnectionStringDraft | None
    ) -> SecretStr | None:
        given: SecretStr | SecretReference | None = draft.secret if draft is not None else None
        if given is not None:
            return await self._strings.read(given)
        if string is None or connector.key != string.connector.key:
            return None
        return await self._strings.secret(string.identifier)


def model_change(before: ConnectionString, draft: ConnectionStringDraft, used: Overview) -> str:
    """Return what a change of connector, model or dimensions stops, as far as that is known; else an empty text."""
    after = rules.kept_settings(draft.kind, draft.settings)
    same = all(before.settings.get(key) == after.get(key) for key in (MODEL, DIMENSIONS))
    if same and before.connector.key == draft.kind.key:
        return ""
    names = ", ".join(one.label for one in used.dependents)
    if not names and not used.unread:
        return ""
    return (
        f"Vectors of two models cannot be compared: with another model, $vectorize stops for "
        f"{names or 'whatever uses it'} until the former one is back."
    )
