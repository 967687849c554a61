"""The shapes of connections to databases elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote

from pydantic import SecretStr

from storage.secrets.references import SecretReference

ASTRA_ADDRESS = "https://api.astra.datastax.com/v2"
"""The DevOps API of Astra DB."""

ASTRA_DATA = "https://{id}-{region}.apps.astra.datastax.com"
"""Where a database of Astra DB answers."""


def filled_in(template: str, database_id: str, region: str, name: str) -> str:
    """Return the address of a database; what the DevOps API says of it never leads to another host."""
    values = {"{id}": database_id, "{region}": region, "{name}": name}
    for place, value in values.items():
        template = template.replace(place, quote(value, safe=""))
    return template


class ConnectionKind(StrEnum):
    """What a connection leads to."""

    ENDPOINT = "endpoint"
    """The Data API of one database, or of a cluster: HCD, DSE, another ``astrolabe serve``."""

    ASTRA = "astra"
    """An organization of Astra DB, whose databases its DevOps API lists."""


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """What is asked for to add a connection; ``repr`` shows no secret.

    Attributes:
        name: Unique.
        kind: What it leads to.
        address: Of the Data API; of the DevOps API for Astra DB.
        secret: Token, or password where there is a user; None for a server that wants none.
        user: Name of the user whose password the secret is; empty for a token.
        data_address: Where databases of Astra DB answer, with ``{id}`` and ``{region}``.
        ca_file: Certificates that the server's is checked with, beside the usual ones; empty for these alone.
        client_certificate: File with the certificate and key that are shown to the server; empty for none.
        production: Whether it is marked as production.
        read_only: Whether nothing may be changed through it.
    """

    name: str
    kind: ConnectionKind
    address: str
    secret: SecretStr | SecretReference | None = None
    user: str = ""
    data_address: str = ""
    ca_file: str = ""
    client_certificate: str = ""
    production: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class SavedConnection:
    """A connection as it may be shown; the attributes are those of the draft.

    Attributes:
        masked: What may be shown of its secret, or where that is read from; empty when it has none.
        created_at: When it was added.
    """

    name: str
    kind: ConnectionKind
    address: str
    user: str
    data_address: str
    ca_file: str
    client_certificate: str
    production: bool
    read_only: bool
    masked: str
    created_at: datetime


def saved_as(draft: ConnectionDraft) -> SavedConnection:
    """Return a draft as the connection it would be, to try it out."""
    return SavedConnection(
        name=draft.name,
        kind=draft.kind,
        address=draft.address,
        user=draft.user,
        data_address=draft.data_address,
        ca_file=draft.ca_file,
        client_certificate=draft.client_certificate,
        production=draft.production,
        read_only=draft.read_only,
        masked="",
        created_at=datetime.fromtimestamp(0, UTC),
    )
