"""Clearing the cache of embeddings from the Integrations page."""

from __future__ import annotations

from screens.integrations.clear_cache import ClearCacheDialog
from screens.integrations.page import IntegrationsPage
from screens.kit.app_base import Section
from tests.screens.conftest import MakeConsole
from tests.support.console import embedded_texts
from tests.support.steps import press, settle


async def test_the_cache_is_cleared_after_asking(console: MakeConsole) -> None:
    app = console(prepare=embedded_texts, start=Section.INTEGRATIONS)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "x", "escape")
        assert (await app.workspace.embedding_cache.facts()).entries == 2000
        await press(pilot, "x")
        assert isinstance(app.screen, ClearCacheDialog)
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, IntegrationsPage)
        assert (await app.workspace.embedding_cache.facts()).entries == 0
