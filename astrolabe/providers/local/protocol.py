"""What every model on this machine can do, and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.shapes import Matrix


class LocalModelError(Exception):
    """The model's files are not what they should be; ``str()`` is a whole sentence for the user."""


@dataclass(frozen=True, slots=True)
class LongText:
    """A text that the model cannot read to its end.

    Attributes:
        index: Its place among the texts, from 0.
        tokens: Its length.
        limit: What the model reads.
    """

    index: int
    tokens: int
    limit: int


class LocalModel(Protocol):
    """One model, loaded at its first use and then kept. All methods block; any thread may call them."""

    @property
    def name(self) -> str:
        """The name in the catalogue."""
        ...

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        ...

    @property
    def slow(self) -> bool:
        """Whether a text costs milliseconds, so that keeping its vector pays."""
        ...

    @property
    def slice_size(self) -> int:
        """How many texts to embed at a time, so that cancelling takes effect soon."""
        ...

    def why_unavailable(self) -> str:
        """Return why it cannot be used here and how to get it; empty when it can. Looks, and loads nothing."""
        ...

    def too_long(self, texts: Sequence[str]) -> LongText | None:
        """Return the first text that the model would not read to its end, or None.

        Raises:
            OSError: The model's files cannot be read.
            LocalModelError: They are not the model's.
        """
        ...

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector per text, shape ``(len(texts), dimension)``; what is too long is cut off.

        Raises:
            OSError: The model's files cannot be read.
            LocalModelError: They are not the model's.
        """
        ...
