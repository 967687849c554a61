"""The page of one integration: what the provider is, and its API keys with their scoped databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static, Tree

from astrolabe.portal.organization import Credential, Database, Integration
from astrolabe.providers.catalogue.provider_info import Hosting
from astrolabe.providers.embedding.waiting import WaitListener
from astrolabe.text.safe_text import display_text
from screens.integrations.about_provider import about, empty_words
from screens.integrations.add_credential import AddCredentialDialog
from screens.integrations.add_scope import AddScopeDialog
from screens.integrations.rehearse import RehearsePage
from screens.integrations.rotate_credential import RotateDialog, RotationDraft
from screens.integrations.test_credential import open_test, open_trial
from screens.integrations.weather_panel import INTERVAL as WEATHER_INTERVAL
from screens.integrations.weather_panel import WeatherPanel
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.confirm import TypeTheNameDialog
from screens.kit.delete_confirmation import credential_danger, integration_danger, scope_danger
from screens.kit.menu import Entry, MenuDialog
from screens.kit.page import Page

MORE = (
    Entry("integration_scope", "b", "Add database"),
    Entry("integration_rotate", "r", "Rotate"),
    Entry("integration_test", "t", "Test connection"),
    Entry("integration_rehearse", "h", "Rehearse"),
    Entry("integration_remove_key", "d", "Remove API key"),
)
"""What can be done with a credential; the keys are those of the page."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a line of the tree stands for: a credential, or a database in its scope."""

    credential: Credential
    database: Database | None = None


class IntegrationPage(Page):
    """Shows one provider and manages its credentials and scopes."""

    SECTION = Section.INTEGRATIONS

    WATCHES = True

    BINDINGS = register(
        Action("integration.activate", "a", "Add integration", "Add a credential, which activates the integration."),
        Action("integration.add", "a", "Add API key", "Add another credential to the integration."),
        Action("integration.scope", "b", "Add database", "Add databases to the scope of the chosen credential."),
        Action("integration.remove", "d", "Remove", "Remove the chosen credential, or the chosen database's scope."),
        Action("integration.more", "m", "More", "Rotate, test, rehearse or remove the chosen credential."),
        Action("integration.rotate", "r", "Rotate", "Put in a new secret; name and scope stay.", shown=False),
        Action("integration.test", "t", "Test connection", "Ask the provider for one embedding.", shown=False),
        Action("integration.rehearse", "h", "Rehearse", "Say what a change would stop and bring back.", shown=False),
        Action("integration.remove-all", "x", "Remove integration", "Remove all its credentials.", shown=False),
    )

    def __init__(self, provider: str) -> None:
        """Show the integration of ``provider``, a key of the catalogue."""
        super().__init__()
        self.provider = provider
        self.integration: Integration | None = None

    def compose_body(self) -> ComposeResult:
        """Lay out the description, the API keys section and what stands in its place."""
        yield Static("", id="about", markup=False)
        yield Static(Content("API keys"), id="section")
        tree: Tree[Node] = Tree("", id="keys")
        tree.show_root = False
        tree.guide_depth = 3
        yield tree
        yield Static("", id="no-keys", classes="empty", markup=False)
        yield WeatherPanel(id="weather")

    async def reload(self) -> None:
        """Read the integration again."""
        integration = await self.app.workspace.integrations.get(self.provider)
        self.integration = integration
        state = "Active" if integration.active else "Inactive"
        self.set_heading("Integrations", integration.provider.label, state)
        self.query_one("#about", Static).update(about(integration.provider))
        hosted = integration.provider.hosting is Hosting.HOSTED
        self.query_one("#section").display = not hosted
        empty = self.query_one("#no-keys", Static)
        empty.display = hosted or not integration.credentials
        empty.update(Content(empty_words(integration)))
        self._fill_tree(integration.credentials)
        self.refresh_bindings()
        self._show_weather()

    @on(events.Mount)
    def _watch_weather(self) -> None:
        if not self.app.environment.timeless:
            self.set_interval(WEATHER_INTERVAL, self._show_weather)

    @on(Tree.NodeHighlighted, "#keys")
    def _show_weather(self) -> None:
        """Show how the provider has been with the chosen credential; cheap, and draws only what has changed."""
        if self.integration is None or not self.is_current:
            return
        node, weather = self.chosen(), self.app.workspace.engine.weather
        names = [node.credential.name, None] if node is not None else [None]
        reports = [weather.report(self.provider, name) for name in names]
        environment = self.app.environment
        self.query_one(WeatherPanel).show(reports, environment.now(), timeless=environment.timeless)

    def _fill_tree(self, credentials: Sequence[Credential]) -> None:
        tree: Tree[Node] = self.query_one("#keys", Tree)
        expanded = {node.data.credential.name for node in tree.root.children if node.data and node.is_expanded}
        line = tree.cursor_line
        tree.clear()
        for credential in credentials:
            branch = tree.root.add(
                self._credential_line(credential),
                data=Node(credential),
                expand=credential.name in expanded or len(credentials) == 1,
            )
            for database in credential.databases:
                branch.add_leaf(self._database_line(database), data=Node(credential, database))
            if not credential.databases:
                branch.add_leaf(Text("no database yet: press b to add one", style="italic"), data=Node(credential))
        tree.display = bool(credentials)
        if credentials:
            tree.cursor_line = max(0, min(line, tree.last_line))
            if self.focused is None:
                tree.focus()

    @staticmethod
    def _credential_line(credential: Credential) -> Text:
        count = len(credential.databases)
        line = Text(display_text(credential.name), style="bold")
        line.append(f"  {display_text(credential.masked)}", style="dim")
        line.append(f"  {count} database{'' if count == 1 else 's'}", style="dim")
        return line

    @staticmethod
    def _database_line(database: Database) -> Text:
        line = Text(display_text(database.name))
        return line.append(f"  {display_text(database.region)}, {database.status}", style="dim")

    def chosen(self) -> Node | None:
        """Return what the tree's cursor is on."""
        node = self.query_one("#keys", Tree).cursor_node
        return node.data if node is not None and isinstance(node.data, Node) else None

    def action_integration_activate(self) -> None:
        """Ask for the first credential."""
        self.action_integration_add()

    def action_integration_add(self) -> None:
        """Ask for a credential."""
        self.open_in_background(self._ask_credential, "add credential")

    async def _ask_credential(self) -> None:
        if self.integration is None or self.integration.provider.hosting is Hosting.HOSTED:
            return
        workspace = self.app.workspace
        dialog = AddCredentialDialog(
            self.integration,
            await workspace.databases.list(),
            workspace.integrations.add_credential,
            removed=await workspace.integrations.removed(self.provider),
            waiting=await workspace.credential_usage.waiting(self.provider),
            try_out=partial(open_trial, self.app, self.integration.provider),
        )
        self.app.ask(dialog, self._credential_added)

    def _credential_added(self, credential: Credential | None) -> None:
        if credential is not None:
            self.app.tell(f"{credential.name} was added; the integration is active.")
            self.refresh_contents()

    def action_integration_scope(self) -> None:
        """Ask for databases to add to the scope."""
        self.open_in_background(self._ask_scope, "add to scope")

    async def _ask_scope(self) -> None:
        node = self.chosen()
        if node is None:
            return
        credential = node.credential
        known = {database.id for database in credential.databases}
        free = [database for database in await self.app.workspace.databases.list() if database.id not in known]

        async def add(database_ids: tuple[str, ...]) -> Credential:
            return await self.app.workspace.integrations.add_to_scope(
                credential.provider, credential.name, database_ids, version=credential.version
            )

        self.app.ask(AddScopeDialog(credential, free, add), self._scope_changed)

    def _scope_changed(self, credential: Credential | None) -> None:
        if credential is not None:
            self.app.tell(f"The scope of {credential.name} has {len(credential.databases)} databases.")
            self.refresh_contents()

    def action_integration_more(self) -> None:
        """Offer what can be done with the chosen credential."""
        node = self.chosen()
        if node is not None:
            self.app.ask(MenuDialog(node.credential.name, MORE), self._more_chosen)

    def _more_chosen(self, chosen: str | None) -> None:
        if chosen is not None:
            self.call_later(self.run_action, chosen)

    def action_integration_rotate(self) -> None:
        """Ask for a new secret of the chosen credential."""
        node = self.chosen()
        if node is not None:
            credential = node.credential

            async def rotate(draft: RotationDraft, on_wait: WaitListener) -> Credential:
                return await self.app.workspace.credential_usage.rotate(
                    credential.provider,
                    credential.name,
                    draft.secret,
                    test=draft.test,
                    version=credential.version,
                    on_wait=on_wait,
                )

            provider = self.app.workspace.catalogue.get(credential.provider)
            try_out = partial(open_trial, self.app, provider, stored=credential.name)
            self.app.ask(RotateDialog(credential, self._noun, rotate, try_out=try_out), self._rotated)

    def _rotated(self, credential: Credential | None) -> None:
        if credential is not None:
            self.app.tell(f"{credential.name} has a new secret; its name and scope stay.")
            self.refresh_contents()

    def action_integration_test(self) -> None:
        """Ask the provider with the chosen credential."""
        node = self.chosen()
        integration = self.integration
        if integration is not None and (node is not None or _needs_no_key(integration)):
            name = node.credential.name if node is not None else None
            self.open_in_background(partial(open_test, self.app, integration.provider, name), "test connection")

    def action_integration_rehearse(self) -> None:
        """Go to the rehearsal of the chosen credential."""
        self.in_background(self._rehearse, "rehearse")

    async def _rehearse(self) -> None:
        node = self.chosen()
        if node is not None:
            self.app.push_screen(RehearsePage(node.credential, await self.app.workspace.databases.list()))

    def action_integration_remove(self) -> None:
        """Remove what the cursor is on, after its name has been typed."""
        node = self.chosen()
        if node is not None and node.database is not None:
            self.open_in_background(partial(self._ask_remove_scope, node.credential, node.database), "remove")
        else:
            self.action_integration_remove_key()

    def action_integration_remove_key(self) -> None:
        """Remove the chosen credential, after its name has been typed."""
        node = self.chosen()
        if node is not None:
            self.open_in_background(partial(self._ask_remove_credential, node.credential), "remove")

    async def _ask_remove_scope(self, credential: Credential, database: Database) -> None:
        provider, name, version = credential.provider, credential.name, credential.version
        rehearsal = await self.app.workspace.credential_usage.rehearse_scope(provider, name, remove=[database.id])

        async def remove(_name: str) -> bool:
            await self.app.workspace.integrations.remove_from_scope(provider, name, database.id, version=version)
            return True

        self.app.ask(TypeTheNameDialog(scope_danger(credential, database, rehearsal), remove), self._removed)

    async def _ask_remove_credential(self, credential: Credential) -> None:
        provider, name, version = credential.provider, credential.name, credential.version
        rehearsal = await self.app.workspace.credential_usage.rehearse_removal(provider, [name])

        async def remove(_name: str) -> bool:
            await self.app.workspace.integrations.remove_credential(provider, name, version=version)
            return True

        self.app.ask(TypeTheNameDialog(credential_danger(credential, self._noun, rehearsal), remove), self._removed)

    def action_integration_remove_all(self) -> None:
        """Remove the integration, after its name has been typed."""
        self.open_in_background(self._ask_remove_all, "remove")

    async def _ask_remove_all(self) -> None:
        integration = self.integration
        if integration is None or not integration.credentials:
            return
        versions = {credential.name: credential.version for credential in integration.credentials}
        rehearsal = await self.app.workspace.credential_usage.rehearse_removal(self.provider, list(versions))

        async def remove(_name: str) -> bool:
            await self.app.workspace.integrations.remove_integration(self.provider, versions=versions)
            return True

        self.app.ask(TypeTheNameDialog(integration_danger(integration, rehearsal), remove), self._removed)

    @property
    def _noun(self) -> str:
        return self.integration.provider.credential_noun if self.integration else "API key"

    def _removed(self, done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
        if done:
            self.refresh_contents()

    def allows(self, action: str) -> bool | None:
        """Hide what a hosted provider has not; dim what needs a credential."""
        if not action.startswith("integration_") or self.integration is None:
            return True
        if self.integration.provider.hosting is Hosting.HOSTED:
            return action == "integration_test" and self.integration.provider.available
        if action == "integration_activate":
            return not self.integration.credentials
        if action == "integration_add":
            return bool(self.integration.credentials)
        if action == "integration_test" and _needs_no_key(self.integration):
            return True
        return True if self.integration.credentials else None


def _needs_no_key(integration: Integration) -> bool:
    return integration.provider.hosting is Hosting.HOSTED or integration.provider.keyless
