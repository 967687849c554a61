"""The key in the operating system's keyring: only where one works, never for longer than the time limit."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from storage.errors import SecretUnreadableError
from storage.secrets.box import SecretBox
from storage.secrets.key_file import KeyFile, new_key
from storage.secrets.keyring import KeyPlace, KeyringKeys, MovingKeys, Ring, key_source


class FakeRing:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class HangingRing(FakeRing):
    """A locked keyring that asks on a screen nobody sees."""

    def __init__(self, free: threading.Event) -> None:
        super().__init__()
        self.free = free

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002 - the seam has them
        self.free.wait(10)


class ForgetfulRing(FakeRing):
    """A stub that accepts everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep nothing."""


def never() -> Ring:
    raise AssertionError("the keyring must not be asked")


def keyring_folder(folder: Path, ring: Ring) -> KeyringKeys:
    return KeyringKeys(folder / "secrets.keyring", lambda: ring, time_limit=0.2)


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    ring = FakeRing()
    made = keyring_folder(tmp_path, ring).create()
    assert keyring_folder(tmp_path, ring).create() == made
    assert keyring_folder(tmp_path, ring).keys() == (made,)
    assert len(ring.entries) == 1
    marker = tmp_path / "secrets.keyring"
    assert stat.S_IMODE(marker.stat().st_mode) == 0o600
    (entry,) = ring.entries.values()
    assert entry.strip() not in marker.read_text()


def test_a_moved_data_folder_finds_its_key(tmp_path: Path) -> None:
    ring, before, after = FakeRing(), tmp_path / "before", tmp_path / "after"
    made = keyring_folder(before, ring).create()
    before.rename(after)
    assert keyring_folder(after, ring).keys() == (made,)


def test_a_keyring_that_hangs_is_given_up(tmp_path: Path) -> None:
    free = threading.Event()
    try:
        with pytest.raises(SecretUnreadableError, match=r"did not answer within 0\.2 seconds") as caught:
            keyring_folder(tmp_path, HangingRing(free)).create()
        assert "key_source to file" in caught.value.hint
    finally:
        free.set()


def test_a_stub_that_keeps_nothing_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadableError, match="did not keep the key"):
        keyring_folder(tmp_path, ForgetfulRing()).create()


def test_a_machine_without_a_keyring_says_so(tmp_path: Path) -> None:
    def none() -> Ring:
        raise LookupError

    with pytest.raises(SecretUnreadableError, match=r"cannot be used: it failed \(LookupError\)"):
        KeyringKeys(tmp_path / "secrets.keyring", none).create()


def test_a_lost_entry_makes_secrets_unusable_and_says_where_it_was(tmp_path: Path) -> None:
    ring = FakeRing()
    box = SecretBox(keyring_folder(tmp_path, ring))
    sealed = box.encrypt(SecretStr("hf_secret"), "a/b")
    ring.entries.clear()
    with pytest.raises(SecretUnreadableError, match=r"is missing.*keyring"):
        box.decrypt(sealed, "a/b")


def test_without_being_asked_for_the_keyring_is_left_alone(tmp_path: Path) -> None:
    for place in (KeyPlace.AUTO, KeyPlace.FILE):
        source = key_source(tmp_path, place, never)
        assert isinstance(source, KeyFile)
        source.create()
    assert not (tmp_path / "secrets.keyring").exists()


def test_a_key_moves_to_the_keyring_and_back(tmp_path: Path) -> None:
    ring = FakeRing()
    first = key_source(tmp_path, KeyPlace.FILE, never).create()
    to_ring = key_source(tmp_path, KeyPlace.KEYRING, lambda: ring)
    assert to_ring.keys() == (first,), "what the file has stays readable"
    second = new_key()
    to_ring.replace([second, first])
    assert not (tmp_path / "secrets.key").exists()
    assert key_source(tmp_path, KeyPlace.AUTO, lambda: ring).keys() == (second, first)
    back = key_source(tmp_path, KeyPlace.FILE, lambda: ring)
    assert isinstance(back, MovingKeys)
    back.replace(back.keys())
    assert not ring.entries
    assert key_source(tmp_path, KeyPlace.AUTO, never).keys() == (second, first)


def test_replacing_keys_leaves_no_scratch_file_and_keeps_the_mode(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "data" / "secrets.key")
    umask = os.umask(0)
    try:
        file.create()
        keys = (new_key(), new_key())
        file.replace(keys)
    finally:
        os.umask(umask)
    assert file.keys() == keys
    assert [path.name for path in file.path.parent.iterdir()] == ["secrets.key"]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_can_read_is_not_written_over(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "secrets.key")
    file.create()
    file.path.chmod(0o644)
    kept = file.path.read_bytes()
    with pytest.raises(SecretUnreadableError, match="mode 0644") as caught:
        file.replace([new_key()])
    assert caught.value.hint == f"Run: chmod 600 {file.path}"
    assert file.path.read_bytes() == kept


@pytest.mark.parametrize("bits", [0o602, 0o620])
def test_the_name_of_an_entry_that_somebody_else_may_have_written_is_not_followed(tmp_path: Path, bits: int) -> None:
    ring = FakeRing()
    keys = keyring_folder(tmp_path, ring)
    keys.create()
    keys.marker.chmod(bits)
    with pytest.raises(SecretUnreadableError, match="can be written by other users"):
        keys.keys()
    keys.marker.chmod(0o600)
    tmp_path.chmod(0o777)
    with pytest.raises(SecretUnreadableError, match="can be written by other users"):
        keys.keys()
    tmp_path.chmod(0o700)
    assert len(keys.keys()) == 1


def test_a_pipe_or_odd_bytes_in_place_of_the_name_are_no_entry(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secrets.keyring")
    assert keyring_folder(tmp_path, FakeRing()).keys() == ()
    (tmp_path / "secrets.keyring").unlink()
    (tmp_path / "secrets.keyring").write_bytes(b"\xff\xfe")
    (tmp_path / "secrets.keyring").chmod(0o600)
    assert keyring_folder(tmp_path, FakeRing()).keys() == ()
