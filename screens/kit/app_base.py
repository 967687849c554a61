"""What a page may ask of the application it runs in.

The application itself (theme, settings, signals) lives one room further up; pages see this part of it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

from textual._styles_cache import StylesCache
from textual.await_complete import AwaitComplete
from textual.filter import LineFilter, Monochrome
from textual.screen import ModalScreen
from textual.widgets import Static

from astrolabe.dataapi.client.client import Collection, DatabaseClient
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import NotFoundError
from astrolabe.loading.job import LoadJob
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.portal.failure_lab import ActiveRule
from astrolabe.portal.organization import Database
from astrolabe.serving.control import ServerControl
from astrolabe.serving.options import ServerOptions
from astrolabe.text.safe_text import display_text
from astrolabe.workspace import Workspace
from astrolabe.workspace.connection import Connection
from screens.kit.control_filter import ControlFilter
from screens.kit.depth import Depth, DepthFilter, Table
from screens.kit.type_ahead import TypeAhead

ResultT = TypeVar("ResultT")


class Section(StrEnum):
    """The console's main places; each keeps its own stack of pages."""

    DATABASES = "databases"
    INTEGRATIONS = "integrations"
    EXPLORER = "explorer"
    SEARCH = "search"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user is looking at; shared by the Data Explorer, Load Data and Search."""

    database: Database | None = None
    keyspace: str | None = None
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class AppEnvironment:
    """What differs between a terminal, a demo and a test.

    Attributes:
        now: The clock for anything shown or recorded.
        badges: Words shown at the right of the top line, such as ``demo``.
        calm: No animation and no blinking cursor (over SSH, and in tests).
        timeless: Leave out durations, so that a picture comes out the same every time.
        server: What the server is started with, unless its dialog says otherwise.
    """

    now: Callable[[], datetime] = field(default=lambda: datetime.now().astimezone())
    badges: tuple[str, ...] = ()
    calm: bool = True
    timeless: bool = False
    server: ServerOptions = field(default_factory=ServerOptions)


@runtime_checkable
class SectionPage(Protocol):
    """A page that wants to know when the user comes to it from another place."""

    def entered(self) -> None:
        """Take note of it."""


class Badged(Static):
    """A line that shows the console's badges."""

    def draw(self) -> None:
        """Draw the line anew."""


class Console(TypeAhead):
    """The part of the application that pages rely on: the workspace, the selection, and how to tell the user."""

    def __init__(self, workspace: Workspace, environment: AppEnvironment | None = None) -> None:
        super().__init__()
        self.workspace = workspace
        self.environment = environment or AppEnvironment()
        self.selection = Selection()
        self._control_filter = ControlFilter()
        self._depth_filter: DepthFilter | None = None
        self.load_job: LoadJob | None = None
        self._badges: dict[str, str] = {}
        self.server = ServerControl(self.environment.server, now=self.environment.now, changed=self._show_server)

    @property
    def connection(self) -> Connection:
        """What the console is connected to."""
        return self.workspace.connection

    @property
    def badges(self) -> tuple[str, ...]:
        """The words in brackets at the end of the top line: those of the environment, then those that come and go."""
        return (*self.environment.badges, *self._badges.values())

    def set_badge(self, key: str, words: str | None) -> None:
        """Show a badge on every page as long as something is so; None takes it away.

        Args:
            key: Whose badge it is; each has one.
            words: One short word or two: the line has to hold the main places, too.
        """
        if self._badges.get(key) == words:
            return
        if words is None:
            del self._badges[key]
        else:
            self._badges[key] = words
        for screen in self.screen_stack:  # a page of another place draws its line when it is shown again
            for line in screen.query(Badged):
                line.draw()

    def _show_server(self) -> None:
        """Show or hide the server's badge."""
        port = self.server.address.rpartition(":")[2]
        self.set_badge("server", f"serving :{port}" if self.server.running else None)

    def show_lab(self, active: Sequence[ActiveRule]) -> None:
        """Show or hide the failure lab's badge."""
        self.set_badge("lab", "lab" if active else None)

    def select(self, database: Database | None, keyspace: str | None = None, collection: str | None = None) -> None:
        """Remember what the user is looking at."""
        self.selection = Selection(database, keyspace, collection)

    def select_collection(self, collection: str | None) -> None:
        """Remember the collection, keeping database and keyspace."""
        self.selection = replace(self.selection, collection=collection)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let no control character through to the terminal, and no colour that it does not have.

        With ``NO_COLOR`` the framework would draw greys.
        """
        greys = () if self._depth_filter is None else (Monochrome,)
        filters = [one for one in super().get_line_filters() if not isinstance(one, greys)]
        return [*filters, *self._depth_filters(), self._control_filter]

    def draw_in(self, depth: Depth, table: Table) -> None:
        """Draw in the colours that the terminal has.

        Args:
            depth: How many.
            table: What stands for the theme's colours; empty for a theme without a table.
        """
        self._depth_filter = DepthFilter(depth, table)

    def _depth_filters(self) -> Sequence[LineFilter]:
        return (self._depth_filter,) if self._depth_filter is not None and self._depth_filter.enabled else ()

    async def selected_client(self) -> DatabaseClient:
        """Return a client to the selected database.

        Raises:
            NotFoundError: None is selected, or it was deleted.
        """
        if self.selection.database is None:
            raise NotFoundError("No database is selected.", hint="Press 1 and choose one.")
        return await self.connection.client(self.selection.database)

    def go(self, section: Section) -> None:
        """Show the first page of a main place."""
        release = self.hold_keys()
        self.switch_mode(section.value)
        while len(self.screen_stack) > 1 and not isinstance(self.screen, ModalScreen):
            self.pop_screen()
        self.screen.call_after_refresh(release)
        if isinstance(self.screen, SectionPage) and self.screen.is_mounted:
            self.screen.entered()

    def pop_screen(self) -> AwaitComplete:
        """Take the page or dialog on top away, and what the framework keeps of how it was drawn.

        It remembers mixed colours by the widget that asked, and with the widget all of its lines: up to 1,024 of them,
        0.4 MB for each dialog that was open.
        """
        StylesCache.get_inner_outer.cache_clear()
        return super().pop_screen()

    def ask(self, dialog: ModalScreen[ResultT], then: Callable[[ResultT | None], None] | None = None) -> None:
        """Show a dialog; what is typed meanwhile reaches it. ``then`` gets its result, None when it was cancelled."""
        release = self.hold_keys()
        self.push_screen(dialog, then)
        dialog.call_after_refresh(release)

    def start_load(self, plan: LoadPlan, collection: Collection) -> LoadJob:
        """Run a load in the background and say so when it has ended; there is one at a time."""
        plan = replace(plan, elsewhere=self.connection.capabilities.requests_at_once > 1)
        job = LoadJob(plan, collection, self.workspace.ledger)

        def ended() -> None:
            if not job.followed and (job.summary is not None or job.error is not None):
                complete = job.summary is not None and job.summary.complete
                self.tell(f"Loading {plan.path.name} has ended.", warning=not complete)

        job.subscribe(ended)
        self.load_job = job
        job.start()
        return job

    def tell(self, message: str, *, title: str = "", warning: bool = False) -> None:
        """Show a short notice that goes away; the message may be foreign text."""
        self.notify(
            display_text(message, limit=400, multiline=True),
            title=display_text(title),
            severity="warning" if warning else "information",
            timeout=8 if warning else 4,
            markup=False,
        )

    # What follows needs dialogs and pages that stand on this module, or that belong to one subject: the program, one
    # room further up, knows them all. A subject opens a page of another one through these.

    @abstractmethod
    def save(self, text: str, name: str) -> None:
        """Ask for a file to write a text to.

        Args:
            text: The text.
            name: The name that is suggested.
        """

    @abstractmethod
    def report(self, error: BaseException) -> None:
        """Show an error as a dialog with cause, owner and next step; unexpected ones are logged as well.

        This is the end of every worker's boundary: nothing that fails in the background is silent.
        """

    @abstractmethod
    def open_connection_strings(self) -> None:
        """Show the connection strings on top of the page that is open."""

    @abstractmethod
    def open_failure_lab(self) -> None:
        """Show the failure lab on top of the page that is open."""

    @abstractmethod
    async def create_table(self, client: DatabaseClient, keyspace: str, then: Callable[[str | None], None]) -> None:
        """Ask for a new table and make it.

        Args:
            client: The database.
            keyspace: Where it will live.
            then: Gets its name, or None when the form was left.
        """

    @abstractmethod
    def create_index(
        self, client: DatabaseClient, table: TargetInfo, column: str, then: Callable[[str | None], None]
    ) -> None:
        """Ask for an index on a column of a table and make it; ``then`` gets its column, or None."""

    @abstractmethod
    def open_table(self, database: Database, keyspace: str, name: str) -> None:
        """Show the page of a table on top of the page that is open."""

    @abstractmethod
    def open_types(self, database: Database, keyspace: str) -> None:
        """Show the page of a keyspace's user-defined types on top of the page that is open."""

    @abstractmethod
    def ask_load(
        self,
        info: TargetInfo,
        database_id: str,
        start: Callable[[LoadPlan], Awaitable[LoadPlan]],
        then: Callable[[LoadPlan | None], None],
    ) -> None:
        """Ask what to load into a collection.

        Args:
            info: The collection.
            database_id: Its database.
            start: Starts the load; a refusal of it is shown in the form.
            then: Gets the plan that was started, or None when the form was left.
        """

    @abstractmethod
    def follow_load(self, job: LoadJob, then: Callable[[], None]) -> None:
        """Show a load's progress; ``then`` is called when that is closed."""
