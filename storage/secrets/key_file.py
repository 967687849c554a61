"""The key that encrypts stored secrets: a small protocol for where it is kept, and the file that keeps it.

The file has one key a line, in base64. The first encrypts; any further ones only decrypt, so that a change of the key
can be interrupted at any moment without losing a secret.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import os
import secrets
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from storage.drafts import remove_abandoned
from storage.errors import SecretUnreadableError
from storage.secrets.ownership import OTHERS_WRITE, foreign_owner, mending
from storage.sqlite.errors import from_os

KEY_FILE = "secrets.key"
"""Name of the file in a data folder that keeps the key."""

KEY_BYTES = 32
"""Length of a key: AES-256."""

KEY_ID_BYTES = 8
"""Length of a key's id."""

_SIZE_LIMIT = 4_096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOOKS = 3
"""How often the names of the file are counted: another process may be giving it its name at that moment."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for secrets; ``repr`` does not show it.

    Attributes:
        material: 32 bytes.
    """

    material: bytes = field(repr=False)

    @property
    def id(self) -> bytes:
        """Eight bytes that tell keys apart and say nothing about them."""
        return hashlib.sha256(b"astrolabe key id" + self.material).digest()[:KEY_ID_BYTES]


def new_key() -> DataKey:
    """Return a new random key."""
    return DataKey(secrets.token_bytes(KEY_BYTES))


def encode_keys(keys: Sequence[DataKey]) -> bytes:
    """Return keys as they are kept: one a line, in base64."""
    return b"".join(base64.urlsafe_b64encode(key.material) + b"\n" for key in keys)


def decode_keys(content: bytes) -> tuple[DataKey, ...]:
    """Return the keys that :func:`encode_keys` wrote; empty when the content is anything else."""
    try:
        keys = tuple(DataKey(base64.b64decode(line, altchars=b"-_", validate=True)) for line in content.split())
    except binascii.Error:
        return ()
    return keys if all(len(key.material) == KEY_BYTES for key in keys) else ()


class KeySource(Protocol):
    """Where the data key is kept: a file here; an operating system's keyring can stand in."""

    @property
    def place(self) -> str:
        """Where that is, for messages."""
        ...

    def keys(self) -> tuple[DataKey, ...]:
        """Return the keys, the one that encrypts first; empty when there is none yet, or it is lost.

        Raises:
            SecretUnreadableError: There is something, but it cannot or must not be used.
        """
        ...

    def create(self) -> DataKey:
        """Return the key that encrypts; make and keep one if there is none. Never replaces one.

        Raises:
            SecretUnreadableError: There is something, but it cannot or must not be used.
            StorageError: The place cannot be written.
        """
        ...

    def replace(self, keys: Sequence[DataKey]) -> None:
        """Keep exactly these keys, in one step that a crash cannot halve; none at all removes the place.

        Raises:
            SecretUnreadableError: The place must not be used.
            StorageError: The place cannot be written.
        """
        ...


class KeyFile:
    """Keys in a file that only its owner can read: mode 0600 from its creation.

    A file that others may read, own, or reach by another name is refused, and so is one in a folder in which others may
    replace it.

    Args:
        path: The file; its folder is created with mode 0700 when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    def keys(self) -> tuple[DataKey, ...]:
        """Read the file; empty when there is none.

        Raises:
            SecretUnreadableError: It cannot be read, others can reach it, or its content is not a key.
        """
        try:
            # A named pipe in its place must not block; what is not a regular file is refused below.
            # A link leads to what somebody else may have chosen.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            self._check_file(os.fstat(descriptor))
            self._check_folder()
            self._check_names(descriptor)
            return self._parse(os.read(descriptor, _SIZE_LIMIT))
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            os.close(descriptor)

    def create(self) -> DataKey:
        """Return the file's first key; write a new file when there is none. An existing file is never replaced.

        Raises:
            SecretUnreadableError: As :meth:`keys`.
            StorageError: The folder cannot be written, or the disk is full.
        """
        existing = self.keys()
        if existing:
            return existing[0]
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_folder()
            self._write_new(new_key())
        except OSError as error:
            raise from_os(error, self.path) from error
        # Read back: another process may have been faster, and its key is then the one.
        return self.keys()[0]

    def replace(self, keys: Sequence[DataKey]) -> None:
        """Put a complete new file in place of the old one; without keys, remove it.

        Raises:
            SecretUnreadableError: As :meth:`keys`: what others can reach is not written over.
            StorageError: The folder cannot be written, or the disk is full.
        """
        self.keys()
        try:
            if keys:
                self._scratch(keys).replace(self.path)
            else:
                self.path.unlink(missing_ok=True)
            if self.path.parent.is_dir():
                _sync_folder(self.path.parent)
        except OSError as error:
            raise from_os(error, self.path) from error

    def _write_new(self, key: DataKey) -> None:
        """Write a complete file beside the place, then link it there; a link fails where a file already is.

        So no other process ever reads half a key, and two that start together agree on one.
        """
        scratch = self._scratch([key])
        try:
            try:
                os.link(scratch, self.path)
            except FileExistsError:
                return
            _sync_folder(self.path.parent)
        finally:
            scratch.unlink()

    def _scratch(self, keys: Sequence[DataKey]) -> Path:
        """Write keys into a new file beside the place, mode 0600 from its creation, and make it durable."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_abandoned(self.path.parent, f".{self.path.name}.{'?' * 16}")
        scratch = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(encode_keys(keys))
            target.flush()
            os.fsync(descriptor)
        return scratch

    def _check_file(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise SecretUnreadableError(
                f"The key file {self.path} is not a regular file.", path=self.path, hint="Put the key file back."
            )
        if status.st_mode & _OTHERS:
            raise SecretUnreadableError(
                f"The key file {self.path} can be reached by other users (mode {stat.S_IMODE(status.st_mode):04o}), "
                "so it is not used.",
                path=self.path,
                hint=f"Run: chmod 600 {shlex.quote(str(self.path))}",
            )
        self._check_owner(self.path, status)

    def _check_owner(self, path: Path, status: os.stat_result) -> None:
        reason = foreign_owner(status)
        if reason:
            raise SecretUnreadableError(
                f"The key file {self.path} is not used: {path} {reason}.",
                path=self.path,
                hint=f"If you trust what is in it, run: {mending(path)}",
            )

    def _check_names(self, descriptor: int) -> None:
        """Refuse a file that has a name elsewhere, too.

        Names beside it are ours: a new key is linked into place, and its first name may be left by a crash.
        """
        for _ in range(_LOOKS):
            status = os.fstat(descriptor)
            with os.scandir(self.path.parent) as entries:
                here = sum(entry.inode() == status.st_ino for entry in entries)
            if status.st_nlink <= here:
                return
        raise SecretUnreadableError(
            f"The key file {self.path} has another name outside of its folder, so it is not used.",
            path=self.path,
            hint="Find that name and remove it: find / -xdev -samefile " + shlex.quote(str(self.path)),
        )

    def _check_folder(self) -> None:
        folder = self.path.parent
        status = folder.stat()
        self._check_owner(folder, status)
        mode = status.st_mode
        # With the sticky bit, as in /tmp, others can add files but not replace this one.
        if mode & OTHERS_WRITE and not mode & stat.S_ISVTX:
            raise SecretUnreadableError(
                f"Other users can replace the key file, because they may write to its folder {folder} "
                f"(mode {stat.S_IMODE(mode):04o}), so it is not used.",
                path=self.path,
                hint=f"Run: chmod 700 {shlex.quote(str(folder))}",
            )

    def _parse(self, content: bytes) -> tuple[DataKey, ...]:
        damaged = SecretUnreadableError(
            f"The key file {self.path} is damaged: it does not hold keys of {KEY_BYTES} bytes in base64.",
            path=self.path,
            hint="Put the key file back from a backup, or move it away and enter the secrets anew.",
        )
        keys = decode_keys(content)
        if not keys:
            raise damaged
        return keys

    def _unreadable(self, error: OSError) -> SecretUnreadableError:
        if error.errno == errno.ELOOP:
            return SecretUnreadableError(
                f"The key file {self.path} is a link, so it is not used.",
                path=self.path,
                hint="Put the key file itself there, with mode 0600.",
            )
        hint = "Check the permissions of the folder."
        if error.errno == errno.EACCES:
            hint = f"Make it your own file, readable by you: chmod 600 {shlex.quote(str(self.path))}"
        return SecretUnreadableError(
            f"The key file {self.path} cannot be read: {error.strerror or error}.", path=self.path, hint=hint
        )


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
