"""The last line of a page: the keys that work now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

KEY, DESCRIPTION, HOVERED = "key-footer--key", "key-footer--description", "key-footer--hovered"


PROGRAMS = 3
"""Keys of the program at the end of every page's line: to leave, to get help, to find."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A key in the line.

    Attributes:
        key: Its name, as the framework presses it.
        label: What is written for it.
        description: What it does, in a word or two.
        help: The same in a sentence.
        enabled: Whether it can be done now; it is dimmed otherwise.
    """

    key: str
    label: str
    description: str
    help: str
    enabled: bool

    @property
    def width(self) -> int:
        """Cells that it takes, without the space behind it."""
        return Content(f"{self.label} {self.description}").cell_length


class KeyFooter(Widget):
    """One line with the keys that are shown, in the order of the bindings; a click presses one.

    The framework's footer has a widget for each key, makes all of them anew whenever the focus moves, and keeps each
    one it ever made: a third of a megabyte for each change of page.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {KEY, DESCRIPTION, HOVERED}

    _keys: reactive[tuple[_Shown, ...]] = reactive(())
    _hovered: reactive[_Shown | None] = reactive(None)

    def on_mount(self) -> None:
        """Follow the page's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def render(self) -> Content:
        """Write the line."""
        return Content(" ").join(self._content(shown) for shown in self._keys)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key that was clicked."""
        shown = self._at(event.x)
        if shown is not None and shown.enabled:
            self.app.simulate_key(shown.key)
        elif shown is not None:
            self.app.bell()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Mark the key under the pointer, and explain it."""
        self._hovered = self._at(event.x)
        self.tooltip = self._hovered.help if self._hovered else None
        self.styles.pointer = "pointer" if self._hovered else "default"

    def on_leave(self) -> None:
        """Mark none."""
        self._hovered = None

    def on_resize(self) -> None:
        """Show as many keys as there is room for."""
        self.call_after_refresh(self._read_keys)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if self.app.app_focus and screen is self.screen:
            self.call_after_refresh(self._read_keys)

    def _read_keys(self) -> None:
        if not self.is_attached:
            return
        shown: dict[str, _Shown] = {}
        for _node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show and binding.action not in shown:
                label = self.app.get_key_display(binding)
                words = tooltip or binding.description
                shown[binding.action] = _Shown(binding.key, label, binding.description, words, enabled)
        self._keys = fitting(tuple(shown.values()), self.size.width)

    def _content(self, shown: _Shown) -> Content:
        key, description = self.get_visual_style(KEY), self.get_visual_style(DESCRIPTION)
        content = Content.assemble((shown.label, key), (f" {shown.description}", description))
        if not shown.enabled:
            content = content.stylize("dim")
        if shown is self._hovered:
            content = content.stylize(self.get_visual_style(HOVERED, partial=True))
        return content

    def _at(self, x: int) -> _Shown | None:
        start = 0
        for shown in self._keys:
            if start <= x < start + shown.width:
                return shown
            start += shown.width + 1
        return None


def fitting(keys: tuple[_Shown, ...], width: int) -> tuple[_Shown, ...]:
    """Return the keys that fit: those of the focus and of the page first, and always the program's own at the end."""
    room = width - sum(shown.width + 1 for shown in keys[-PROGRAMS:])
    kept: list[_Shown] = []
    for shown in keys[:-PROGRAMS]:
        room -= shown.width + 1
        if room < 0:
            break
        kept.append(shown)
    return (*kept, *keys[-PROGRAMS:])
