"""The row of a secret that may be there already: left empty, it stays."""

from __future__ import annotations

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.widgets import Input

from astrolabe.portal.connection_strings.rules import secret_setting_problems
from astrolabe.providers.catalogue.connectors import Connector, FieldKind
from screens.kit.fields import Field, SecretInput, text_input
from screens.kit.secret_field import TYPED, SecretRow
from storage.secrets.references import SecretReference


class ConnectorSecretRow(SecretRow):
    """Asks for the secret of a connection string, which its connector calls and checks in its own way."""

    def __init__(self, connector: Connector, kept: str) -> None:
        """Ask for a connector's secret.

        Args:
            connector: The connector; it has a secret.
            kept: What may be shown of the secret that stays where nothing is typed; empty when there is none.
        """
        super().__init__(connector.secret.label if connector.secret is not None else "key")
        self.connector = connector
        self.kept = kept

    def compose(self) -> ComposeResult:
        """Lay out both rows; one of them is shown."""
        placeholder = f"{self.kept} stays" if self.kept else ""
        yield Field(self.noun, SecretInput(id="secret", placeholder=placeholder), help=self._typed_help(""))
        yield Field("", text_input("secret-target"))

    def _typed_help(self, value: str) -> str:
        secret = self.connector.secret
        if secret is not None and secret.kind is FieldKind.SERVICE_ACCOUNT:
            return "Paste the whole file that Google gave out; or name it: choose File below. Kept encrypted."
        return super()._typed_help(value)

    def given(self) -> SecretStr | SecretReference | None:
        """Return the secret, or where it is read from; None when nothing was typed."""
        if self.source == TYPED and not self.query_one("#secret", Input).value:
            return None
        return self.secret()

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by the id of the control."""
        texts = secret_setting_problems(self.connector, self.given(), optional=bool(self.kept))
        control = "secret" if self.source == TYPED else "secret-target"
        return {control: " ".join(texts)} if texts else {}
