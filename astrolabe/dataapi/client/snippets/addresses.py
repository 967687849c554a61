"""Where a command is posted to, and where its token comes from."""

from __future__ import annotations

from urllib.parse import quote

from astrolabe.dataapi.client.command_builders import PlannedCommand

API_PATH = "/api/json/v1"
"""The path that Astra DB and this program's own server both answer."""

TOKEN_VARIABLE = "ASTRA_DB_APPLICATION_TOKEN"  # noqa: S105 - the variable's name, not a token
"""The environment variable that snippets read the token from; no snippet ever holds a secret."""


def command_path(planned: PlannedCommand) -> str:
    """Return the path a command is posted to, by its level: database, keyspace, or collection."""
    parts = [part for part in (planned.keyspace, planned.name) if part is not None]
    return "/".join([API_PATH, *(quote(part, safe="") for part in parts)])
