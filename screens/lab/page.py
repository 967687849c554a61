"""The Failure lab page: which providers are made to fail, and for how long."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.portal.failure_lab import ActiveRule, lab_providers
from astrolabe.providers.simulated.rules import EVERY_PROVIDER, TROUBLES
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.grid import Grid
from screens.kit.page import Page
from screens.lab.simulate import ALL_PROVIDERS, SimulateDialog

WORKING = "–"
"""Stands where a provider answers for itself."""


class FailureLabPage(Page):
    """Lists every provider with the trouble it is in; the trouble holds for every program on the data folder."""

    SECTION = Section.INTEGRATIONS
    WATCHES = True

    BINDINGS = register(
        Action("lab.on", "enter", "Switch on", "Make the provider under the cursor fail."),
        Action("lab.off", "d", "Switch off", "Let the provider under the cursor answer again."),
        Action("lab.off-all", "x", "All off", "Let every provider answer again."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.active: list[ActiveRule] = []

    def compose_body(self) -> ComposeResult:
        """Lay out the table and what it means."""
        yield Grid("lab", [("Provider", 25), ("Trouble", 30), ("Seconds", 7), ("Calls", 8)])
        yield Static(
            Content(
                "A provider in trouble is not asked: its error comes back at once, in its own words, here and to every "
                "program that uses this data folder."
            ),
            id="lab-note",
        )

    async def reload(self) -> None:
        """Read what is on."""
        self.set_heading("Integrations", "Failure lab")
        self.active = await self.app.workspace.lab.rules()
        self.app.show_lab(self.active)
        places = [(EVERY_PROVIDER, ALL_PROVIDERS)]
        places += [(provider.key, provider.label) for provider in lab_providers(self.app.workspace.catalogue)]
        grid = self.query_one(Grid)
        grid.fill([(key, self._row(key, label)) for key, label in places])
        if self.focused is None:
            grid.focus()
        self.refresh_bindings()

    def _row(self, key: str, label: str) -> tuple[str, ...]:
        found = next((one for one in self.active if one.rule.provider == key), None)
        if found is None:
            return label, WORKING, "", ""
        info, rule = TROUBLES[found.rule.trouble], found.rule
        seconds = f"{rule.seconds:g}" if info.delay is not None else ""
        left = "no limit" if rule.calls is None else f"{rule.calls:,}"
        return label, f"{info.label}{' (settings)' if found.from_settings else ''}", seconds, left

    def allows(self, action: str) -> bool | None:
        """Offer to switch off only what was switched on."""
        kept = {one.rule.provider for one in self.active if not one.from_settings}
        if action == "lab_off":
            return True if self._chosen() in kept else None
        return True if action != "lab_off_all" or kept else None

    def _chosen(self) -> str | None:
        return self.query_one(Grid).chosen() if self.is_mounted else None

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        self.refresh_bindings()

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_lab_on()

    def action_lab_on(self) -> None:
        """Ask for the trouble."""
        dialog = SimulateDialog(
            self.app.workspace.lab.switch_on, self.app.workspace.catalogue, self._chosen() or EVERY_PROVIDER
        )
        self.app.ask(dialog)

    def action_lab_off(self) -> None:
        """Switch the chosen provider's trouble off."""
        self.in_background(partial(self._switch_off, self._chosen()), "lab")

    def action_lab_off_all(self) -> None:
        """Switch everything off."""
        self.in_background(partial(self._switch_off, None), "lab")

    async def _switch_off(self, provider: str | None) -> None:
        await self.app.workspace.lab.switch_off(provider)
        fixed = [one.rule.provider for one in await self.app.workspace.lab.rules() if one.from_settings]
        if fixed and provider is None:
            self.app.tell(f"Still on by the settings of this process: {', '.join(fixed)}.", warning=True)
        self.refresh_contents()
