"""The RavenDB dialog: read connection strings from a server, or save them there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Checkbox, Input, Select, Static

from astrolabe.portal.connection_strings import json as raven_json
from astrolabe.portal.connection_strings.connection_string import ConnectionString
from astrolabe.portal.connection_strings.connection_strings import ConnectionStrings
from astrolabe.portal.connection_strings.exchange import ExchangeOutcome, embedding_strings, push_all, take_in_all
from astrolabe.portal.connection_strings.raven_server import RavenPlace, RavenServer, why_unavailable
from astrolabe.text.cli_equivalents import PULL, PUSH, Equivalents, exchange_with_raven
from astrolabe.text.safe_text import display_text
from screens.connection_strings.connection_files import ALL, ONE, SECRETS_WARNING
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice, text_input
from screens.kit.path_input import PathInput

READ = "read"
"""The direction that changes nothing on the server."""


@dataclass(frozen=True, slots=True)
class RavenDraft:
    """What is to be exchanged.

    Attributes:
        place: The database of a RavenDB server.
        saved: What is saved there; None reads what is there.
        replace: Whether those of the same name are replaced.
        with_secrets: Whether secrets are sent.
    """

    place: RavenPlace
    saved: tuple[ConnectionString, ...] | None
    replace: bool
    with_secrets: bool


class RavenDialog(Dialog[RavenDraft, list[ExchangeOutcome]]):
    """Asks for a server and what to do; dismissed with what became of each connection string."""

    HEADING = "RavenDB server"
    SUBMIT = "Do it"

    def __init__(
        self,
        chosen: ConnectionString | None,
        every: tuple[ConnectionString, ...],
        strings: ConnectionStrings,
        *,
        allow_plain_http: bool,
    ) -> None:
        """Exchange connection strings with a server.

        Args:
            chosen: The connection string under the cursor.
            every: All of them.
            strings: Keeps what is read, and reveals the secrets of what is saved.
            allow_plain_http: Whether a server on another machine may be spoken to without TLS.
        """
        super().__init__(self._exchange)
        self.chosen = chosen
        self.every = every
        self.strings = strings
        self._allow_plain_http = allow_plain_http

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        reason = why_unavailable()
        if reason:
            yield Static(Content(display_text(reason)), classes="consequence")
        options = [("Read what is there", READ)]
        options += [(f"Save {self.chosen.name} there", ONE)] if self.chosen else []
        options += [("Save all of them there", ALL)] if self.every else []
        yield Field("Do", choice("do", options, READ))
        yield Field("Server", text_input("url", placeholder="https://raven.example"), help="Its address.")
        yield Field("Database", text_input("database", placeholder="Orders"), help="As RavenDB's Studio shows it.")
        yield Field(
            "Certificate",
            PathInput("certificate", placeholder="~/client.pem"),
            help="The client's, for a secured server: PEM with certificate and key, or PFX without password.",
            optional=True,
        )
        yield Field(
            "Authority",
            PathInput("authority", placeholder="~/ca.pem"),
            help="Certificate of a private authority (PEM).",
            optional=True,
        )
        yield Field("", check("replace", "Replace those of the same name"))
        yield Field("", check("secrets", "Send the secrets, when saving"), help=SECRETS_WARNING)

    def problems(self) -> dict[str, str]:
        """Ask for what is needed; the rest is checked when the server is asked."""
        needed = {"url": "Enter the server's address.", "database": "Enter the database's name."}
        return {name: text for name, text in needed.items() if not self._text(name)}

    def draft(self) -> RavenDraft:
        """Return what was filled in."""
        certificate, authority = self._text("certificate"), self._text("authority")
        place = RavenPlace(
            self._text("url"),
            self._text("database"),
            Path(certificate).expanduser() if certificate else None,
            Path(authority).expanduser() if authority else None,
        )
        do = self.query_one("#do", Select).value
        saved = {READ: None, ONE: (self.chosen,) if self.chosen else (), ALL: self.every}[str(do)]
        return RavenDraft(
            place, saved, self.query_one("#replace", Checkbox).value, self.query_one("#secrets", Checkbox).value
        )

    def equivalents(self) -> Equivalents:
        """Return the command line that does the same."""
        draft = self.draft()
        only = self.chosen.identifier if self.chosen and self.query_one("#do", Select).value == ONE else None
        verb = PULL if draft.saved is None else PUSH
        return exchange_with_raven(draft.place, verb, only, replace=draft.replace, with_secrets=draft.with_secrets)

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    async def _exchange(self, draft: RavenDraft) -> list[ExchangeOutcome]:
        server = RavenServer(draft.place, allow_plain_http=self._allow_plain_http)
        if draft.saved is not None:
            return await push_all(
                self.strings, server, draft.saved, replace=draft.replace, with_secrets=draft.with_secrets
            )
        found, _ = embedding_strings(await server.strings(), None)
        return await take_in_all(self.strings, raven_json.read_all(found), replace=draft.replace) if found else []
