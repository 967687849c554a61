"""What a request is addressed to: a database by path or host name, and a keyspace and a collection by path."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from astrolabe.portal.organization import Database

DATABASES = "databases"
"""First segment of a path that names its database."""

_PREFIXES = (("api", "json", "v1"), ("v1",))
_MOST_SEGMENTS = 2


@dataclass(frozen=True, slots=True)
class Target:
    """What a path says.

    Attributes:
        database: Name or id that the path gives, or None.
        keyspace: None on the database's own path.
        name: Collection or table; None on a keyspace's path.
    """

    database: str | None = None
    keyspace: str | None = None
    name: str | None = None


def read_path(path: str) -> Target | None:
    """Return what a Data API path is addressed to, or None when it has none of the documented shapes.

    Args:
        path: As it was sent, percent-encoded, without a query.
    """
    try:
        segments = [unquote(part, errors="strict") for part in path.strip("/").split("/")]
    except UnicodeDecodeError:
        return None
    database = None
    if segments[0] == DATABASES:
        if len(segments) == 1 or not segments[1]:
            return None
        database, segments = segments[1], segments[2:]
    for prefix in _PREFIXES:
        if tuple(segments[: len(prefix)]) == prefix:
            rest = segments[len(prefix) :]
            return None if len(rest) > _MOST_SEGMENTS or "" in rest else Target(database, *rest)
    return None


def labelled(host: str, databases: Sequence[Database]) -> Database | None:
    """Return the database that the first label of a host name belongs to, or None.

    A label is the database's name, or its id alone or with the region, as in Astra DB's own host names
    (``<id>-<region>.apps.…``); letter case does not matter.
    """
    label = _first_label(host)
    if not label:
        return None
    for database in databases:
        if label in {database.name.casefold(), database.id, f"{database.id}-{database.region}"}:
            return database
    return None


def _first_label(host: str) -> str:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        label, dot, _ = name.casefold().partition(".")
        return label if dot else ""
    return ""


def chosen(databases: Sequence[Database], name: str | None) -> Database | None:
    """Return the default database: the one named, else the only one there is; None when there is no such."""
    if name is not None:
        return next((database for database in databases if name in {database.id, database.name}), None)
    return databases[0] if len(databases) == 1 else None
