"""Cutting texts into requests that stay within every limit of the provider at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BYTES_PER_TOKEN = 3
_SHARE_OF_LIMIT = 0.8
_OVERHEAD_PER_TEXT = 4


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one request may hold.

    Attributes:
        texts: Most texts.
        tokens: Most tokens of all texts together, or None.
        size: Most bytes of the body, or None.
    """

    texts: int
    tokens: int | None = None
    size: int | None = None


def estimate_tokens(text: str) -> int:
    """Return a cautious guess of a text's tokens: three bytes of UTF-8 each, so about one per Chinese character."""
    return len(text.encode("utf-8", errors="replace")) // _BYTES_PER_TOKEN + 1


def plan(texts: Sequence[str], limits: BatchLimits) -> list[range]:
    """Cut ``texts`` into consecutive batches, as ranges of positions.

    Tokens and bytes are planned to 80% of the limit, because both are guesses; a text that is over it alone gets a
    batch of its own and is left to the provider's judgement.
    """
    most_tokens = None if limits.tokens is None else limits.tokens * _SHARE_OF_LIMIT
    most_bytes = None if limits.size is None else limits.size * _SHARE_OF_LIMIT
    batches: list[range] = []
    start = tokens = size = 0
    for position, text in enumerate(texts):
        text_tokens = estimate_tokens(text) if most_tokens is not None else 0
        text_bytes = len(text.encode("utf-8", errors="replace")) + _OVERHEAD_PER_TEXT if most_bytes is not None else 0
        full = position - start >= max(limits.texts, 1)
        full = full or (most_tokens is not None and tokens + text_tokens > most_tokens)
        full = full or (most_bytes is not None and size + text_bytes > most_bytes)
        if full and position > start:
            batches.append(range(start, position))
            start, tokens, size = position, 0, 0
        tokens += text_tokens
        size += text_bytes
    if len(texts) > start:
        batches.append(range(start, len(texts)))
    return batches
