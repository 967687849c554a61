"""A planned command as text that can be pasted somewhere else: JSON, curl, and the official clients' languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets import java, python, shell, typescript
from astrolabe.dataapi.client.snippets.addresses import API_PATH, TOKEN_VARIABLE, command_path
from astrolabe.dataapi.client.snippets.java import JAVA_CLASS

__all__ = ["API_PATH", "JAVA_CLASS", "TOKEN_VARIABLE", "Language", "command_path", "render"]


class Language(StrEnum):
    """What a command can be shown as."""

    JSON = "JSON"
    CURL = "curl"
    PYTHON = "Python"
    TYPESCRIPT = "TypeScript"
    JAVA = "Java"


def render(planned: PlannedCommand, endpoint: str, language: Language) -> str:
    """Return the command in one language, ready to be copied.

    Args:
        planned: The command.
        endpoint: The database's address without the API's path, such as ``http://127.0.0.1:8181``.
        language: The form wanted.
    """
    return _RENDERERS[language](planned, endpoint.rstrip("/"))


_RENDERERS: Mapping[Language, Callable[[PlannedCommand, str], str]] = {
    Language.JSON: shell.render_json,
    Language.CURL: shell.render_curl,
    Language.PYTHON: python.render,
    Language.TYPESCRIPT: typescript.render,
    Language.JAVA: java.render,
}
