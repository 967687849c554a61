"""The Integrations page: one tile for each embedding provider, Active or Inactive."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Grid as TileGrid
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from astrolabe.portal.organization import Integration
from astrolabe.providers.catalogue.provider_info import Hosting
from screens.integrations.clear_cache import ClearCacheDialog
from screens.integrations.provider_page import IntegrationPage
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.page import Page

ACTIVE, INACTIVE = "● Active", "○ Inactive"


class Tile(Static, can_focus=True):
    """One provider: its label, its state, and what it needs."""

    class Opened(Message):
        """The tile was chosen.

        Attributes:
            provider: Key of the provider.
        """

        def __init__(self, provider: str) -> None:
            super().__init__()
            self.provider = provider

    def __init__(self, integration: Integration) -> None:
        super().__init__(classes="tile", id=f"tile-{integration.provider.key}")
        self.provider = integration.provider.key
        self.show(integration)

    def show(self, integration: Integration) -> None:
        """Draw the tile."""
        self.set_class(integration.active, "-active")
        state = ACTIVE if integration.active else INACTIVE
        text = Content.styled(integration.provider.label, "bold") + Content("\n")
        text += Content.styled(state, "$text-success" if integration.active else "$foreground-muted")
        self.update(text + Content.styled(f" · {summary(integration)}", "$foreground-muted"))

    def on_key(self, event: events.Key) -> None:
        """Enter opens the integration."""
        if event.key == "enter":
            event.stop()
            self.post_message(self.Opened(self.provider))

    def on_click(self) -> None:
        """A click opens it too."""
        self.post_message(self.Opened(self.provider))


def summary(integration: Integration) -> str:
    """Return what a provider needs, or has, in a few words."""
    provider = integration.provider
    if provider.hosting is Hosting.HOSTED:
        return "hosted" if provider.available else "not here"
    count = len(integration.credentials)
    if not count:
        return "own server" if provider.keyless else "no key"
    return "1 key" if count == 1 else f"{count} keys"


class IntegrationsPage(Page):
    """Shows the ten providers in the portal's order; the arrow keys move between them."""

    SECTION = Section.INTEGRATIONS
    HEADING = " Integrations › All integrations"
    WATCHES = True

    BINDINGS = register(
        Action("integrations.open", "enter", "Open", "Open the integration and its API keys."),
        Action("integrations.lab", "f", "Failure lab", "Make providers fail, to try out how a program takes it."),
        Action("integrations.left", "left,h", "Left", "Go to the tile on the left.", shown=False),
        Action("integrations.right", "right,l", "Right", "Go to the tile on the right.", shown=False),
        Action("integrations.up", "up,k", "Up", "Go to the tile above.", shown=False),
        Action("integrations.down", "down,j", "Down", "Go to the tile below.", shown=False),
        Action("integrations.strings", "s", "Connection strings", "Go to the AI connection strings, as RavenDB has."),
        Action("integrations.cache", "x", "Clear cache", "Show the cache of embeddings, and clear it.", shown=False),
    )

    def compose_body(self) -> ComposeResult:
        """Lay out the tiles' place."""
        with VerticalScroll(can_focus=False):
            yield TileGrid(id="tiles")

    async def reload(self) -> None:
        """Read the integrations and draw the tiles."""
        found = await self.app.workspace.integrations.list()
        tiles = {tile.provider: tile for tile in self.query(Tile)}
        if tiles:
            for integration in found:
                tiles[integration.provider.key].show(integration)
            return
        await self.query_one("#tiles").mount(*(Tile(integration) for integration in found))
        if found and self.focused is None:
            self.query(Tile).first().focus()

    def columns(self) -> int:
        """Return how many tiles stand in one row at this width."""
        tiles = list(self.query(Tile))
        first_line = {tile.region.y for tile in tiles[:1]}
        return max(1, sum(tile.region.y in first_line for tile in tiles))

    def _step(self, step: int) -> None:
        tiles = list(self.query(Tile))
        here = tiles.index(self.focused) if isinstance(self.focused, Tile) else 0
        if 0 <= here + step < len(tiles):
            tiles[here + step].focus()

    def action_integrations_left(self) -> None:
        """Go to the tile on the left."""
        self._step(-1)

    def action_integrations_right(self) -> None:
        """Go to the tile on the right."""
        self._step(1)

    def action_integrations_up(self) -> None:
        """Go to the tile above."""
        self._step(-self.columns())

    def action_integrations_down(self) -> None:
        """Go to the tile below."""
        self._step(self.columns())

    def action_integrations_open(self) -> None:
        """Open the focused tile."""
        if isinstance(self.focused, Tile):
            self._open(self.focused.provider)

    def action_integrations_strings(self) -> None:
        """Go to the connection strings."""
        self.app.open_connection_strings()

    def action_integrations_cache(self) -> None:
        """Show the cache of embeddings, and clear it."""
        self.open_in_background(self._ask_clear_cache, "cache")

    async def _ask_clear_cache(self) -> None:
        workspace = self.app.workspace
        enabled = workspace.options.cache_bytes is not None
        facts = await workspace.embedding_cache.facts()

        async def clear(_: None) -> int:
            return await workspace.clear_embedding_cache()

        self.app.ask(ClearCacheDialog(facts, clear, enabled=enabled), self._cache_cleared)

    def _cache_cleared(self, removed: int | None) -> None:
        if removed is not None:
            self.app.tell(f"The cache of embeddings is empty; {removed:,} vectors were forgotten.")

    def action_integrations_lab(self) -> None:
        """Go to the failure lab."""
        self.app.open_failure_lab()

    @on(Tile.Opened)
    def _tile_opened(self, event: Tile.Opened) -> None:
        self._open(event.provider)

    def _open(self, provider: str) -> None:
        self.app.push_screen(IntegrationPage(provider))
