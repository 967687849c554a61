"""The shapes of AI connection strings, as RavenDB has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from astrolabe.portal.organization import Database
from astrolabe.providers.catalogue.connectors import MODEL, Connector, get_connector
from storage.secrets.references import SecretReference


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """A connection string. Its secret is write-only and not in here.

    Attributes:
        name: Unique.
        identifier: Unique and fixed; what collections refer to.
        connector: What kind of service it leads to.
        settings: The settings block without the secret, empty members left out.
        masked: What may be shown of the secret, or where it is read from; empty when there is none.
        created_at: When it was added.
        databases: The databases that may use it, by name.
        version: Pass it back to change only what was read.
    """

    name: str
    identifier: str
    connector: Connector
    settings: Mapping[str, Any]
    masked: str
    created_at: datetime
    databases: tuple[Database, ...] = ()
    version: int = 0

    @property
    def model(self) -> str:
        """The model as the string has it; empty for Embedded."""
        return self.connector.value(self.settings, MODEL)

    @property
    def lacks_secret(self) -> bool:
        """Whether it cannot be used before its secret is given: an export without secrets was imported."""
        return self.connector.secret is not None and self.connector.secret.required and not self.masked


@dataclass(frozen=True, slots=True)
class ConnectionStringDraft:
    """What the dialog asks for, as typed; ``repr`` shows no secret.

    Attributes:
        name: Its name.
        identifier: Empty to make one from the name.
        connector: Key of the connector.
        settings: The settings block without the secret, texts as typed or values as imported.
        secret: The secret, or where to read it from; None keeps the one there is.
        database_ids: The databases that may use it; None keeps those that may.
    """

    name: str
    identifier: str = ""
    connector: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: SecretStr | SecretReference | None = None
    database_ids: tuple[str, ...] | None = None

    @property
    def kind(self) -> Connector:
        """The connector.

        Raises:
            NotFoundError: There is none of that key.
        """
        return get_connector(self.connector)
