"""The dialog that shows what the cache of embeddings holds and saves, and empties it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.text.cli_equivalents import Equivalents, clear_cache
from astrolabe.text.safe_text import display_text
from screens.kit.dialog import Dialog
from storage.embedding_cache.cache import CacheFacts


class ClearCacheDialog(Dialog[None, int]):
    """Asks before the cache is emptied; dismissed with the number of vectors that were forgotten."""

    HEADING = "Cache of embeddings"
    SUBMIT = "Clear cache"

    def __init__(self, facts: CacheFacts, perform: Callable[[None], Awaitable[int]], *, enabled: bool = True) -> None:
        """Show ``facts``; ``perform`` empties the cache."""
        super().__init__(perform)
        self._facts = facts
        self._enabled = enabled

    def compose_form(self) -> ComposeResult:
        """Say what is there, what it was good for, and what clearing means."""
        for sentence in cache_sentences(self._facts, enabled=self._enabled):
            yield Static(Content(display_text(sentence, limit=600)), classes="consequence")

    def equivalents(self) -> Equivalents:
        """Return the command line that empties it."""
        return clear_cache()

    def draft(self) -> None:
        """There is nothing to fill in."""


def cache_sentences(facts: CacheFacts, *, enabled: bool) -> list[str]:
    """Return what there is to say about the cache."""
    used, most = facts.size / 1024**2, facts.most / 1024**2
    sentences = [
        f"It holds {facts.entries:,} vectors: {used:,.1f} of at most {most:,.0f} MB.",
        f"{facts.hits:,} texts were found in it and not sent to their provider; {facts.misses:,} were not in it.",
    ]
    if not enabled:
        sentences.append("It is not used now: the setting embedding_cache.enabled is false.")
    if facts.problem is not None:
        sentences.append(f"{facts.problem.message} {facts.problem.hint}".rstrip())
    sentences.append("Once cleared, texts are sent again when they are needed. No collection changes.")
    return sentences
