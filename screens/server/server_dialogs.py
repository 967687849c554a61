"""The dialogs of the Server page: start it, make a token, and leave the console while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Checkbox, Input, SelectionList, Static

from astrolabe.portal.organization import Database
from astrolabe.portal.tokens import LONGEST_NAME
from astrolabe.serving.options import ServerOptions
from astrolabe.text.cli_equivalents import Equivalents, create_token, serve
from astrolabe.text.safe_text import display_text
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, many_of, text_input

HIGHEST_PORT = 65535


class StartServerDialog(Dialog[ServerOptions, str]):
    """Asks where to listen and whom to answer; the rest comes from the settings."""

    HEADING = "Start the server"
    SUBMIT = "Start"

    def __init__(self, options: ServerOptions, perform: Callable[[ServerOptions], Awaitable[str]]) -> None:
        """Ask, with what the settings or the last start say filled in."""
        super().__init__(perform)
        self.options = options

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        yield Field(
            "Host",
            text_input("host", self.options.host, max_length=255),
            help="Name or address to listen on; 127.0.0.1 answers programs on this machine only.",
        )
        port = text_input("port", str(self.options.port), max_length=5)
        yield Field("Port", port, help=f"0 to {HIGHEST_PORT}; 0 takes a free one.")
        yield Field(
            "",
            check("require-token", "Require a token", value=self.options.require_token),
            help="Without, every program on this machine may read and change everything.",
        )

    def problems(self) -> dict[str, str]:
        """Check what can be checked without listening."""
        port = self.query_one("#port", Input).value.strip()
        wrong = not (port.isascii() and port.isdigit()) or int(port) > HIGHEST_PORT
        host = "" if self.query_one("#host", Input).value.strip() else "The host is empty."
        found = {"host": host, "port": f"The port is a whole number from 0 to {HIGHEST_PORT}." if wrong else ""}
        return {name: text for name, text in found.items() if text}

    def equivalents(self) -> Equivalents:
        """Return the command line that serves without the console."""
        return serve(self.draft())

    def draft(self) -> ServerOptions:
        """Return the options."""
        return replace(
            self.options,
            host=self.query_one("#host", Input).value.strip(),
            port=int(self.query_one("#port", Input).value.strip()),
            require_token=self.query_one("#require-token", Checkbox).value,
        )


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """What the form of a new token says; its databases are ids, None for all."""

    name: str
    read_only: bool = False
    databases: tuple[str, ...] | None = None


class NewTokenDialog(Dialog[TokenDraft, tuple[str, str]]):
    """Asks for the name and the rights of an application token; dismissed with the name and the secret."""

    HEADING = "New application token"
    SUBMIT = "Create"

    def __init__(
        self, databases: Sequence[Database], perform: Callable[[TokenDraft], Awaitable[tuple[str, str]]]
    ) -> None:
        """Ask; ``databases`` are those there are."""
        super().__init__(perform)
        self.databases = databases

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        yield Field(
            "Token name",
            text_input("name", max_length=LONGEST_NAME),
            help="What it is for, such as the program's name. The token is shown once, and only its digest is kept.",
        )
        yield Field("", check("may-only-read", "Read only"), help="Every command that changes something is refused.")
        if self.databases:
            rows = [(database.label, database.id) for database in self.databases]
            yield Field(
                "Databases",
                many_of("scope", rows),
                help="Space ticks one that it is for; with none ticked it is for all of them, later ones too.",
                optional=True,
            )

    def problems(self) -> dict[str, str]:
        """Ask for a name; its rules are checked when it is created."""
        return {} if self.draft().name else {"name": "The name is empty."}

    def equivalents(self) -> Equivalents:
        """Return the command line that creates it."""
        draft = self.draft()
        names = [database.name for database in self.databases if database.id in (draft.databases or ())]
        return create_token(draft.name, read_only=draft.read_only, databases=names)

    def draft(self) -> TokenDraft:
        """Return name and rights."""
        ticked = [choice for choices in self.query("#scope").results(SelectionList) for choice in choices.selected]
        return TokenDraft(
            self.query_one("#name", Input).value.strip(),
            self.query_one("#may-only-read", Checkbox).value,
            tuple(ticked) or None,
        )


class LeaveDialog(Dialog[None, bool]):
    """Asks before the console, and the server with it, ends."""

    HEADING = "Leave the console"
    SUBMIT = "Stop and leave"

    def __init__(self, address: str, perform: Callable[[None], Awaitable[bool]]) -> None:
        """Ask; ``perform`` stops the server."""
        super().__init__(perform)
        self.address = address

    def compose_form(self) -> ComposeResult:
        """Say what ends."""
        words = f"The server answers on {self.address}. Leaving stops it; requests that have begun are finished."
        yield Static(Content(display_text(words, limit=300)), classes="consequence")
        yield Static(Content("`astrolabe serve` runs it without the console."), classes="consequence")

    def draft(self) -> None:
        """Return nothing: there is nothing to fill in."""
