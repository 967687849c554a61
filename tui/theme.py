"""The console's own two themes, beside those that come with the framework.

Brass on night blue, after the instrument. Every colour stands here once, with the entries of the smaller palettes in
its place; the order is: truecolor, 256, 16 as a text, 16 as a background, and what shows a background without colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from textual.theme import Theme

from screens.kit.depth import Entry, Sign, Table

NIGHT_TABLE: Table = MappingProxyType(
    {
        "background": Entry("#121212", 233, 0, 0),
        "surface": Entry("#1c1c1c", 234, 0, 0),
        "panel": Entry("#303030", 236, 8, 4),
        "field": Entry("#333333", 237, 8, 4, Sign.EDGES),
        "field-focus": Entry("#384857", 23, 6, 6, Sign.EDGES),
        "field-wrong": Entry("#4a2c2c", 52, 1, 1, Sign.EDGES),
        "row-open": Entry("#313131", 238, 8, 4, Sign.ROW),
        "row-cursor": Entry("#344658", 239, 4, 4, Sign.ROW),
        "foreground": Entry("#d0d0d0", 252, 15, 7, Sign.REVERSE),
        "foreground-muted": Entry("#a0a0a0", 248, 7, 7),
        "text-disabled": Entry("#9a9a9a", 247, 7, 7),
        "primary": Entry("#5f87af", 67, 12, 6, Sign.REVERSE),
        "on-primary": Entry("#0f0f0f", 232, 0, 0),
        "text-primary": Entry("#95afca", 110, 12, 6),
        "secondary": Entry("#87afaf", 109, 6, 6, Sign.REVERSE),
        "text-secondary": Entry("#afcaca", 152, 14, 6),
        "accent": Entry("#d7af5f", 179, 11, 3, Sign.REVERSE),
        "text-accent": Entry("#e4ca95", 223, 11, 3),
        "warning": Entry("#d7875f", 173, 3, 3, Sign.REVERSE),
        "text-warning": Entry("#e4af95", 216, 3, 3),
        "error": Entry("#d75f5f", 167, 9, 1, Sign.REVERSE),
        "text-error": Entry("#e49595", 210, 9, 1),
        "success": Entry("#87af5f", 107, 2, 2, Sign.REVERSE),
        "text-success": Entry("#afca95", 150, 10, 2),
        "scrollbar": Entry("#585858", 240, 7, 7),
        "scrollbar-hover": Entry("#6c6c6c", 242, 7, 7),
    }
)
"""The dark theme's colours."""

DAY_TABLE: Table = MappingProxyType(
    {
        "background": Entry("#eeeeee", 255, 15, 7),
        "surface": Entry("#e4e4e4", 254, 15, 7),
        "panel": Entry("#dadada", 253, 8, 15),
        "field": Entry("#d7d7d7", 252, 8, 15, Sign.EDGES),
        "field-focus": Entry("#b8d0dd", 153, 6, 6, Sign.EDGES),
        "field-wrong": Entry("#e8c8c8", 224, 1, 3, Sign.EDGES),
        "row-open": Entry("#d8d8d8", 252, 8, 15, Sign.ROW),
        "row-cursor": Entry("#bcd2de", 152, 6, 6, Sign.ROW),
        "foreground": Entry("#262626", 235, 0, 0, Sign.REVERSE),
        "foreground-muted": Entry("#4e4e4e", 239, 0, 0),
        "text-disabled": Entry("#555555", 240, 0, 0),
        "primary": Entry("#005f87", 24, 4, 4, Sign.REVERSE),
        "on-primary": Entry("#ffffff", 231, 15, 15),
        "text-primary": Entry("#003e59", 23, 4, 4),
        "secondary": Entry("#3f6666", 66, 4, 6, Sign.REVERSE),
        "text-secondary": Entry("#2f4f4f", 23, 4, 4),
        "accent": Entry("#6b4a00", 58, 5, 5, Sign.REVERSE),
        "text-accent": Entry("#593e00", 58, 5, 5),
        "warning": Entry("#8a4b00", 94, 5, 5, Sign.REVERSE),
        "text-warning": Entry("#733e00", 58, 5, 5),
        "error": Entry("#af0000", 124, 1, 1, Sign.REVERSE),
        "text-error": Entry("#730000", 88, 1, 1),
        "success": Entry("#005f00", 22, 0, 2, Sign.REVERSE),
        "text-success": Entry("#003e00", 22, 0, 2),
        "scrollbar": Entry("#9e9e9e", 247, 0, 0),
        "scrollbar-hover": Entry("#808080", 244, 0, 0),
    }
)
"""The light theme's colours."""

_OWN = ("field", "field-focus", "field-wrong", "row-open", "row-cursor", "on-primary")
"""Colours that the framework's themes do not have."""


def _theme(name: str, table: Table, *, dark: bool) -> Theme:
    """Return a theme of a table; what the framework would mix is given, so that every colour is one of ours."""
    colour = {role: entry.colour for role, entry in table.items()}
    texts = {role: shade for role, shade in colour.items() if role.startswith("text-")}
    return Theme(
        name=name,
        primary=colour["primary"],
        secondary=colour["secondary"],
        accent=colour["accent"],
        warning=colour["warning"],
        error=colour["error"],
        success=colour["success"],
        foreground=colour["foreground"],
        background=colour["background"],
        surface=colour["surface"],
        panel=colour["panel"],
        dark=dark,
        variables={
            **texts,
            **{role: colour[role] for role in _OWN},
            "foreground-muted": colour["foreground-muted"],
            "foreground-disabled": colour["text-disabled"],
            "text-muted": colour["foreground-muted"],
            "footer-key-foreground": colour["accent"],
            "block-cursor-text-style": "bold",
            "block-cursor-foreground": colour["on-primary"],
            "button-color-foreground": colour["on-primary"],
            "scrollbar": colour["scrollbar"],
            "scrollbar-hover": colour["scrollbar-hover"],
            "scrollbar-active": colour["accent"],
            **dict.fromkeys(_SCROLLBAR_GROUNDS, colour["surface"]),
        },
    )


_SCROLLBAR_GROUNDS = (
    "scrollbar-background",
    "scrollbar-background-hover",
    "scrollbar-background-active",
    "scrollbar-corner-color",
)

EXACT_NIGHT = _theme("astrolabe-night", NIGHT_TABLE, dark=True)
"""The default where there are fewer colours: nothing in it is mixed, but for what is behind a dialog."""

NIGHT = replace(
    EXACT_NIGHT,
    variables={
        "footer-key-foreground": NIGHT_TABLE["accent"].colour,
        "block-cursor-text-style": "bold",
        **{name: shade for name, shade in EXACT_NIGHT.variables.items() if name.startswith("scrollbar")},
    },
)
"""The default: dark. Where there are colours enough, a field and a row are shades of what they stand on."""

DAY = _theme("astrolabe-day", DAY_TABLE, dark=False)
"""For bright rooms."""

DEFAULT_THEME = NIGHT.name
"""The theme of a first start."""

TABLES: Mapping[str, Table] = MappingProxyType({NIGHT.name: NIGHT_TABLE, DAY.name: DAY_TABLE})
"""The tables of our own themes by name."""


def own_defaults(theme: Theme) -> dict[str, str]:
    """Return the colours of our own for a theme of the framework, mixed of what it has."""
    panel = theme.panel or theme.surface or theme.background or NIGHT_TABLE["panel"].colour
    return {
        "field": panel,
        "field-focus": f"{theme.primary} 40%",
        "field-wrong": f"{theme.error or theme.primary} 25%",
        "row-open": panel,
        "row-cursor": f"{theme.primary} 45%",
        "on-primary": "auto 87%",
    }
