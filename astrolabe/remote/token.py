"""What a Data API on another machine is shown, and what must be hidden wherever it says that back."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr

from astrolabe.providers.wire.redaction import without_key


@dataclass(frozen=True, slots=True)
class Token:
    """A token; ``repr`` shows nothing of it.

    Attributes:
        value: What goes into the header, or None where nothing is sent.
        hidden: The secret parts of it.
    """

    value: SecretStr | None
    hidden: tuple[SecretStr, ...] = ()

    @classmethod
    def of(cls, secret: SecretStr | None, user: str = "") -> Self:
        """Return the token of a connection.

        Args:
            secret: The token, or the password of a user; None for a server that wants none.
            user: Its name; empty where the secret is a token.
        """
        if secret is None:
            return cls(None)
        if not user:
            return cls(secret, (secret, *_parts(secret)))
        password = _base64(secret.get_secret_value())
        value = SecretStr(f"Cassandra:{_base64(user)}:{password}")
        return cls(value, (secret, SecretStr(password)))

    def clean(self, words: str, others: Sequence[SecretStr] = ()) -> str:
        """Return foreign words without what is secret in them; ``others`` are secrets of one request."""
        for secret in (*self.hidden, *others):
            words = without_key(words, secret)
        return words


def _parts(token: SecretStr) -> tuple[SecretStr, ...]:
    """Return the password inside a token that was made of a user and a password, in the open, where it is one."""
    kind, _, rest = token.get_secret_value().partition(":")
    if kind != "Cassandra":
        return ()
    encoded = rest.rpartition(":")[2]
    try:
        return (SecretStr(base64.b64decode(encoded, validate=True).decode()), SecretStr(encoded))
    except ValueError:  # no password that could be read, so none to be said back
        return ()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
