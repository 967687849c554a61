"""What pages and dialogs have in common on the way to the screen: each is styled once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from textual.dom import DOMNode as _Mixin
else:
    _Mixin = object  # a second node among the bases would hide the first one's style sheet


class StyledOnce(_Mixin):
    """Mixin for pages and dialogs, before their other bases: the framework styles them less often.

    It styles a screen when it is composed, again when its size has become known, and again whenever it comes into
    view; with some hundred widgets each time takes longer than everything else. What the size decides is known before
    the first time, and the last is needed only where the console's own classes have changed meanwhile: a change of
    theme reaches a screen that is out of view on its own way.
    """

    _styled_for: frozenset[str] | None = None

    def on_compose(self) -> None:
        """Carry the class of the terminal's width before there is anything to style."""
        breakpoints = sorted(self.app.HORIZONTAL_BREAKPOINTS or [])
        fitting = [name for columns, name in breakpoints if columns <= self.app.size.width]
        self.update_classes({name: name in fitting[-1:] for _, name in breakpoints}, animate=False)
        self._styled_for = self._classes_around()

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """Let the framework style the screen again only where that may change something."""
        event.refresh_styles = self._styled_for != self._classes_around()
        self._styled_for = self._classes_around()

    def _classes_around(self) -> frozenset[str]:
        return frozenset(self.app.classes) | {f":{name}" for name in self.app.pseudo_classes}
