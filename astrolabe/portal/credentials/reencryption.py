"""Sealing every stored secret with a new key, so that it can be killed at any moment without losing one.

1. The new key is put in front of the old ones, durably: from here on both open what they sealed.
2. All secrets are sealed anew in one transaction of the catalog.
3. Only after that transaction is durable, the keys that seal nothing any more are dropped.

Killed before 2, everything is as before; killed before 3, an old key lies there unused until the next run.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from astrolabe.errors import SecretUnreadableError
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.credentials.secrets import owner_of
from storage.catalog.catalog import Catalog
from storage.catalog.rows import SealedRow
from storage.secrets.box import SecretBox, key_id_of, seal
from storage.secrets.key_file import DataKey, KeySource, new_key


@dataclass(frozen=True, slots=True)
class Reencrypted:
    """What was done.

    Attributes:
        resealed: How many secrets the new key seals now.
        unreadable: Credentials (``provider/name``) whose own key is lost; they stay as they are, unusable.
        place: Where the new key is kept.
    """

    resealed: int
    unreadable: tuple[str, ...]
    place: str


class Reencryption:
    """Changes the key of the stored secrets.

    Args:
        catalog: Where the secrets are kept.
        box: Opens them.
        trail: Notes the change.
    """

    def __init__(self, catalog: Catalog, box: SecretBox, trail: AuditTrail) -> None:
        self._catalog = catalog
        self._box = box
        self._trail = trail

    async def run(self) -> Reencrypted:
        """Seal every secret with a new key.

        Raises:
            SecretUnreadableError: The keys cannot or must not be used; nothing was changed.
            StorageError: The place of the keys cannot be written.
            ReadOnlyError: The program runs in read-only mode.
        """
        key = new_key()
        source = self._box.keys
        unreadable: list[str] = []
        async with self._catalog.write() as rows:
            sealed = await rows.sealed_secrets()
            await asyncio.to_thread(_put_in_front, source, key, sealed)
            for row in sealed:
                anew = await asyncio.to_thread(self._reseal, row, key)
                if anew is None:
                    unreadable.append(owner_of(row.provider, row.name))
                else:
                    await rows.reseal(row.credential_id, anew)
            resealed = len(sealed) - len(unreadable)
            await self._trail.note(rows, "secrets.reencrypt", resealed=str(resealed), unreadable=unreadable)
        async with self._catalog.write() as rows:  # no secret can be written meanwhile
            await asyncio.to_thread(_drop_unused, source, await rows.sealed_secrets())
        return Reencrypted(resealed, tuple(unreadable), source.place)

    def _reseal(self, row: SealedRow, key: DataKey) -> bytes | None:
        owner = owner_of(row.provider, row.name)
        try:
            return seal(key, self._box.decrypt(row.ciphertext, owner), owner)
        except SecretUnreadableError:  # reported by name in the result; one lost secret must not keep the others back
            return None


def _put_in_front(source: KeySource, key: DataKey, sealed: list[SealedRow]) -> None:
    source.replace([key, *_used(source, sealed)])


def _drop_unused(source: KeySource, sealed: list[SealedRow]) -> None:
    first, *_ = source.keys()
    source.replace(tuple(dict.fromkeys((first, *_used(source, sealed)))))


def _used(source: KeySource, sealed: list[SealedRow]) -> list[DataKey]:
    ids = {key_id_of(row.ciphertext) for row in sealed}
    return [key for key in source.keys() if key.id in ids]  # noqa: SIM118 - no dictionary
