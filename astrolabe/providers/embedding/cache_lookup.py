"""What need not be asked for again: texts that have a vector in the cache, and texts that come twice in one call.

The cache knows a vector by a hash of everything that decides it: provider, model, dimension, direction, parameters, the
request as it would be sent but for its texts (so the address, and whatever an adapter makes of the rest), and the text.
A stored key is not among them: two credentials of one provider share what is known. Of a key that came along with the
request, the digest is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.wire.adapters import Call
from storage.shapes import Matrix

_FORM = "1"
"""Changes when the meaning of a key does, so that older entries are not taken for new ones."""

HitsListener = Callable[[int], None]
"""Told how many texts of a request were in the cache."""

_LISTENERS: ContextVar[tuple[HitsListener, ...]] = ContextVar("hits_listeners", default=())


@contextmanager
def hits_listener(listener: HitsListener) -> Iterator[None]:
    """Tell a listener of the hits of everything that the block starts, beside those who listen already."""
    token = _LISTENERS.set((*_LISTENERS.get(), listener))
    try:
        yield
    finally:
        _LISTENERS.reset(token)


class VectorCache(Protocol):
    """What this needs of the cache. Nothing of it raises: a cache that cannot be used knows nothing."""

    async def find(self, keys: Sequence[bytes], dimension: int) -> Mapping[bytes, NDArray[np.float32]]:
        """Return the vectors that are known, by key."""
        ...

    def keep(self, keys: Sequence[bytes], vectors: Matrix) -> None:
        """Keep vectors, one per key."""
        ...

    def count(self, *, hits: int, misses: int) -> None:
        """Add to the totals."""
        ...


@dataclass(slots=True)
class Counts:
    """How many texts were in the cache, and how many were not."""

    hits: int = 0
    misses: int = 0


def context_of(
    spec: EmbeddingSpec, direction: Direction, call: Call | None = None, own_key: SecretStr | None = None
) -> bytes:
    """Return a hash of all that decides a text's vector, but the text.

    Args:
        spec: Provider, model, dimension and parameters.
        direction: Whether texts are stored or searched with.
        call: The request with an empty text; None for a model on this machine.
        own_key: The key that somebody brought along, who is to find what was embedded with this key only: a wrong key
            must not go unnoticed because the text is known. Its digest alone is used.
    """
    parts = [_FORM, spec.provider, spec.model, spec.dimension, direction.value, sorted(spec.parameters.items())]
    if call is not None:
        parts += [call.url, sorted(call.headers.items()), call.content.decode()]
    if own_key is not None:
        parts.append(hashlib.sha256(own_key.get_secret_value().encode("utf-8", "surrogatepass")).hexdigest())
    return hashlib.sha256(json.dumps(parts, default=str).encode()).digest()


class CacheLookup:
    """One call's texts: what is known, what is missing, and the two put together again.

    Attributes:
        missing: The texts to be embedded, each once, in their order.
        numbers: Their numbers among all texts, from 1.
        hits: Texts whose vector was in the cache.
    """

    def __init__(self, cache: VectorCache | None, texts: Sequence[str], dimension: int) -> None:
        self.missing: Sequence[str] = texts
        self.numbers: Sequence[int] = range(1, len(texts) + 1)
        self.hits = 0
        self._cache = cache
        self._dimension = dimension
        self._keys: list[bytes] = []
        self._missing_keys: list[bytes] = []
        self._known: Mapping[bytes, NDArray[np.float32]] = {}

    @classmethod
    async def look(
        cls, cache: VectorCache | None, context: bytes, texts: Sequence[str], dimension: int, counts: Counts
    ) -> CacheLookup:
        """Look the texts up; without a cache all of them are missing, the doubled ones too."""
        recall = cls(cache, texts, dimension)
        if cache is not None:
            await recall._look(cache, context, texts)
            misses = len(texts) - recall.hits
            cache.count(hits=recall.hits, misses=misses)
            counts.hits, counts.misses = counts.hits + recall.hits, counts.misses + misses
            for listener in _LISTENERS.get():
                listener(recall.hits)
        return recall

    async def _look(self, cache: VectorCache, context: bytes, texts: Sequence[str]) -> None:
        start = hashlib.sha256(context)
        for text in texts:
            whole = start.copy()
            whole.update(text.encode("utf-8", errors="replace"))
            self._keys.append(whole.digest())
        self._known = await cache.find(self._keys, self._dimension)
        self.hits = sum(key in self._known for key in self._keys)
        first: dict[bytes, int] = {}
        for position, key in enumerate(self._keys):
            if key not in self._known:
                first.setdefault(key, position)
        self._missing_keys = list(first)
        self.missing = [texts[position] for position in first.values()]
        self.numbers = [position + 1 for position in first.values()]

    def keep(self, positions: range, vectors: Matrix) -> None:
        """Keep the vectors of some of the missing texts, as soon as they are there."""
        if self._cache is not None:
            self._cache.keep(self._missing_keys[positions.start : positions.stop], vectors)

    def filled(self, fresh: Matrix) -> Matrix:
        """Return one vector per text of the call, given those of the missing ones."""
        if len(fresh) == len(self._keys) or self._cache is None:
            return fresh
        at = {key: position for position, key in enumerate(self._missing_keys)}
        result = np.empty((len(self._keys), self._dimension), dtype=np.float32)
        for position, key in enumerate(self._keys):
            known = self._known.get(key)
            result[position] = fresh[at[key]] if known is None else known
        return result
