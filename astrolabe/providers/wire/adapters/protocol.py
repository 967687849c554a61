"""What an adapter is, and the shapes it works with. An adapter does no I/O and never holds a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.catalogue.wire_format import Envelope
from storage.shapes import Matrix


class AnswerError(Exception):
    """A successful answer that cannot be used; ``str()`` completes the sentence "The answer of X …".

    Attributes:
        quote: Whether the body is worth showing, because it most likely says what is wrong.
        meaning: What it most likely means, where that is known better than from the kind of failure.
        hint: What to do about it, where that is known better than from the kind of failure.
    """

    def __init__(self, problem: str, *, quote: bool = False, meaning: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.quote = quote
        self.meaning = meaning
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Call:
    """One request, complete but for the key.

    Attributes:
        url: The whole address.
        headers: All but the one with the key.
        content: The JSON body.
        auth_header: Header the key goes into.
        auth_scheme: Word before the key; empty when it stands alone.
        method: Of HTTP.
    """

    url: str
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        body: At most as many bytes as were allowed.
        seconds: From sending the request to the last byte.
        simulated: Whether it came from the failure lab in the provider's place.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float = 0.0
    simulated: bool = False

    @property
    def content_type(self) -> str:
        """The Content-Type header; empty when there is none."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider says a request cost; None where it does not say."""

    prompt_tokens: int | None = None
    total_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """The vectors of an answer, in the order of the texts, shape ``(texts, whatever came)``, and its cost."""

    vectors: Matrix
    usage: Usage = field(default_factory=Usage)


class Adapter(Protocol):
    """Request and answer of one provider."""

    @property
    def envelope(self) -> Envelope:
        """The shape of a successful answer."""
        ...

    def call(self, url: str, spec: EmbeddingSpec, texts: Sequence[str], direction: Direction) -> Call:
        """Return the request that embeds ``texts`` at ``url``."""
        ...

    def parse(self, body: bytes, count: int) -> Parsed:
        """Read a successful answer for ``count`` texts.

        Raises:
            AnswerError: The body is not what the provider's contract says.
        """
        ...

    def words(self, status: int, content_type: str, body: bytes) -> str:
        """Return the provider's own words in an error answer; the whole body where there are none."""
        ...
