"""The application: it routes between the main places, keeps the theme, and quits. Nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.screen import Screen
from textual.worker import WorkerFailed

import screens
from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import AstrolabeError
from astrolabe.loading.job import LoadJob
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.portal.organization import Database
from astrolabe.text.error_text import as_told
from astrolabe.workspace import Workspace
from screens.activity.page import ActivityPage
from screens.connection_strings.page import ConnectionStringsPage
from screens.databases.page import DatabasesPage
from screens.explorer.page import DataExplorerPage
from screens.integrations.page import IntegrationsPage
from screens.kit.actions import Action, action_of, register
from screens.kit.app_base import AppEnvironment, Console, Section
from screens.kit.depth import Depth
from screens.kit.error_dialog import ErrorDialog
from screens.kit.help import HelpDialog
from screens.kit.save_dialog import SaveDialog
from screens.kit.too_small import TooSmall
from screens.lab.page import FailureLabPage
from screens.loading.load_data import LoadDataDialog
from screens.loading.load_progress import LoadProgressDialog
from screens.loading.load_table import LoadTableDialog
from screens.search.page import SearchPage
from screens.server.page import ServerPage
from screens.server.server_dialogs import LeaveDialog
from screens.tables.making import ask_index, ask_table
from screens.tables.page import TablePage
from screens.tables.types_page import TypesPage
from tui.discreet_log import DiscreetLogger, make_log_discreet
from tui.stylesheet import KeptStylesheet
from tui.theme import DAY, DEFAULT_THEME, EXACT_NIGHT, NIGHT, TABLES, own_defaults

if TYPE_CHECKING:
    from rich.console import RenderableType

_PLACES = [
    Action(f"app.{section.value}", str(place), title, f"Go to {title}.", shown=False)
    for place, (section, title) in enumerate(
        (
            (Section.DATABASES, "Databases"),
            (Section.INTEGRATIONS, "Integrations"),
            (Section.EXPLORER, "Data Explorer"),
            (Section.SEARCH, "Search"),
            (Section.ACTIVITY, "Activity"),
        ),
        start=1,
    )
]

LAB_INTERVAL = 0.5
"""Seconds between two looks at the failure lab; one look is one small query."""

SMALLEST = (60, 18)
"""Columns and lines below which the console asks for a larger terminal."""


_FOLDER = Path(screens.__file__).parent  # absolute: a subclass of the application may live elsewhere
_BASE = _FOLDER / "kit" / "base.tcss"
SHEETS: list[str | PurePath] = [_BASE, *sorted(set(_FOLDER.rglob("*.tcss")) - {_BASE})]
"""Every screen's style sheet, read once at the start: one that comes with its screen makes the framework parse all."""


class AstrolabeApp(Console):
    """The console."""

    TITLE = "Astrolabe"
    CSS_PATH: ClassVar[list[str | PurePath]] = SHEETS
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        Section.DATABASES.value: DatabasesPage,
        Section.INTEGRATIONS.value: IntegrationsPage,
        Section.EXPLORER.value: DataExplorerPage,
        Section.SEARCH.value: SearchPage,
        Section.ACTIVITY.value: ActivityPage,
    }
    DEFAULT_MODE = Section.DATABASES.value
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - an instance variable in the framework
        (0, "-narrow"),
        (80, "-normal"),
        (120, "-wide"),
    ]
    ENABLE_COMMAND_PALETTE = False  # the framework would bind a key of its own to it, beside our action

    BINDINGS: ClassVar[list[BindingType]] = [
        *register(
            *_PLACES,
            Action(
                "app.help", "f1", "Keys", "List the keys that work here, in dialogs too.", shown=False, priority=True
            ),
            Action("app.keys", "question_mark", "Help", "List the keys that work here.", key_display="?"),
            Action("app.palette", "ctrl+p", "Find", "Find any action by name.", key_display="^p"),
            Action("app.lab", "f9", "Failure lab", "See and change which providers are made to fail.", shown=False),
            Action("app.server", "f7", "Server", "Start and stop the server; its address and tokens.", shown=False),
            Action("app.theme", "f8", "Theme", "Choose a theme; it is remembered.", shown=False),
            Action("app.suspend", "ctrl+z", "Suspend", "Go back to the shell; its fg comes back here.", shown=False),
            Action("app.leave", "ctrl+q,f10", "Quit", "Leave the console.", key_display="^q", priority=True),
        )
    ]

    def __init__(
        self,
        workspace: Workspace,
        *,
        environment: AppEnvironment | None = None,
        theme: str = DEFAULT_THEME,
        remember_theme: Callable[[str], None] | None = None,
        start: Section = Section.DATABASES,
        depth: Depth = Depth.TRUE,
        started_at: float | None = None,
    ) -> None:
        """Build the console.

        Args:
            workspace: What it works on; opened and closed by the caller.
            environment: Clock, badges and calmness.
            theme: Name of the theme; an unknown one falls back to the default with a notice.
            remember_theme: Called with the name of a newly chosen theme.
            start: The place to show first.
            depth: How many colours the terminal has.
            started_at: ``time.perf_counter()`` of the process start, for the benchmark of the first paint.
        """
        super().__init__(workspace, environment)
        make_log_discreet()
        self._logger = DiscreetLogger(self._log, app=self)
        self.register_theme(NIGHT if depth is Depth.TRUE else EXACT_NIGHT)
        self.register_theme(DAY)
        self._wanted_theme = theme
        self.depth = depth
        known = theme if theme in self.available_themes else DEFAULT_THEME
        self.set_reactive(AstrolabeApp.theme, known)
        self.draw_in(depth, TABLES.get(known, {}))
        self.stylesheet = KeptStylesheet(variables=self.get_css_variables())
        self._remember_theme = remember_theme
        self._start = start
        self._started_at = started_at
        self.ready_after: float | None = None
        if self.environment.calm:
            self.animation_level = "none"

    async def on_mount(self) -> None:
        """Listen to signals and show the first place."""
        if self._wanted_theme not in self.available_themes:
            self.tell(f"There is no theme {self._wanted_theme}; the default is used.", warning=True)
        self.theme_changed_signal.subscribe(self, lambda theme: self._theme_chosen(theme.name))
        # The shell has written over what was on the screen.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self._listen_to_signals()
        await self._look_at_lab()
        self.set_interval(LAB_INTERVAL, self._look_at_lab)
        if self._start is not Section.DATABASES:
            self.go(self._start)

    def on_ready(self) -> None:
        """Note how long the start took, for the benchmark."""
        if self._started_at is not None:
            self.ready_after = time.perf_counter() - self._started_at

    def on_resize(self, event: events.Resize) -> None:
        """Ask for a larger terminal while this one is too small to draw in."""
        too_small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        asking = isinstance(self.screen, TooSmall)
        if too_small and not asking:
            self.push_screen(TooSmall(SMALLEST))
        elif asking and not too_small:
            self.pop_screen()

    async def _look_at_lab(self) -> None:
        """Show the badge of the failure lab while anything is simulated, whoever switched it on."""
        with suppress(AstrolabeError):  # what is wrong with the data folder is told by the page that reads it
            self.show_lab(await self.workspace.lab.rules())

    def _watch_theme(self, theme_name: str) -> None:
        self.draw_in(self.depth, TABLES.get(theme_name, {}))  # before anything is drawn in it
        super()._watch_theme(theme_name)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own colours for the framework's themes, which do not have them."""
        return own_defaults(self.current_theme)

    def _theme_chosen(self, name: str) -> None:
        if self._remember_theme is not None:
            self._remember_theme(name)

    def _listen_to_signals(self) -> None:
        # Without this, SIGTERM and SIGHUP leave the terminal in the alternate screen with mouse reporting on.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            try:
                loop.add_signal_handler(number, self.exit, 128 + number, 128 + number)
            except (NotImplementedError, RuntimeError, ValueError):
                return  # not the main thread, or a platform without loop signals: the default stays

    def action_app_databases(self) -> None:
        """Go to Databases."""
        self.go(Section.DATABASES)

    def action_app_integrations(self) -> None:
        """Go to Integrations."""
        self.go(Section.INTEGRATIONS)

    def action_app_explorer(self) -> None:
        """Go to the Data Explorer."""
        self.go(Section.EXPLORER)

    def action_app_search(self) -> None:
        """Go to Search."""
        self.go(Section.SEARCH)

    def action_app_activity(self) -> None:
        """Go to Activity."""
        self.go(Section.ACTIVITY)

    def action_app_help(self) -> None:
        """Show the keys that work here; the same key closes them."""
        if isinstance(self.screen, HelpDialog):
            self.screen.action_help_close()
        else:
            self.ask(HelpDialog(self.screen))

    def action_app_keys(self) -> None:
        """Show the keys that work here."""
        self.action_app_help()

    def action_app_palette(self) -> None:
        """Open the command palette."""
        self.push_screen(CommandPalette(id="--command-palette"))

    def action_app_lab(self) -> None:
        """Go to the failure lab."""
        if not isinstance(self.screen, FailureLabPage):
            self.go(Section.INTEGRATIONS)
            self.open_failure_lab()

    def action_app_server(self) -> None:
        """Go to the server."""
        if not isinstance(self.screen, ServerPage):
            self.go(Section.DATABASES)
            self.push_screen(ServerPage())

    def action_app_theme(self) -> None:
        """Choose a theme."""
        self.action_change_theme()

    def action_app_leave(self) -> None:
        """Leave the console; while it serves, ask first."""
        if not self.server.running:
            self.exit(0)
        elif not isinstance(self.screen, LeaveDialog):
            self.ask(LeaveDialog(self.server.address, self._stop_server), self._leave)

    def action_app_suspend(self) -> None:
        """Stop for the shell's job control, with whatever started the console: a shell waits for the whole group."""
        if self._driver is None or not self._driver.can_suspend or os.getpgrp() == os.getsid(0):
            # Nobody would wake it: only a shell that controls jobs gives each a group of its own.
            self.tell("There is no shell to go back to that controls jobs.", warning=True)
        else:
            # The terminal is given back before anything stops: from then on it is the shell's, and not to be touched.
            with self.suspend():
                # The framework's own answer to being woken would take the terminal back a second time.
                woken = signal.signal(signal.SIGCONT, signal.SIG_DFL)
                os.killpg(os.getpgrp(), signal.SIGSTOP)
                signal.signal(signal.SIGCONT, woken)

    def report(self, error: BaseException) -> None:
        """Show an error; see :meth:`Console.report`."""
        self.ask(ErrorDialog(as_told(error)))

    def save(self, text: str, name: str) -> None:
        """Ask for a file to write a text to; see :meth:`Console.save`."""
        self.ask(SaveDialog(text, name), self._saved)

    def _saved(self, path: Path | None) -> None:
        if path is not None:
            self.tell(f"Saved to {path}")

    def open_connection_strings(self) -> None:
        """Show the connection strings."""
        self.push_screen(ConnectionStringsPage())

    def open_failure_lab(self) -> None:
        """Show the failure lab."""
        self.push_screen(FailureLabPage())

    async def create_table(self, client: DatabaseClient, keyspace: str, then: Callable[[str | None], None]) -> None:
        """Ask for a new table; see :meth:`Console.create_table`."""
        await ask_table(self, client, keyspace, then)

    def create_index(
        self, client: DatabaseClient, table: TargetInfo, column: str, then: Callable[[str | None], None]
    ) -> None:
        """Ask for an index; see :meth:`Console.create_index`."""
        ask_index(self, client, table, column, then)

    def open_table(self, database: Database, keyspace: str, name: str) -> None:
        """Show the page of a table."""
        self.push_screen(TablePage(database, keyspace, name))

    def open_types(self, database: Database, keyspace: str) -> None:
        """Show the page of a keyspace's user-defined types."""
        self.push_screen(TypesPage(database, keyspace))

    def ask_load(
        self,
        info: TargetInfo,
        database_id: str,
        start: Callable[[LoadPlan], Awaitable[LoadPlan]],
        then: Callable[[LoadPlan | None], None],
    ) -> None:
        """Ask what to load; see :meth:`Console.ask_load`."""
        kind = LoadTableDialog if info.is_table else LoadDataDialog
        self.ask(kind(info, database_id, start), then)

    def follow_load(self, job: LoadJob, then: Callable[[], None]) -> None:
        """Show a load's progress; see :meth:`Console.follow_load`."""
        self.ask(LoadProgressDialog(job), lambda _ended: then())

    async def _stop_server(self, _nothing: None) -> bool:
        await self.server.stop()
        return True

    def _leave(self, stopped: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
        if stopped:
            self.exit(0)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action that works on the current page, from the one registry."""
        seen: set[str] = set()
        for active in screen.active_bindings.values():
            action = action_of(active.binding)
            if action is None or action.id in seen or not active.enabled:
                continue
            seen.add(action.id)
            yield SystemCommand(action.label, action.help, self._runner(active.node, action.method))

    def _runner(self, node: DOMNode, method: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(method, node)

        return run

    @property
    def crash(self) -> Exception | None:
        """What ended the console, if it was a fault of the program."""
        return self._exception

    def _handle_exception(self, error: Exception) -> None:
        cause = error.error if isinstance(error, WorkerFailed) else error
        super()._handle_exception(cause if isinstance(cause, Exception) else error)

    def panic(self, *_renderables: RenderableType) -> None:
        """End the console after a fault, without printing anything.

        The framework would print local variables and an error's own words, and with them any secret in a frame: the
        process boundary says what can be said.
        """
        self._return_code = 1
        self._close_messages_no_wait()

    def _fatal_error(self) -> None:
        self.panic()
