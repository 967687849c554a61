"""The dialog of one connection string: name, identifier, connector, and the fields that the connector has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Select, SelectionList, Static

from astrolabe.errors import RuleError
from astrolabe.portal.connection_strings import rules
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.usage import model_change
from astrolabe.portal.credentials.connection_test import Tested
from astrolabe.portal.credentials.rehearsal import unread_words
from astrolabe.portal.credentials.usage import NOTHING_USED, Overview
from astrolabe.portal.organization import MOST_DATABASES_AT_ONCE, Database
from astrolabe.portal.rules import scope_problems
from astrolabe.providers.catalogue.connectors import SECRETS, Connector, ConnectorField, get_connector, load_connectors
from astrolabe.providers.embedding.waiting import WaitListener
from astrolabe.text.cli_equivalents import Equivalents, save_connection_string
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, choice, many_of, text_input
from screens.kit.kept_secret import ConnectorSecretRow
from screens.kit.secret_field import SourceField
from screens.kit.test_connection import TestConnectionDialog

FIRST_CONNECTOR = "HuggingFace"
"""The connector that a new connection string begins with."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What the dialog needs to know beside the connection string.

    Attributes:
        others: The other connection strings: names and identifiers are unique.
        databases: What is offered for its scope.
        used: The collections and columns that embed with it, and what could not be read.
    """

    others: Sequence[ConnectionString]
    databases: Sequence[Database]
    used: Overview = NOTHING_USED


class ConnectionStringDialog(Dialog[ConnectionStringDraft, ConnectionString]):
    """Asks for a connection string, or for what is to change in one."""

    BINDINGS = register(
        Action("string.regenerate", "f3", "Regenerate", "Make the identifier from the name again."),
        Action("string.test", "f4", "Test connection", "Ask the service with what is filled in; nothing is saved."),
    )

    def __init__(
        self,
        before: ConnectionString | None,
        beside: Beside,
        perform: Callable[[ConnectionStringDraft], Awaitable[ConnectionString]],
    ) -> None:
        """Ask for a connection string.

        Args:
            before: What it is now; None for a new one.
            beside: What else there is.
            perform: Saves it.
        """
        super().__init__(perform)
        self.before = before
        self.beside = beside
        self._pointed_out = ""

    def _keys(self) -> Content:
        return Content("f2 command · f3 id · f4 test · ^s saves · esc")  # there is no place for more in 80 columns

    def heading(self) -> str:
        """Return the title."""
        return f"Connection string: {self.before.name}" if self.before else "New connection string"

    @property
    def connector(self) -> Connector:
        """The chosen connector."""
        return get_connector(str(self.query_one("#connector", Select).value))

    def compose_form(self) -> ComposeResult:
        """Lay out the fields that are always there."""
        before = self.before
        yield Field("Name", text_input("name", before.name if before else "", max_length=200))
        identifier = Field(
            "Identifier",
            text_input("identifier", before.identifier if before else "", max_length=400),
            help="a–z, 0–9 and single hyphens. Empty makes it from the name; f3 writes that here.",
            optional=before is None,
        )
        yield identifier
        connectors = [(one.label, one.key) for one in load_connectors()]
        chosen = before.connector.key if before else FIRST_CONNECTOR
        yield Field("Connector", choice("connector", connectors, chosen), help="The fields below follow it.")
        yield Vertical(id="block")
        rows = [(database.label, database.id) for database in self.beside.databases]
        ticked = frozenset(database.id for database in before.databases) if before else frozenset()
        yield Field(
            "Databases",
            many_of("scope", rows, ticked),
            help="Those that may use it; space ticks one." if rows else "There is no database yet; edit this later.",
        )

    @on(events.Mount)
    async def _show_first_block(self) -> None:
        if self.before is not None:
            self.fields()["identifier"].set_inactive("Fixed: collections refer to it.")
        await self._show_block()

    @on(Select.Changed, "#connector")
    async def _connector_changed(self) -> None:
        await self._show_block()

    async def _show_block(self) -> None:
        place = self.query_one("#block", Vertical)
        await place.remove_children()
        await place.mount(*self._block(self.connector))

    def _block(self, connector: Connector) -> list[Widget]:
        same = self.before is not None and self.before.connector.key == connector.key
        settings = self.before.settings if self.before is not None and same else {}
        rows: list[Widget] = []
        if connector.note:
            rows.append(Static(Content(display_text(connector.note, limit=400)), classes="connector-note"))
        for field in connector.fields:
            if field.kind in SECRETS:
                kept = self.before.masked if self.before is not None and same else ""
                rows.append(ConnectorSecretRow(connector, kept))
            else:
                rows.append(setting_field(field, str(settings.get(field.key, ""))))
        if connector.secret is not None:
            rows.append(SourceField())
        return rows

    @on(Input.Changed, "#name")
    def _name_changed(self, event: Input.Changed) -> None:
        self.query_one("#identifier", Input).placeholder = rules.generate_identifier(event.value)

    def action_string_regenerate(self) -> None:
        """Make the identifier from the name."""
        row = self.fields()["identifier"]
        if self.before is None:
            name = self.query_one("#name", Input).value
            self.query_one("#identifier", Input).value = rules.generate_identifier(name)
            row.set_problem(" ".join(rules.missing_identifier_problems(name, "")))

    def action_string_test(self) -> None:
        """Test what is filled in; the form stays as it is."""
        found = self._block_problems()
        self.show_problems(found)
        if not found:
            self.open_in_background(self._test, "try out")

    async def _test(self) -> None:
        usage, draft = self.app.workspace.connection_usage, self.draft()
        identifier = self.before.identifier if self.before else ""
        try:
            question, _ = await usage.question(identifier, draft)
        except RuleError as error:
            self.say(f"{error.message}\n{error.hint}".rstrip(), wrong=False)
            return

        async def ask(_question: object, on_wait: WaitListener | None) -> Tested:
            return await usage.ask(identifier, draft, on_wait=on_wait)

        name = draft.name.strip() or draft.kind.label
        self.app.ask(TestConnectionDialog(name, ask, questions=[question]))

    def _settings(self) -> dict[str, str]:
        rows = self.fields()
        values: dict[str, str] = {}
        for field in self.connector.fields:
            control = rows[field.key].control if field.key in rows else None
            if isinstance(control, Input):
                values[field.key] = control.value
            elif isinstance(control, Select) and control.value is not Select.NULL:
                values[field.key] = str(control.value)
        return values

    def _block_problems(self) -> dict[str, str]:
        problems = self.app.workspace.connection_strings.settings_problems(self.connector, self._settings())
        found = {key: " ".join(texts) for key, texts in problems.items()}
        for row in self.query(ConnectorSecretRow):
            found |= row.problems()
        return found

    def problems(self) -> dict[str, str]:
        """Check everything with the rules of the portal; point out once what a change of the model stops."""
        name, identifier = self.query_one("#name", Input).value, self.query_one("#identifier", Input).value
        others = self.beside.others
        texts = {"name": rules.name_problems(name, taken={one.name for one in others})}
        if self.before is None:
            taken = {one.identifier for one in others}
            missing = rules.missing_identifier_problems(name, identifier)
            given = identifier or rules.generate_identifier(name)
            texts["identifier"] = missing or (rules.identifier_problems(given, taken=taken) if given else [])
        texts["scope"] = self._scope_problems()
        found = {control: " ".join(some) for control, some in texts.items() if some} | self._block_problems()
        return found or self._stops()

    def _scope_problems(self) -> list[str]:
        before = len(self.before.databases) if self.before is not None else 0
        chosen = len(self.query_one("#scope", SelectionList).selected)
        return scope_problems(chosen) if chosen > max(before, MOST_DATABASES_AT_ONCE) else []

    def _stops(self) -> dict[str, str]:
        text = model_change(self.before, self.draft(), self.beside.used) if self.before is not None else ""
        if text:
            text = f"{unread_words(self.beside.used.unread)} {text}".lstrip()
        if text == self._pointed_out:
            return {}
        self._pointed_out = text
        return {"change": f"{text} ^s again saves it all the same."} if text else {}

    def equivalents(self) -> Equivalents:
        """Return the command line that saves it."""
        draft = self.draft()
        names = [one.name for one in self.beside.databases if one.id in (draft.database_ids or ())]
        return save_connection_string(draft, names, self.before)

    def draft(self) -> ConnectionStringDraft:
        """Return the form's contents; the secret is redacted from here on."""
        secrets = [row.given() for row in self.query(ConnectorSecretRow)]
        return ConnectionStringDraft(
            name=self.query_one("#name", Input).value,
            identifier="" if self.before is not None else self.query_one("#identifier", Input).value,
            connector=self.connector.key,
            settings=self._settings(),
            secret=secrets[0] if secrets else None,
            database_ids=tuple(self.query_one("#scope", SelectionList).selected),
        )


def setting_field(field: ConnectorField, value: str) -> Field:
    """Return the row of one setting."""
    control: Widget
    if field.options:
        control = choice(field.key, [(option, option) for option in field.options], value or field.default)
    else:
        hint = f"default: {field.default}" if field.default else field.example
        control = text_input(field.key, value, placeholder=hint, max_length=1000)
    return Field(field.label, control, help=field.help, optional=not field.required)
