"""JSON in colour: names, texts, numbers and words each in one of the theme's."""

from __future__ import annotations

import re

from textual.content import Content, Span

_TOKENS = re.compile(
    r'(?P<text>"(?:[^"\\\n]|\\.)*")(?P<name>\s*:)?|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<word>\b(?:true|false|null)\b)'
)
_STYLES = {"text": "$text-success", "number": "$text-warning", "word": "$text-secondary"}
_NAME = "$text-accent"


def colour_json(text: str) -> Content:
    """Return safe JSON text in colour; what is no JSON stays as it is."""
    spans: list[Span] = []
    for found in _TOKENS.finditer(text):
        kind = found.lastgroup or ""
        if kind == "name":
            spans.append(Span(*found.span("text"), _NAME))
        elif kind in _STYLES:
            spans.append(Span(*found.span(kind), _STYLES[kind]))
    return Content(text, spans=spans)
