"""The console in a terminal: whether there is one, which theme, and what is remembered when it closes."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import Any

from astrolabe.errors import Owner, UsageError
from astrolabe.portal.organization import Database
from astrolabe.workspace import Workspace
from tui.cli.session import server_options
from tui.settings.settings import Settings

THEME_SETTING = "theme"
"""The name under which the chosen theme is kept in the catalog."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What the console shows first.

    Attributes:
        database: The database that is selected, or None.
        keyspace: Its keyspace, or None.
        collection: Its collection, or None.
        badges: Words at the right of the top line.
    """

    database: Database | None = None
    keyspace: str | None = None
    collection: str | None = None
    badges: tuple[str, ...] = ()


def has_terminal() -> bool:
    """Return whether both ends of the console are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def require_terminal() -> None:
    """Refuse to open the console where it could not be seen or used.

    Raises:
        UsageError: stdin or stdout is no terminal, or a terminal that cannot move its cursor.
    """
    hint = "The verbs do the same without one: `astrolabe --help`."
    if not has_terminal():
        raise UsageError("The console needs a terminal on stdin and stdout.", hint=hint, owner=Owner.REQUEST)
    if os.environ.get("TERM", "") in {"", "dumb", "unknown"}:
        raise UsageError("The terminal says (TERM) that it cannot show screens.", hint=hint, owner=Owner.REQUEST)


async def open_console(workspace: Workspace, settings: Settings, opening: Opening) -> int:
    """Run the console until it is left; return the exit code."""
    # The terminal framework takes a fifth of a second, and no other verb needs it.
    from rich.console import Console  # noqa: PLC0415
    from textual.constants import COLOR_SYSTEM  # noqa: PLC0415

    from screens.kit.app_base import AppEnvironment, Section  # noqa: PLC0415
    from screens.kit.depth import depth_of  # noqa: PLC0415
    from tui.app import AstrolabeApp  # noqa: PLC0415
    from tui.driver import HangupSafeDriver  # noqa: PLC0415
    from tui.theme import DEFAULT_THEME  # noqa: PLC0415

    chosen: list[str] = []
    remembered = await workspace.setting(THEME_SETTING)
    without_colour = bool(os.environ.get("NO_COLOR"))
    wanted: Any = COLOR_SYSTEM  # the framework's own choice, which the environment may have made
    badges = (*opening.badges, "read-only") if workspace.options.read_only else opening.badges
    # Only the signs of our own themes show without colour where fields, rows and buttons are.
    first = DEFAULT_THEME if without_colour else settings.theme or remembered or DEFAULT_THEME
    app = AstrolabeApp(
        workspace,
        environment=AppEnvironment(now=workspace.options.now, badges=badges, server=server_options(settings)),
        theme=first,
        remember_theme=chosen.append,
        depth=depth_of(Console(color_system=wanted).color_system, no_color=without_colour),
        start=Section.DATABASES if opening.collection is None else Section.EXPLORER,
    )
    app.select(opening.database, opening.keyspace, opening.collection)
    if issubclass(HangupSafeDriver, app.driver_class):  # another one is chosen by TEXTUAL_DRIVER
        app.driver_class = HangupSafeDriver
    await app.run_async(mouse=settings.mouse)
    await app.server.stop()  # a signal leaves without asking
    if app.load_job is not None:
        await app.load_job.stop()  # before the stores are closed under it; the same load goes on later
    if app.crash is not None:
        raise app.crash
    began_with = {remembered, first}  # what it began with was nobody's choice
    if chosen and chosen[-1] not in began_with and not workspace.options.read_only:
        await workspace.put_setting(THEME_SETTING, chosen[-1])
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError  # SIGINT from outside: the framework closes the screen and keeps it to itself
    return app.return_code or 0
