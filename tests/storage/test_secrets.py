"""Sealing secrets, and the file that keeps the key."""

from __future__ import annotations

import base64
import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from storage.errors import SecretUnreadableError, StoreNotWritableError
from storage.secrets.box import SecretBox
from storage.secrets.key_file import DataKey, KeyFile

SECRET = SecretStr("hf_sentinel-Zq7Wm4Tx9")


class KeysInMemory:
    """A key source without a file."""

    place = "memory"

    def __init__(self, *materials: bytes) -> None:
        self.held = tuple(map(DataKey, materials))

    def keys(self) -> tuple[DataKey, ...]:
        return self.held

    def create(self) -> DataKey:
        return self.held[0]

    def replace(self, keys: Sequence[DataKey]) -> None:
        self.held = tuple(keys)


OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "data" / "secrets.key")


@given(st.text(min_size=1, max_size=200), st.text(max_size=60))
def test_what_is_sealed_opens_again(secret: str, owner: str) -> None:
    box = SecretBox(KeysInMemory(OLD))
    sealed = box.encrypt(SecretStr(secret), owner)
    assert box.decrypt(sealed, owner).get_secret_value() == secret
    assert len(secret) < 8 or secret.encode() not in sealed


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    box = SecretBox(KeysInMemory(OLD))
    assert box.encrypt(SECRET, "a") != box.encrypt(SECRET, "a")


@pytest.mark.parametrize("position", [0, 1, 9, 21, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    box = SecretBox(KeysInMemory(OLD))
    sealed = bytearray(box.encrypt(SECRET, "a"))
    sealed[position] ^= 1
    with pytest.raises(SecretUnreadableError):
        box.decrypt(bytes(sealed), "a")


@pytest.mark.parametrize("length", [0, 1, 20, 21, 30])
def test_a_cut_secret_is_noticed(length: int) -> None:
    box = SecretBox(KeysInMemory(OLD))
    with pytest.raises(SecretUnreadableError, match="damaged"):
        box.decrypt(box.encrypt(SECRET, "a")[:length], "a")


def test_a_sealed_secret_opens_for_its_owner_only() -> None:
    box = SecretBox(KeysInMemory(OLD))
    with pytest.raises(SecretUnreadableError, match="damaged"):
        box.decrypt(box.encrypt(SECRET, "a"), "b")


def test_further_keys_still_open_what_they_sealed() -> None:
    sealed = SecretBox(KeysInMemory(OLD)).encrypt(SECRET, "a")
    changing = SecretBox(KeysInMemory(NEW, OLD))
    assert changing.decrypt(sealed, "a") == SECRET
    again = changing.encrypt(SECRET, "a")
    assert SecretBox(KeysInMemory(NEW)).decrypt(again, "a") == SECRET
    with pytest.raises(SecretUnreadableError, match="another key than the one in memory"):
        SecretBox(KeysInMemory(NEW)).decrypt(sealed, "a")


def test_without_any_key_the_message_says_so() -> None:
    sealed = SecretBox(KeysInMemory(OLD)).encrypt(SECRET, "a")
    with pytest.raises(SecretUnreadableError, match="is missing: there is no memory"):
        SecretBox(KeysInMemory()).decrypt(sealed, "a")


def test_neither_key_nor_secret_is_in_a_repr_or_message() -> None:
    key = DataKey(OLD)
    assert "o" * 8 not in repr(key) + str(key)
    assert key.id != DataKey(NEW).id
    assert key.id not in OLD
    assert SECRET.get_secret_value() not in repr(
        SecretBox(KeysInMemory(OLD)).decrypt(SecretBox(KeysInMemory(OLD)).encrypt(SECRET, "a"), "a")
    )


def test_the_key_file_is_for_its_owner_alone_whatever_the_umask(key_file: KeyFile) -> None:
    before = os.umask(0)
    try:
        key = key_file.create()
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.path.parent.stat().st_mode) == 0o700
    assert key_file.keys() == (key,)
    assert list(key_file.path.parent.iterdir()) == [key_file.path]


def test_the_key_file_has_its_mode_from_the_first_moment(key_file: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            modes.append(stat.S_IMODE(status.st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    key_file.create()
    assert modes == [0o600]


def test_a_key_file_is_never_replaced(key_file: KeyFile) -> None:
    first = key_file.create()
    assert key_file.create() == first
    assert KeyFile(key_file.path).create() == first


def test_programs_that_start_together_agree_on_one_key(key_file: KeyFile) -> None:
    barrier = threading.Barrier(8)
    made: list[DataKey] = []

    def start() -> None:
        barrier.wait()
        made.append(KeyFile(key_file.path).create())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert {key.material for key in made} == {key_file.keys()[0].material}
    assert [path.name for path in key_file.path.parent.iterdir()] == ["secrets.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o777])
def test_a_key_file_that_others_can_reach_is_refused_with_the_fix(key_file: KeyFile, mode: int) -> None:
    key_file.create()
    key_file.path.chmod(mode)
    for use in (key_file.keys, key_file.create):
        with pytest.raises(SecretUnreadableError, match=f"mode 0{mode:o}") as caught:
            use()
        assert caught.value.hint == f"Run: chmod 600 {key_file.path}"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_of_the_owner_alone_is_used(key_file: KeyFile, mode: int) -> None:
    key = key_file.create()
    key_file.path.chmod(mode)
    assert key_file.keys() == (key,)


@pytest.mark.parametrize(("mode", "refused"), [(0o770, True), (0o707, True), (0o755, False), (0o1777, False)])
def test_a_folder_in_which_others_can_replace_the_key_is_refused_with_the_fix(
    key_file: KeyFile, mode: int, refused: bool
) -> None:
    key = key_file.create()
    folder = key_file.path.parent
    folder.chmod(mode)
    if not refused:
        assert key_file.keys() == (key,)
        return
    with pytest.raises(SecretUnreadableError) as caught:
        key_file.keys()
    assert caught.value.hint == f"Run: chmod 700 {folder}"


def test_a_path_in_a_hint_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    key_file = KeyFile(tmp_path / "my data" / "secrets.key")
    key_file.create()
    key_file.path.chmod(0o644)
    with pytest.raises(SecretUnreadableError) as caught:
        key_file.keys()
    assert caught.value.hint == f"Run: chmod 600 '{key_file.path}'"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"not base64!\n", base64.urlsafe_b64encode(b"k" * 31), base64.urlsafe_b64encode(b"k" * 32) + b"\nx"],
)
def test_a_damaged_key_file_is_reported_and_left_as_it_is(key_file: KeyFile, content: bytes) -> None:
    key_file.create()
    key_file.path.write_bytes(content)
    for use in (key_file.keys, key_file.create):
        with pytest.raises(SecretUnreadableError, match="is damaged"):
            use()
    assert key_file.path.read_bytes() == content


def test_a_file_with_two_keys_holds_both(key_file: KeyFile) -> None:
    key_file.create()
    key_file.path.write_bytes(b"\n".join(base64.urlsafe_b64encode(one) for one in (NEW, OLD)) + b"\n")
    assert key_file.keys() == (DataKey(NEW), DataKey(OLD))
    assert key_file.create() == DataKey(NEW)


def test_what_is_not_a_file_is_refused(key_file: KeyFile) -> None:
    key_file.path.mkdir(parents=True)
    with pytest.raises(SecretUnreadableError, match="not a regular file"):
        key_file.keys()


def test_a_missing_file_is_no_key(key_file: KeyFile) -> None:
    assert key_file.keys() == ()


def test_a_place_that_cannot_be_a_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretUnreadableError, match="cannot be read"):
        KeyFile(tmp_path / "file" / "secrets.key").keys()


def test_a_folder_that_cannot_be_written_is_reported(key_file: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StoreNotWritableError):
        key_file.create()
    assert list(key_file.path.parent.iterdir()) == []
