"""Keys in the operating system's keyring, where one really works, and keys in two places while they move.

A keyring can hang (a locked collection asks on a screen that nobody sees) or be a stub, so every call has a time limit
and the answer of a probe is believed, not the presence of a library. A small file in the data folder names the entry,
so that a folder finds its key again after it was moved, and says that there is one without asking the keyring.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from storage.errors import SecretUnreadableError
from storage.secrets.key_file import KEY_FILE, DataKey, KeyFile, KeySource, decode_keys, encode_keys, new_key
from storage.secrets.ownership import foreign_hands, mending, without_waiting
from storage.sqlite.errors import from_os, os_translated

SERVICE = "astrolabe"
"""The name under which the keyring lists our entries."""

TIME_LIMIT = 5.0
"""Seconds that the keyring may take to answer."""

_T = TypeVar("_T")
_LONGEST_NAME = 200


class KeyPlace(StrEnum):
    """Where the key of the stored secrets is kept: the setting ``secrets.key_source``."""

    AUTO = "auto"
    FILE = "file"
    KEYRING = "keyring"


class Ring(Protocol):
    """What is needed of a keyring; the ``keyring`` package's backends have it."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write an entry."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        ...


class KeyringKeys:
    """Keys in one entry of the keyring.

    Args:
        marker: The file that names the entry; mode 0600, and no secret.
        find_ring: Returns the keyring; the operating system's by default.
        time_limit: Seconds that each call may take.
    """

    def __init__(
        self, marker: Path, find_ring: Callable[[], Ring] | None = None, *, time_limit: float = TIME_LIMIT
    ) -> None:
        self.marker = marker
        self._find_ring = find_ring or system_ring
        self._time_limit = time_limit

    @property
    def place(self) -> str:
        """The keyring's entry, for messages."""
        return f"entry '{SERVICE}' of the keyring (named in {self.marker})"

    def keys(self) -> tuple[DataKey, ...]:
        """Read the entry; empty when no entry is named, or it is gone.

        Raises:
            SecretUnreadableError: The keyring does not answer, or holds something else.
        """
        account = self._account()
        if account is None:
            return ()
        kept = self._ask(lambda ring: ring.get_password(SERVICE, account))
        if kept is None:
            return ()
        keys = decode_keys(kept.encode())
        if not keys:
            raise SecretUnreadableError(f"The {self.place} does not hold keys.", hint="Put the entry back.")
        return keys

    def create(self) -> DataKey:
        """Return the entry's first key; make one if there is none.

        Raises:
            SecretUnreadableError: The keyring does not answer or does not keep what it is given.
            StorageError: The file that names the entry cannot be written.
        """
        existing = self.keys()
        if existing:
            return existing[0]
        self.replace([new_key()])
        return self.keys()[0]

    def replace(self, keys: Sequence[DataKey]) -> None:
        """Keep exactly these keys; none at all removes the entry and the file that names it.

        Raises:
            SecretUnreadableError: The keyring does not answer or does not keep what it is given.
            StorageError: The file that names the entry cannot be written.
        """
        account = self._account()
        if not keys:
            if account is not None:
                self._ask(lambda ring: ring.delete_password(SERVICE, account))
                with os_translated(self.marker):
                    self.marker.unlink(missing_ok=True)
            return
        entry, named = encode_keys(keys).decode(), account or secrets.token_hex(8)
        if account is None:
            self._name(named)

        def keep(ring: Ring) -> str | None:
            ring.set_password(SERVICE, named, entry)
            return ring.get_password(SERVICE, named)

        if self._ask(keep) != entry:
            raise SecretUnreadableError("The keyring did not keep the key.", hint=_USE_A_FILE)

    def _account(self) -> str | None:
        """Return the entry's name, or None; not one that somebody else wrote: it would choose among our keys."""
        reason = foreign_hands(self.marker) or foreign_hands(self.marker.parent)
        if reason:
            raise SecretUnreadableError(
                f"The keyring is not asked: {self.marker} or its folder {reason}.",
                path=self.marker,
                hint=f"If you trust what is in it, run: {mending(self.marker)}",
            )
        try:
            with open(self.marker, "rb", opener=without_waiting) as source:
                return source.read(_LONGEST_NAME).decode("ascii", "replace").strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise from_os(error, self.marker) from error

    def _name(self, account: str) -> None:
        with os_translated(self.marker):
            self.marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as target:
                target.write(account + "\n")
                target.flush()
                os.fsync(descriptor)

    def _ask(self, question: Callable[[Ring], _T]) -> _T:
        """Ask the keyring in a thread that is left behind when it does not answer in time."""
        answers: list[_T] = []
        failures: list[str] = []

        def work() -> None:
            try:
                answers.append(question(self._find_ring()))
            except Exception as error:  # noqa: BLE001 - a thread's boundary: backends raise what they like
                failures.append(type(error).__name__)

        thread = threading.Thread(target=work, name="keyring", daemon=True)
        thread.start()
        thread.join(self._time_limit)
        if answers:
            return answers[0]
        why = f"it failed ({failures[0]})" if failures else f"it did not answer within {self._time_limit:g} seconds"
        raise SecretUnreadableError(f"The keyring of this machine cannot be used: {why}.", hint=_USE_A_FILE)


class MovingKeys:
    """Keys that are written to one place and may still be read from another.

    Args:
        target: Where keys are made and kept.
        former: Where they may have been kept before; emptied as soon as the target has them all.
    """

    def __init__(self, target: KeySource, former: KeySource) -> None:
        self._target = target
        self._former = former

    @property
    def place(self) -> str:
        """Where the keys are made and kept."""
        return self._target.place

    def keys(self) -> tuple[DataKey, ...]:
        """Return the keys of both places, the target's first."""
        return tuple(dict.fromkeys((*self._target.keys(), *self._former.keys())))

    def create(self) -> DataKey:
        """Return the key that encrypts, in the target."""
        return self._target.create()

    def replace(self, keys: Sequence[DataKey]) -> None:
        """Keep exactly these keys, in the target alone."""
        self._target.replace(keys)
        self._former.replace(())


def key_source(folder: Path, place: KeyPlace, find_ring: Callable[[], Ring] | None = None) -> KeySource:
    """Return where the keys of a data folder are kept.

    ``auto`` uses the key file, unless the keyring holds the key already. Asking for another place than the present one
    uses both: what is there stays readable, and re-encrypting moves it.

    Args:
        folder: The data folder.
        place: The setting.
        find_ring: Returns the keyring; the operating system's by default. It is not called for a key file.
    """
    file, ring = KeyFile(folder / KEY_FILE), KeyringKeys(folder / "secrets.keyring", find_ring)
    in_ring = ring.marker.exists()
    if place is KeyPlace.KEYRING or (place is KeyPlace.AUTO and in_ring):
        return MovingKeys(ring, file)
    return MovingKeys(file, ring) if in_ring else file


def system_ring() -> Ring:
    """Return the operating system's keyring.

    Raises:
        LookupError: There is none, or only a stub.
    """
    import keyring  # noqa: PLC0415 - it looks for backends and their libraries, which takes time
    from keyring.backends import fail, null  # noqa: PLC0415

    found = keyring.get_keyring()
    if isinstance(found, fail.Keyring | null.Keyring):
        raise LookupError("no keyring")  # noqa: TRY004 - nobody passed an argument of a wrong type
    ring: Ring = found
    return ring


_USE_A_FILE = (
    "Keep the key in a file instead: set secrets.key_source to file. If the keyring holds the key now, unlock it first."
)
