"""The console's own two themes, beside those that come with the framework.

Brass on night blue, after the instrument; every pair of colours was chosen to stay apart in 256 colours as well.
"""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="astrolabe-night",
    primary="#5f87af",
    secondary="#87afaf",
    accent="#d7af5f",
    warning="#d7875f",
    error="#d75f5f",
    success="#87af5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#303030",
    dark=True,
    variables={
        "footer-key-foreground": "#d7af5f",
        "block-cursor-text-style": "bold",
        "scrollbar": "#585858",
        "scrollbar-hover": "#6c6c6c",
        "scrollbar-active": "#d7af5f",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-background-hover": "#1c1c1c",
        "scrollbar-background-active": "#1c1c1c",
        "scrollbar-corner-color": "#1c1c1c",
    },
)
"""The default: dark."""

DAY = Theme(
    name="astrolabe-day",
    primary="#005f87",
    secondary="#5f8787",
    accent="#875f00",
    warning="#af5f00",
    error="#af0000",
    success="#005f00",
    foreground="#262626",
    background="#eeeeee",
    surface="#e4e4e4",
    panel="#d0d0d0",
    dark=False,
    variables={
        "footer-key-foreground": "#875f00",
        "block-cursor-text-style": "bold",
        "scrollbar": "#9e9e9e",
        "scrollbar-hover": "#808080",
        "scrollbar-active": "#875f00",
        "scrollbar-background": "#e4e4e4",
        "scrollbar-background-hover": "#e4e4e4",
        "scrollbar-background-active": "#e4e4e4",
        "scrollbar-corner-color": "#e4e4e4",
    },
)
"""For bright rooms."""

DEFAULT_THEME = NIGHT.name
"""The theme of a first start."""
