"""What the server is started with; apart from the server itself, which takes a while to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from astrolabe.workspace import DEFAULT_HOST, DEFAULT_PORT

PATIENCE = 30.0
"""Seconds that a request may pause while it is being sent."""

BODIES_IN_TIME = 60.0
"""Seconds until the whole of a request's body has come."""

MOST_CONNECTIONS = 1000
"""Connections at once, where the descriptors of the process allow it."""

LARGEST_REQUEST = 20 << 20
"""Bytes of a request's body."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the server is started with.

    Attributes:
        host: Name or address to listen on.
        port: 0 takes a free one.
        token: The one accepted token, in place of the stored ones.
        require_token: Whether requests need a token; without, the server listens on loopback only.
        database: Database of requests that name none; None is the only one there is.
        certificate: TLS certificate chain, PEM.
        key: Its private key, PEM; None when it is in the certificate's file.
        host_names: Names of this machine that requests without a token may be addressed to, beside those of loopback.
        patience: Seconds that a request may pause while it is being sent.
        body_seconds: Seconds until the whole of it has come.
        port_per_database: Whether every database has a port of its own, too.
        astra_port: Port that answers with TLS under the host names that Astra DB would give the databases; None for
            none.
        compare: Address of another server that is sent every request to the default database, too; None for none.
        compare_token: Its token.
        allow_plain_http: Whether that token may go to another machine without TLS.
        connections: Connections at once; fewer where the process may not have twice as many descriptors.
        largest_request: Bytes of a request's body at most.
        requests_per_second: Requests that are taken in a second; None for any number.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    token: SecretStr | None = None
    require_token: bool = True
    database: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    host_names: tuple[str, ...] = ()
    port_per_database: bool = False
    astra_port: int | None = None
    compare: str | None = None
    compare_token: SecretStr | None = None
    allow_plain_http: bool = False
    patience: float = PATIENCE
    body_seconds: float = BODIES_IN_TIME
    connections: int = MOST_CONNECTIONS
    largest_request: int = LARGEST_REQUEST
    requests_per_second: int | None = None
