"""The Rotate dialog: a new secret for a credential; its name and its scope stay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Checkbox, Static

from astrolabe.portal.organization import Credential
from astrolabe.providers.embedding.waiting import WaitListener
from astrolabe.text.cli_equivalents import Equivalents, rotate_credential
from astrolabe.text.safe_text import display_text
from screens.kit.countdown import Countdown
from screens.kit.fields import Field, check
from screens.kit.secret_field import SecretRow, SourceField, TryingOut, TryOut
from storage.secrets.references import SecretReference


@dataclass(frozen=True, slots=True)
class RotationDraft:
    """What the dialog holds.

    Attributes:
        secret: The new secret, or where it is read from.
        test: Whether the provider is asked first.
    """

    secret: SecretStr | SecretReference
    test: bool = True


class RotateDialog(TryingOut[RotationDraft, Credential]):
    """Asks for a new secret, and tests it against the provider before it takes the place of the old one."""

    SUBMIT = "Rotate"

    def __init__(
        self,
        credential: Credential,
        noun: str,
        rotate: Callable[[RotationDraft, WaitListener], Awaitable[Credential]],
        *,
        try_out: TryOut | None = None,
    ) -> None:
        """Ask for a new secret.

        Args:
            credential: Whose secret it becomes.
            noun: What the portal calls the secret.
            rotate: Carries it out; told of waits for a model that is being loaded.
            try_out: Tests the secret before that.
        """
        super().__init__(self._rotate_counting)
        self._rotate = rotate
        self._countdown = Countdown(self, lambda words: self.say(f"{words}\nesc stops; the old secret stays in use."))
        self.try_out = try_out
        self.credential = credential
        self.noun = noun

    def heading(self) -> str:
        """Return the title."""
        return f"Rotate {self.credential.name}"

    def compose_form(self) -> ComposeResult:
        """Say what stays, and ask for the secret."""
        names = ", ".join(database.name for database in self.credential.databases) or "no database"
        words = (
            f"The name stays, and so does the scope: {names}. The old secret is in use until the new one has been "
            "accepted; no search fails in between."
        )
        yield Static(Content(display_text(words, limit=400)), classes="consequence")
        yield SecretRow(f"new {self.noun}")
        yield Field(
            "",
            check("test", "Test it against the provider first", value=True),
            help="One short text is embedded with each model that the credential is used with.",
        )
        yield SourceField()

    async def _rotate_counting(self, draft: RotationDraft) -> Credential:
        try:
            return await self._rotate(draft, self._waits)
        finally:
            self._countdown.stop()

    def _waits(self, seconds: float, reason: str) -> None:
        self._let_keys_through()  # so that esc is not kept for what comes after a long wait
        self._countdown.start(seconds, reason)

    def problems(self) -> dict[str, str]:
        """Check the secret."""
        return self.query_one(SecretRow).problems()

    def equivalents(self) -> Equivalents:
        """Return the command line that rotates it."""
        draft = self.draft()
        return rotate_credential(self.credential.provider, self.credential.name, draft.secret, test=draft.test)

    def draft(self) -> RotationDraft:
        """Return what was filled in."""
        return RotationDraft(self.query_one(SecretRow).secret(), self.query_one("#test", Checkbox).value)
