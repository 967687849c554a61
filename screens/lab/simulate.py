"""The dialog that makes a provider fail: which one, how, and for how many calls."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Select

from astrolabe.portal.failure_lab import calls_problems, delay_problems, lab_providers
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.simulated.rules import EVERY_PROVIDER, TROUBLES, Rule, SimulatedFailure
from astrolabe.text.cli_equivalents import Equivalents, simulate
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, choice, text_input

ALL_PROVIDERS = "All providers"


class SimulateDialog(Dialog[Rule, None]):
    """Asks for a trouble; nothing of the provider itself is changed."""

    HEADING = "Simulate a failure"
    SUBMIT = "Switch on"

    def __init__(self, perform: Callable[[Rule], Awaitable[None]], catalogue: Catalogue, provider: str) -> None:
        """Ask for a trouble.

        Args:
            perform: Switches it on.
            catalogue: The providers.
            provider: Key of the one to begin with.
        """
        super().__init__(perform)
        self.catalogue = catalogue
        self.provider = provider

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        providers = [(ALL_PROVIDERS, EVERY_PROVIDER)]
        providers += [(provider.label, provider.key) for provider in lab_providers(self.catalogue)]
        troubles = [(info.label, trouble.value) for trouble, info in TROUBLES.items()]
        yield Field("Provider", choice("provider", providers, self.provider))
        yield Field(
            "Trouble",
            choice("trouble", troubles, SimulatedFailure.RATE_LIMITED.value),
            help="What comes back in place of the provider's answer.",
        )
        yield Field("Seconds", text_input("delay"), optional=True)
        yield Field(
            "Calls",
            text_input("calls"),
            optional=True,
            help="How many requests fail before the provider answers again; empty: all until you switch it off.",
        )

    def focus_first(self) -> None:
        """Begin with the trouble: the provider is chosen already."""
        for trouble in self.query("#trouble"):  # none when the program is being left at this moment
            self.set_focus(trouble)

    @on(Select.Changed, "#trouble")
    def _trouble_changed(self) -> None:
        info = TROUBLES[self._trouble()]
        row = self.fields()["delay"]
        row.set_inactive("" if info.delay is not None else "This trouble takes no time.")
        if info.delay is not None:
            means = f"{info.delay_means[:1].upper()}{info.delay_means[1:]}"
            row.set_help(f"{means}; empty: {info.delay:g}.")

    def _trouble(self) -> SimulatedFailure:
        return SimulatedFailure(str(self.query_one("#trouble", Select).value))

    def problems(self) -> dict[str, str]:
        """Check the numbers."""
        delay, calls = self._delay(), self._calls()
        found = {
            "delay": delay_problems(self._trouble(), delay),
            "calls": calls_problems(calls),
        }
        return {name: " ".join(problems) for name, problems in found.items() if problems}

    def equivalents(self) -> Equivalents:
        """Return the command line that switches it on."""
        return simulate(self.draft())

    def draft(self) -> Rule:
        """Return the form's contents."""
        provider = str(self.query_one("#provider", Select).value)
        return Rule(provider, self._trouble(), self._delay(), self._calls())

    def _delay(self) -> float | None:
        """Return the seconds typed; not a number when it is none."""
        text = self.query_one("#delay", Input).value.strip()
        if not text or TROUBLES[self._trouble()].delay is None:
            return None
        try:
            seconds = float(text)
        except ValueError:
            return math.nan
        return seconds if math.isfinite(seconds) else math.nan

    def _calls(self) -> int | None:
        """Return the number typed; 0 when it is none."""
        text = self.query_one("#calls", Input).value.strip()
        if not text:
            return None
        return int(text) if text.isascii() and text.isdigit() else 0
