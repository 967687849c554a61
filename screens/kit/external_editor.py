"""The user's own editor, on a file that only they can read."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from textual.app import App, SuspendNotSupported

from astrolabe.errors import AstrolabeError, Owner


def editor_command(environment: Mapping[str, str]) -> list[str]:
    """Return the command of ``$VISUAL``, else of ``$EDITOR``; empty when neither is set or can be read."""
    given = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        return shlex.split(given)
    except ValueError:
        return []


async def edit(app: App[int], command: list[str], text: str, suffix: str = ".json") -> str | None:
    """Let the user edit a text in their editor, which has the terminal meanwhile.

    Returns:
        The text as it was left; None when the terminal cannot be handed over.

    Raises:
        AstrolabeError: The editor could not be started, or said that it failed.
    """
    path = await asyncio.to_thread(_write, text, suffix)
    try:
        with app.suspend(), app.batch_update():
            code = await asyncio.to_thread(_run, [*command, str(path)])
        if code != 0:
            raise AstrolabeError(f"{command[0]} ended with code {code}, so nothing was changed.", owner=Owner.MACHINE)
        return await asyncio.to_thread(path.read_text, encoding="utf-8", errors="replace")
    except SuspendNotSupported:
        return None
    except OSError as error:
        raise AstrolabeError(
            f"The editor {command[0]} could not be started: {error.strerror}.",
            hint="$VISUAL or $EDITOR names it; without them, e edits here.",
            owner=Owner.MACHINE,
        ) from error
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _write(text: str, suffix: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="astrolabe-", suffix=suffix)  # readable by its owner alone
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own editor
