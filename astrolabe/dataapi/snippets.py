"""A planned command as text that can be pasted somewhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import quote

import simplejson

from astrolabe.dataapi.planned import PlannedCommand

API_PATH = "/api/json/v1"
"""The path that Astra DB and this program's own server both answer."""

TOKEN_VARIABLE = "ASTRA_DB_APPLICATION_TOKEN"  # noqa: S105 - the variable's name, not a token
"""The environment variable that snippets read the token from; no snippet ever holds a secret."""


class Language(StrEnum):
    """What a command can be shown as."""

    JSON = "JSON"
    CURL = "curl"


def command_path(planned: PlannedCommand) -> str:
    """Return the path a command is posted to, by its level: database, keyspace, or collection."""
    parts = [part for part in (planned.keyspace, planned.name) if part is not None]
    return "/".join([API_PATH, *(quote(part, safe="") for part in parts)])


def render(planned: PlannedCommand, endpoint: str, language: Language) -> str:
    """Return the command in one language, ready to be copied.

    Args:
        planned: The command.
        endpoint: The database's address without a path, such as ``http://127.0.0.1:8181``.
        language: The form wanted.
    """
    return _RENDERERS[language](planned, endpoint.rstrip("/"))


def _json(planned: PlannedCommand, endpoint: str = "") -> str:  # noqa: ARG001 - one signature for all languages
    text: str = simplejson.dumps(planned.command, indent=2, ensure_ascii=False, use_decimal=True)
    return text


def _curl(planned: PlannedCommand, endpoint: str) -> str:
    lines = (
        f"curl -sS -L -X POST {_quoted(endpoint + command_path(planned))}",
        f'--header "Token: ${TOKEN_VARIABLE}"',
        '--header "Content-Type: application/json"',
        f"--data {_quoted(_json(planned))}",
    )
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """Quote for a POSIX shell: nothing inside is expanded."""
    return "'" + text.replace("'", "'\\''") + "'"


_RENDERERS: Mapping[Language, Callable[[PlannedCommand, str], str]] = {Language.JSON: _json, Language.CURL: _curl}
