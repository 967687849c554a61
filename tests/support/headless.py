"""Consoles without a terminal draw only what somebody looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual._compositor import Compositor, LayoutUpdate
from textual._context import visible_screen_stack

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.app import App
    from textual.screen import Screen
    from textual.strip import Strip

_render_update = Compositor.render_update


def draw_when_asked() -> None:
    """Let no frame be drawn that would be thrown away.

    The framework renders every change of the screen and then, without a terminal, throws the result away: a quarter
    of the time that a walk takes. What a test reads from the screen, and every picture, is rendered when it is asked
    for. Tests in a real terminal are other processes, and draw everything.
    """
    Compositor.render_update = _render_asked  # type: ignore[method-assign]


def strips(app: App[Any]) -> list[Strip]:
    """Return the lines of the screen, with what is seen of the screens below it."""
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def _render_asked(
    self: Compositor, full: bool = False, screen_stack: list[Screen[Any]] | None = None, simplify: bool = False
) -> RenderableType | None:
    if full:
        return _render_update(self, full, screen_stack, simplify)
    visible_screen_stack.set([] if screen_stack is None else screen_stack)
    changed = bool(self._dirty_regions)
    self._dirty_regions.clear()
    return LayoutUpdate([], self.size.region) if changed else None
