"""A credential's secret on its way in and out: sealed when it is kept, read from its source when it is not."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr

from astrolabe.errors import SecretUnreadableError
from astrolabe.portal import rules
from storage.catalog.rows import SealedSecret, StoredSecret
from storage.secrets.box import SecretBox
from storage.secrets.references import ReferenceReader, SecretReference


class CredentialSecrets:
    """Keeps and reveals the secrets of credentials; holds none itself.

    Args:
        box: Encrypts what is stored.
        reader: Reads what is not stored; the process's environment by default.
    """

    def __init__(self, box: SecretBox, reader: ReferenceReader | None = None) -> None:
        self._box = box
        self._reader = reader or ReferenceReader()

    async def keep(self, secret: SecretStr | SecretReference, owner: str) -> tuple[StoredSecret, str]:
        """Return what the catalog keeps, and what may be shown of it.

        Args:
            secret: As the draft has it, already found to be in order.
            owner: Whose secret it is, see :func:`owner_of`.

        Raises:
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
            StorageError: A new key cannot be written.
        """
        if isinstance(secret, SecretReference):
            return secret, secret.label
        kept = rules.in_one_line(rules.clean_secret(secret))
        sealed = await asyncio.to_thread(self._box.encrypt, kept, owner)
        return SealedSecret(sealed), rules.mask(kept)

    async def opens(self, stored: StoredSecret) -> bool:
        """Return whether a kept secret can still be revealed: its key may have been changed since it was sealed.

        Raises:
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
        """
        return not isinstance(stored, SealedSecret) or await asyncio.to_thread(self._box.can_open, stored.ciphertext)

    async def read(self, secret: SecretStr | SecretReference) -> SecretStr:
        """Return a draft's secret as the provider would get it, without keeping it.

        Raises:
            SecretUnreadableError: Its source fails or holds what no key can be.
        """
        if isinstance(secret, SecretReference):
            return await self.reveal(secret, "")
        return rules.clean_secret(secret)

    async def reveal(self, stored: StoredSecret, owner: str) -> SecretStr:
        """Return the secret, for one request to the provider.

        Raises:
            SecretUnreadableError: It cannot be decrypted, or its source fails or holds what no key can be.
        """
        if isinstance(stored, SealedSecret):
            return await asyncio.to_thread(self._box.decrypt, stored.ciphertext, owner)
        secret = rules.in_one_line(await self._reader.read(stored))
        problems = rules.secret_problems(secret.get_secret_value(), noun=f"secret read from {stored.label}")
        if problems:
            raise SecretUnreadableError(" ".join(problems), hint="Mend it at its source; it is read anew each time.")
        return secret


def owner_of(provider: str, name: str) -> str:
    """Return the text that binds a sealed secret to its credential; a new credential of that name is the same owner."""
    return f"{provider}/{name}"
