"""The Add integration and Add API key dialogs: a name, the secret, and the databases that may use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, SelectionList, Static

from astrolabe.portal.credentials.rehearsal import mismatches, unread_words
from astrolabe.portal.credentials.usage import NOTHING_USED, Overview
from astrolabe.portal.organization import (
    MOST_DATABASES_AT_ONCE,
    Credential,
    CredentialDraft,
    Database,
    Integration,
    RemovedCredential,
)
from astrolabe.portal.rules import credential_name_problems, scope_problems
from astrolabe.text.cli_equivalents import Equivalents, add_credential
from astrolabe.text.safe_text import display_text
from screens.kit.fields import Field, many_of, text_input
from screens.kit.secret_field import SecretRow, SourceField, TryingOut, TryOut


class AddCredentialDialog(TryingOut[CredentialDraft, Credential]):
    """Asks for a credential; called Add Integration while the integration has none, Add API key afterwards."""

    def __init__(
        self,
        integration: Integration,
        databases: Sequence[Database],
        perform: Callable[[CredentialDraft], Awaitable[Credential]],
        *,
        removed: Sequence[RemovedCredential] = (),
        waiting: Overview = NOTHING_USED,
        try_out: TryOut | None = None,
    ) -> None:
        """Ask for a credential.

        Args:
            integration: Its integration.
            databases: What is offered for its scope.
            perform: Adds it.
            removed: The integration's removed credentials; the form begins with the last one's name and scope.
            waiting: The collections and columns whose credential does not exist, and what could not be read.
            try_out: Opens the connection test with the secret and the name that are filled in.
        """
        super().__init__(perform)
        self.try_out = try_out
        self.integration = integration
        self.databases = tuple(databases)
        self.removed = tuple(removed)
        self.waiting = waiting
        self._pointed_out = ""

    @property
    def former(self) -> RemovedCredential | None:
        """The removed credential that the form begins with: the last one that collections wait for, or the last."""
        names = {dependent.service.credential_name for dependent in self.waiting.dependents}
        missed = (one for one in self.removed if one.name in names)
        return next(missed, next(iter(self.removed), None))

    @property
    def noun(self) -> str:
        """What the portal calls this provider's secret."""
        return self.integration.provider.credential_noun

    def heading(self) -> str:
        """Return the title the portal gives the dialog."""
        first = not self.integration.credentials
        label = self.integration.provider.label
        return f"Add Integration: {label}" if first else f"Add API key: {label}"

    def submit_label(self) -> str:
        """Return what the portal's button says."""
        return "Add API key" if self.integration.credentials else "Add Integration"

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        noun, former = self.noun[0].upper() + self.noun[1:], self.former
        unknown = unread_words(self.waiting.unread)
        if unknown:
            yield Static(Content(display_text(unknown, limit=600)), classes="consequence")
        if former is not None:
            words = (
                f"{former.name} was removed; its name and scope are filled in. With both, its collections come back."
            )
            yield Static(Content(display_text(words)), classes="consequence")
        yield Field(
            f"{noun} name",
            text_input("credential-name", former.name if former else "", max_length=100),
            help="2 to 50 letters, digits, _ and -; starts and ends with a letter or digit; it cannot be changed.",
        )
        yield SecretRow(self.noun)
        rows = [(database.label, database.id) for database in self.databases]
        ticked = [database.id for database in former.databases] if former else []
        yield Field(
            "Add databases to scope",
            many_of("scope", rows, frozenset(ticked[:MOST_DATABASES_AT_ONCE])),
            help=(
                f"Space ticks a database; up to {MOST_DATABASES_AT_ONCE} at once, more later."
                if rows
                else "There is no database yet; one can be added to the scope later."
            ),
        )
        yield SourceField()

    def name_to_try(self) -> str:
        """Return the name that is filled in."""
        return self.query_one("#credential-name", Input).value.strip()

    def focus_first(self) -> None:
        """Begin with the secret where the name is filled in already."""
        if self.former is not None:
            self.set_focus(self.query_one("#secret", Input))
        else:
            super().focus_first()

    def _chosen(self) -> tuple[str, ...]:
        return tuple(self.query_one("#scope", SelectionList).selected)

    def problems(self) -> dict[str, str]:
        """Check name, secret and scope with the portal's rules; point out once what misses a removed credential."""
        taken = {credential.name for credential in self.integration.credentials}
        name = self.query_one("#credential-name", Input).value
        rules = {
            "credential-name": credential_name_problems(name, taken=taken, noun=self.noun),
            "scope": scope_problems(len(self._chosen())),
        }
        found = {field: " ".join(texts) for field, texts in rules.items() if texts}
        found |= self.query_one(SecretRow).problems()
        return found or self._mismatches(name)

    def _mismatches(self, name: str) -> dict[str, str]:
        text = " ".join(mismatches(name, self._chosen(), self.removed, self.waiting.dependents, self.waiting.unread))
        if text == self._pointed_out:
            return {}
        self._pointed_out = text
        return {"mismatch": f"{text} ^s again adds it all the same."} if text else {}

    def equivalents(self) -> Equivalents:
        """Return the command line that adds it."""
        names = {database.id: database.name for database in self.databases}
        draft = self.draft()
        databases = [names[chosen] for chosen in draft.database_ids]
        return add_credential(draft.provider, draft.name.strip(), draft.secret, databases)

    def draft(self) -> CredentialDraft:
        """Return the form's contents; the secret is redacted from here on."""
        return CredentialDraft(
            provider=self.integration.provider.key,
            name=self.query_one("#credential-name", Input).value,
            secret=self.query_one(SecretRow).secret(),
            database_ids=self._chosen(),
        )
