"""The Add integration and Add API key dialogs: a name, the secret, and the databases that may use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.widgets import Input, SelectionList

from astrolabe.portal.model import MOST_DATABASES_AT_ONCE, Credential, CredentialDraft, Database, Integration
from astrolabe.portal.rules import credential_name_problems, scope_problems, secret_problems
from screens.dialog import Dialog
from screens.fields import Field, SecretInput, many_of, text_input


class AddCredentialDialog(Dialog[CredentialDraft, Credential]):
    """Asks for a credential; called Add Integration while the integration has none, Add API key afterwards."""

    def __init__(
        self,
        integration: Integration,
        databases: Sequence[Database],
        perform: Callable[[CredentialDraft], Awaitable[Credential]],
    ) -> None:
        """Ask for a credential of ``integration``; ``databases`` are offered for its scope."""
        super().__init__(perform)
        self.integration = integration
        self.databases = tuple(databases)

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
        noun = self.noun[0].upper() + self.noun[1:]
        yield Field(
            f"{noun} name",
            text_input("credential-name", max_length=100),
            help="2 to 50 letters, digits, _ and -; starts and ends with a letter or digit; it cannot be changed.",
        )
        yield Field(
            noun,
            SecretInput(id="secret"),
            help="Kept encrypted on this machine, never shown again. Keep your own copy.",
        )
        rows = [
            (f"{database.name}  ({database.region}, {database.status})", database.id) for database in self.databases
        ]
        yield Field(
            "Add databases to scope",
            many_of("scope", rows),
            help=(
                f"Space ticks a database; up to {MOST_DATABASES_AT_ONCE} at once, more later."
                if rows
                else "There is no database yet; one can be added to the scope later."
            ),
        )

    def _chosen(self) -> tuple[str, ...]:
        return tuple(self.query_one("#scope", SelectionList).selected)

    def problems(self) -> dict[str, str]:
        """Check name, secret and scope with the portal's rules."""
        taken = {credential.name for credential in self.integration.credentials}
        name = self.query_one("#credential-name", Input).value
        found = {
            "credential-name": credential_name_problems(name, taken=taken, noun=self.noun),
            "secret": secret_problems(self.query_one("#secret", Input).value, noun=self.noun),
            "scope": scope_problems(len(self._chosen())),
        }
        return {field: " ".join(texts) for field, texts in found.items() if texts}

    def draft(self) -> CredentialDraft:
        """Return the form's contents; the secret is redacted from here on."""
        return CredentialDraft(
            provider=self.integration.provider.key,
            name=self.query_one("#credential-name", Input).value,
            secret=SecretStr(self.query_one("#secret", Input).value),
            database_ids=self._chosen(),
        )


def scope_label(database: Database) -> str:
    """Return how a database stands in a list of those that may be added to a scope."""
    return f"{database.name}  ({database.region}, {database.status})"
