"""The throttles of an engine: one for each address and key that was used lately.

A key may come with a request and never again, so throttles are bounded in number, and no key is kept: a throttle is
found by a digest that this process alone can make.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from pydantic import SecretStr

from astrolabe.providers.throttle.throttle import Throttle

MOST_THROTTLES = 128
"""Throttles that are kept while nobody uses them, a few kilobytes each; the longest unused goes first."""

_Key = tuple[str, bytes, int]


class Throttles:
    """Throttles by address, key and number of requests at once; those in use are never forgotten."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(32)
        self._lately: OrderedDict[_Key, Throttle] = OrderedDict()
        self._alive: WeakValueDictionary[_Key, Throttle] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many throttles there are."""
        return len(self._alive)

    def find(self, url: str, secret: SecretStr | None, most: int, make: Callable[[], Throttle]) -> Throttle:
        """Return the throttle to an address with a key.

        Args:
            url: The address.
            secret: The key, or None for none.
            most: Requests at once.
            make: Makes the throttle when there is none.
        """
        key = url, self._digest(secret), most
        throttle = self._alive.get(key) or make()
        self._alive[key] = self._lately[key] = throttle
        self._lately.move_to_end(key)
        if len(self._lately) > MOST_THROTTLES:
            self._lately.popitem(last=False)
        return throttle

    def _digest(self, secret: SecretStr | None) -> bytes:
        if secret is None:
            return b""
        return hashlib.blake2b(secret.get_secret_value().encode("utf-8", "surrogatepass"), key=self._salt).digest()
