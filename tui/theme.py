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
    panel="#262626",
    boost="#303030",
    dark=True,
    variables={"footer-key-foreground": "#d7af5f", "block-cursor-text-style": "bold"},
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
    panel="#dadada",
    boost="#d0d0d0",
    dark=False,
    variables={"footer-key-foreground": "#875f00"},
)
"""For bright rooms."""

DEFAULT_THEME = NIGHT.name
"""The theme of a first start."""
