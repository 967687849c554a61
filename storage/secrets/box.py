"""Secrets at rest: AES-256-GCM with a key that is kept apart from the database.

A sealed secret is bound to a context (whose secret it is), so it cannot be moved to another row. Layout: one byte
version, eight bytes key id, twelve bytes nonce, then ciphertext with its tag.
"""

from __future__ import annotations

import secrets as random_source

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from storage.errors import SecretUnreadableError
from storage.secrets.key_file import KEY_ID_BYTES, DataKey, KeySource

_VERSION = b"\x01"
_NONCE_BYTES = 12
_HEAD_BYTES = len(_VERSION) + KEY_ID_BYTES + _NONCE_BYTES
_LOST_KEY_HINT = (
    "Put the key back from a backup. If it is lost, remove the credential and add it again with the same name and "
    "databases; everything else is unharmed."
)


class SecretBox:
    """Encrypts and decrypts secrets; reads the key at each use and keeps none.

    Args:
        source: Where the key is kept.
    """

    def __init__(self, source: KeySource) -> None:
        self._source = source

    @property
    def keys(self) -> KeySource:
        """Where the keys are kept."""
        return self._source

    def encrypt(self, secret: SecretStr, context: str) -> bytes:
        """Return the sealed secret; makes the key first if there is none.

        Args:
            secret: What to seal.
            context: Whose secret it is; needed again to open it.

        Raises:
            SecretUnreadableError: There is a key, but it cannot or must not be used.
            StorageError: The key cannot be kept.
        """
        return seal(self._source.create(), secret, context)

    def can_open(self, sealed: bytes) -> bool:
        """Return whether the key that sealed a secret is still kept; a change of the key may have dropped it.

        Raises:
            SecretUnreadableError: The place of the keys cannot or must not be used.
        """
        return any(key.id == key_id_of(sealed) for key in self._source.keys())  # noqa: SIM118 - no dictionary

    def decrypt(self, sealed: bytes, context: str) -> SecretStr:
        """Return the secret.

        Args:
            sealed: What :meth:`encrypt` returned.
            context: The same as then.

        Raises:
            SecretUnreadableError: The key is missing, another one, or may be read by others; or the data is damaged.
        """
        if sealed[:1] != _VERSION or len(sealed) < _HEAD_BYTES:
            raise SecretUnreadableError("The stored secret is damaged.", hint=_LOST_KEY_HINT)
        key = self._key(key_id_of(sealed))
        nonce, ciphertext = sealed[_HEAD_BYTES - _NONCE_BYTES : _HEAD_BYTES], sealed[_HEAD_BYTES:]
        try:
            return SecretStr(AESGCM(key.material).decrypt(nonce, ciphertext, context.encode()).decode())
        except InvalidTag as error:
            raise SecretUnreadableError("The stored secret is damaged.", hint=_LOST_KEY_HINT) from error

    def _key(self, key_id: bytes) -> DataKey:
        keys = self._source.keys()
        if not keys:
            raise SecretUnreadableError(
                f"The key that encrypts the stored secrets is missing: there is no {self._source.place}.",
                hint=_LOST_KEY_HINT,
            )
        for key in keys:
            if key.id == key_id:
                return key
        raise SecretUnreadableError(
            f"The stored secret was encrypted with another key than the one in {self._source.place}.",
            hint=_LOST_KEY_HINT,
        )


def seal(key: DataKey, secret: SecretStr, context: str) -> bytes:
    """Return a secret sealed with a key and bound to its context."""
    nonce = random_source.token_bytes(_NONCE_BYTES)
    head = _VERSION + key.id + nonce
    return head + AESGCM(key.material).encrypt(nonce, secret.get_secret_value().encode(), context.encode())


def key_id_of(sealed: bytes) -> bytes:
    """Return the id of the key that sealed a secret."""
    return sealed[len(_VERSION) : len(_VERSION) + KEY_ID_BYTES]
