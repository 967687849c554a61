"""Where the Data API of a database on another machine is."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

_ASTRA_HOSTS = (".astra.datastax.com", ".astra-dev.datastax.com", ".astra-test.datastax.com")


def base_of(address: str) -> str:
    """Return the path of a database that keyspaces are added to.

    Args:
        address: Of the database: one that does not end in a version gets ``/v1``, or ``/api/json/v1`` on Astra DB.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    if not path.endswith("/v1"):
        path += "/api/json/v1" if (parts.hostname or "").endswith(_ASTRA_HOSTS) else "/v1"
    return parts._replace(path=path, query="", fragment="").geturl()


def url_of(base: str, keyspace: str | None, name: str | None) -> str:
    """Return the address of a keyspace, or of a collection or table in it; without both, that of the database."""
    return "/".join((base, *(quote(part, safe="") for part in (keyspace, name) if part)))
