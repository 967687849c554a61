"""JSON and curl."""

from __future__ import annotations

import simplejson

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets.addresses import TOKEN_VARIABLE, command_path
from astrolabe.dataapi.protocol import Json


def render_json(planned: PlannedCommand, endpoint: str = "") -> str:  # noqa: ARG001 - one signature for all languages
    """Return the body of the request."""
    text: str = simplejson.dumps(planned.command, indent=2, ensure_ascii=False, use_decimal=True)
    return text


def render_curl(planned: PlannedCommand, endpoint: str) -> str:
    """Return a command line for a POSIX shell."""
    lines = (
        f"curl -sS -L -X POST {_quoted(endpoint + command_path(planned))}",
        f'--header "Token: ${TOKEN_VARIABLE}"',
        '--header "Content-Type: application/json"',
        f"--data {_quoted(render_json(planned))}",
    )
    return " \\\n  ".join(lines)


def render_request(method: str, url: str, body: Json | None = None) -> str:
    """Return a command line that sends a request to the DevOps API."""
    lines = [f"curl -sS -X {method} {_quoted(url)}", f'--header "Authorization: Bearer ${TOKEN_VARIABLE}"']
    if body is not None:
        text = simplejson.dumps(body, indent=2, ensure_ascii=False)
        lines += ['--header "Content-Type: application/json"', f"--data {_quoted(text)}"]
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """Quote for a POSIX shell: nothing inside is expanded."""
    return "'" + text.replace("'", "'\\''") + "'"
