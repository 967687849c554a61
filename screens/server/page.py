"""The Server page: whether programs can reach the databases, where, and with which tokens."""

from __future__ import annotations

from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.portal.organization import Database
from astrolabe.portal.tokens import ApplicationToken
from astrolabe.serving.options import ServerOptions
from astrolabe.text.cli_equivalents import revoke_token
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.confirm import DeleteConfirmation, TypeTheNameDialog
from screens.kit.grid import Grid
from screens.kit.page import Page
from screens.kit.viewer import Viewer
from screens.server.server_dialogs import NewTokenDialog, StartServerDialog, TokenDraft

STATE_INTERVAL = 0.5
"""Seconds between two looks at how many requests were answered."""

MOST_ADDRESSES = 4
"""Databases named with their address; `astrolabe info` names all."""


class ServerPage(Page):
    """Starts and stops the server, and manages the tokens that it accepts."""

    SECTION = Section.DATABASES
    HEADING = " Databases › Server"
    WATCHES = True

    BINDINGS = register(
        Action("server.start", "s", "Start", "Let programs reach the databases over HTTP."),
        Action("server.stop", "x", "Stop", "Finish the requests that have begun, and answer no more."),
        Action("server.token", "n", "New token", "Create an application token; it is shown once."),
        Action("server.revoke", "d", "Revoke", "Refuse the chosen token from now on."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.databases: list[Database] = []
        self.tokens: dict[str, ApplicationToken] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the state, the addresses and the tokens."""
        yield Static("", id="server-state", markup=False)
        yield Static(Content("Application tokens"), id="section")
        yield Grid("tokens", [("Name", 24), ("May", 10), ("Databases", 22), ("Created", 16), ("Id", 26)])
        yield Static("", id="no-tokens", classes="empty", markup=False)

    async def reload(self) -> None:
        """Read databases and tokens."""
        self.databases = await self.app.workspace.databases.list()
        self.tokens = {token.id: token for token in await self.app.workspace.tokens.list()}
        empty = self.query_one("#no-tokens", Static)
        empty.display = not self.tokens
        empty.update(
            Content("There is no application token yet. Press n to create one: programs show it to the server.")
        )
        grid = self.query_one(Grid)
        grid.display = bool(self.tokens)
        grid.fill([(token.id, self._row(token)) for token in self.tokens.values()])
        if self.tokens and self.focused is None:
            grid.focus()
        self._show_state()
        self.refresh_bindings()

    def _row(self, token: ApplicationToken) -> tuple[str, ...]:
        scope = token.scope({database.id: database.name for database in self.databases})
        databases = "all" if token.databases is None else ", ".join(scope) or "(deleted)"
        created = token.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        return token.name, "read" if token.read_only else "read, write", databases, created, token.id

    @on(events.Mount)
    def _watch_state(self) -> None:
        self.set_interval(STATE_INTERVAL, self._show_state)

    def _show_state(self) -> None:
        """Draw the state; cheap, and draws only what has changed."""
        lines = self._running_lines() if self.app.server.running else self._stopped_lines()
        self.query_one("#server-state", Static).update(Content("\n").join(lines))

    def _stopped_lines(self) -> list[Content]:
        problem = self.app.server.problem
        lines = [Content("○ The server is stopped. Press s to start it.")]
        if problem:
            lines.append(_line("Last start", problem))
        return [*lines, *self._addresses(self.app.workspace.options.served_at)]

    def _running_lines(self) -> list[Content]:
        server = self.app.server
        options = server.options
        since = server.since.astimezone().strftime("%Y-%m-%d %H:%M:%S") if server.since is not None else ""
        token = "the one of the settings" if options.token is not None else "one of those below"
        secured = "yes" if options.certificate is not None else "no"
        lines = [
            Content.styled(f"● The server answers on {server.address}", "$text-success"),
            _line("Since", f"{since} · {server.requests:,} requests, {server.failed:,} with an error"),
            _line("TLS", f"{secured} · token needed: {token if options.require_token else 'no'}"),
        ]
        if server.last_error:
            lines.append(_line("Last error", server.last_error))
        return [*lines, *self._addresses(server.address)]

    def _addresses(self, base: str) -> list[Content]:
        served_at = self.app.workspace.options.served_at
        shown = self.databases[:MOST_ADDRESSES]
        lines = [_line(one.name, base + self.app.workspace.endpoint(one).removeprefix(served_at)) for one in shown]
        more = len(self.databases) - len(shown)
        return [*lines, _line("", f"and {more} more")] if more else lines

    def allows(self, action: str) -> bool | None:
        """Offer what can be done in this state."""
        running = self.app.server.running
        return {
            "server_start": not running or None,
            "server_stop": running or None,
            "server_revoke": bool(self.tokens) or None,
        }.get(action, True)

    def action_server_start(self) -> None:
        """Ask where, and start."""

        async def start(options: ServerOptions) -> str:
            return await self.app.server.start(self.app.workspace, options)

        self.app.ask(StartServerDialog(self.app.server.options, start), self._started)

    def _started(self, address: str | None) -> None:
        if address is not None:
            self.app.tell(f"The server answers on {address}.")
        self.refresh_contents()

    def action_server_stop(self) -> None:
        """Stop."""
        self.in_background(self._stop, "stop the server")

    async def _stop(self) -> None:
        await self.app.server.stop()
        self.app.tell("The server is stopped.")
        self.refresh_contents()

    def action_server_token(self) -> None:
        """Ask for name and rights, create a token and show it once."""

        async def create(draft: TokenDraft) -> tuple[str, str]:
            tokens = self.app.workspace.tokens
            token, secret = await tokens.create(draft.name, read_only=draft.read_only, databases=draft.databases)
            return token.name, secret.get_secret_value()

        self.app.ask(NewTokenDialog(self.databases, create), self._created)

    def _created(self, made: tuple[str, str] | None) -> None:
        if made is not None:
            self.app.ask(Viewer(f"The token {made[0]}: shown once, keep it", made[1]))
            self.refresh_contents()

    def action_server_revoke(self) -> None:
        """Revoke the chosen token, after its name was typed."""
        token = self.tokens.get(self.query_one(Grid).chosen() or "")
        if token is not None:
            danger = DeleteConfirmation(
                heading="Revoke token",
                name=token.name,
                noun="Token name",
                verb="Revoke",
                consequences=("Programs that show this token are refused from their next request on.",),
                equivalents=revoke_token(token.id),
            )
            self.app.ask(TypeTheNameDialog(danger, partial(self._revoke, token)), self._revoked)

    async def _revoke(self, token: ApplicationToken, _name: str) -> bool:
        await self.app.workspace.tokens.revoke(token.id)
        return True

    def _revoked(self, done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
        if done:
            self.refresh_contents()


def _line(label: str, text: str) -> Content:
    shown = Content(display_text(text, limit=200))
    return Content.styled(f"  {display_text(label, limit=20):<12} ", "$foreground-muted") + shown
