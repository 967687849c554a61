"""The last line of defence: no control character reaches the terminal, whatever widget drew it.

Pages neutralise foreign text before they show it (:mod:`astrolabe.text.safe_text`). A pasted text in an input, or a
widget of the framework that draws a value by itself, does not pass there; every drawn line passes here.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from astrolabe.text.safe_text import display_text

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, DEL, C1, bidirectional controls and lone surrogates."""


class ControlFilter(LineFilter):
    """Replaces control characters in drawn text by visible stand-ins of one cell each."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the framework's
        """Return the segments without control characters; the very same list when there are none."""
        if not any(_CONTROLS.search(segment.text) for segment in segments if not segment.control):
            return segments
        return [segment if segment.control else _harmless(segment) for segment in segments]


def _harmless(segment: Segment) -> Segment:
    text = _CONTROLS.sub(lambda match: display_text(match[0]), segment.text)
    return Segment(text, segment.style, segment.control)
