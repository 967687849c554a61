"""The frame of a page: the line of places on top, where we are, the body, and the keys that apply now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.getters import app as app_getter
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from astrolabe.errors import AstrolabeError
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Badged, Console, Section
from screens.kit.footer import KeyFooter
from screens.kit.restyling import StyledOnce
from screens.kit.workers import WorkerBoundary

PLACES: tuple[tuple[Section, str, str], ...] = (
    (Section.DATABASES, "1", "Databases"),
    (Section.INTEGRATIONS, "2", "Integrations"),
    (Section.EXPLORER, "3", "Data Explorer"),
    (Section.SEARCH, "4", "Search"),
    (Section.ACTIVITY, "5", "Activity"),
)
"""The main places with the key that leads there."""


WATCH_INTERVAL = 0.3
"""Seconds between two looks for changes of other windows and programs; one look is one small query."""


class TopLine(Badged):
    """The console's first line: the main places with their keys, and badges such as ``demo``."""

    class Drawn(Message):
        """The line was drawn.

        Attributes:
            left_over: The badges that there was no room for.
        """

        def __init__(self, left_over: Sequence[str]) -> None:
            super().__init__()
            self.left_over = left_over

    def __init__(self, section: Section) -> None:
        super().__init__(id="top-line")
        self.section = section

    def on_resize(self) -> None:
        """Draw the line for the new width."""
        self.draw()

    def draw(self) -> None:
        """Draw the longest line that fits: with the program's name, without it, or with the other places' keys only.

        The badges stand below it, at the end of the heading's line, where there is no room for them beside the names.
        """
        badges = self.app.badges if isinstance(self.app, Console) else ()
        lines = (
            (self._line(" ✦ Astrolabe", all_places=True), badges),
            (self._line(" ✦", all_places=True), badges),
            (self._line(" ✦ Astrolabe", all_places=True), ()),
            (self._line(" ✦", all_places=True), ()),
            (self._line(" ✦", all_places=False), badges),
            (self._line(" ✦", all_places=False), ()),
        )
        width = self.app.size.width
        fitting = ((line + badge_words(beside), beside) for line, beside in lines)
        line, beside = next(((one, b) for one, b in fitting if one.cell_length <= width), (lines[-1][0], ()))
        self.update(line)
        self.post_message(self.Drawn(() if beside else badges))

    def _line(self, name: str, *, all_places: bool) -> Content:
        line = Content.styled(name, "bold $accent")
        for section, key, label in PLACES:
            here = section is self.section
            line += Content.styled(f"  {key}", "bold $accent")
            if here or all_places:
                style = "bold $text-accent underline" if here else "$foreground-muted"
                line += Content(" ") + Content.styled(label, style)
        return line


def badge_words(badges: Sequence[str]) -> Content:
    """Return badges as they are drawn, each with the gap before it."""
    words = Content("")
    for badge in badges:
        words += Content("  ") + Content.styled(f"[{badge}]", "bold $warning")
    return words


class Page(StyledOnce, Screen[None], WorkerBoundary):
    """Base of every page. Subclasses give ``SECTION``, ``HEADING`` and :meth:`compose_body`."""

    AUTO_FOCUS = ""  # each page decides once it knows what it shows
    SECTION: ClassVar[Section]
    WATCHES: ClassVar[bool] = False
    """Whether the page shows what another window or program may change: it then looks for changes by itself."""
    HEADING: ClassVar[str] = ""

    BINDINGS = register(
        Action("page.back", "escape", "Back", "Go back to the page before.", shown=False),
        Action("page.refresh", "f5", "Refresh", "Read the page's contents again.", shown=False),
    )

    app = app_getter(Console)

    def __init__(self) -> None:
        super().__init__()
        self._release_keys: Callable[[], None] | None = None
        self._last_release: Callable[[], None] | None = None
        self._revision: int | None = None

    def compose(self) -> ComposeResult:
        """Lay out the frame around the page's own body."""
        yield TopLine(self.SECTION)
        with Horizontal(id="heading-line"):
            yield Static(Content(self.HEADING), id="heading")
            yield Static("", id="badges", markup=False)
        with Container(id="body"):
            yield from self.compose_body()
        yield KeyFooter()

    def compose_body(self) -> ComposeResult:
        """Lay out what is particular to the page."""
        yield from ()

    def set_heading(self, *parts: str) -> None:
        """Say where we are, as a path of names; the last one is the page itself."""
        shown = [Content(display_text(part, limit=60)) for part in parts if part]
        arrow = Content.styled(" › ", "$foreground-muted")
        self.query_one("#heading", Static).update(Content(" ") + arrow.join(shown))

    @on(TopLine.Drawn)
    def _show_badges(self, event: TopLine.Drawn) -> None:
        """Show the badges that the first line has no room for."""
        line = self.query_one("#badges", Static)
        line.update(badge_words(event.left_over))
        line.display = bool(event.left_over)

    async def reload(self) -> None:
        """Read the page's contents again; pages that show stored things override this."""

    def action_page_back(self) -> None:
        """Leave this page for the one below it; a section's first page has none."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Offer what :meth:`allows` allows, and going back only where there is a page to go back to."""
        if action == "page_back" and type(self).action_page_back is Page.action_page_back:
            return len(self.app.screen_stack) > 1
        return self.allows(action)

    def allows(self, action: str) -> bool | None:  # noqa: ARG002 - for those that override it
        """Tell whether an action can be carried out now: False hides its key, None dims it."""
        return True

    def action_page_refresh(self) -> None:
        """Read the contents again."""
        self.refresh_contents()

    def refresh_contents(self) -> None:
        """Start reading the contents in the background; a newer read replaces an older one.

        Keys wait until it has ended, so that they mean what the page then shows.
        """
        if self._release_keys is None:
            self._release_keys = self._last_release = self.app.hold_keys()
        self.in_background(self._read, "reload")

    async def _read(self) -> None:
        try:
            if self.WATCHES:  # before the contents, so that no later change is taken for one that is shown
                self._revision = await self.app.connection.revision()
            await self.reload()
            self._leave_what_is_hidden()
        finally:
            if self._release_keys is not None:
                self.call_after_refresh(self._release_keys)
                self._release_keys = None

    @on(events.Unmount)
    def _let_keys_go(self) -> None:
        """Keep no keys for a page that was left before its contents were read."""
        if self._last_release is not None:
            self._last_release()

    def _leave_what_is_hidden(self) -> None:
        """Take the focus from what this page no longer shows: it would swallow the keys that lead away from here."""
        focused = self.focused
        if focused is not None and not all(node.display for node in focused.ancestors_with_self):
            self.set_focus(None)

    @on(events.Mount)
    def _start_watching(self) -> None:
        if self.WATCHES:
            self.set_interval(WATCH_INTERVAL, self._look_for_changes)

    async def _look_for_changes(self) -> None:
        """Read the contents again if somebody has changed databases, credentials or scopes since."""
        if not self.is_current:
            return
        try:
            revision = await self.app.connection.revision()
        except AstrolabeError:  # what is wrong is told when the contents are read
            return
        if self._revision is not None and revision != self._revision:
            self.changed_elsewhere()
        self._revision = revision

    def changed_elsewhere(self) -> None:
        """Show a change that this page may not have made."""
        self.refresh_contents()

    def on_screen_resume(self) -> None:
        """Show what is true now whenever the page comes back into view."""
        self.query_one(TopLine).draw()
        self.refresh_contents()
