"""What somebody else could have written does not say what is run, read or trusted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import SecretUnreadableError
from storage.secrets import ownership
from storage.secrets.key_file import KeyFile
from storage.secrets.ownership import foreign_hands, guard_of, mending
from storage.secrets.references import ReferenceKind, ReferenceReader, SecretReference

STRANGER = frozenset({987_654})
Spoil = Callable[[Path, pytest.MonkeyPatch], None]


def mode(name: str, bits: int) -> Spoil:
    return lambda folder, _: (folder / name).chmod(bits)


def belongs_to_another(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything belong to somebody else: a test need not be the superuser."""
    monkeypatch.setattr(ownership, "trusted_owners", lambda: STRANGER)


SPOILED: dict[str, Spoil] = {
    "folder of another": belongs_to_another,
    "folder writable by the group": mode("", 0o770),
    "folder writable by all": mode("", 0o707),
    "folder where all may add files": mode("", 0o1777),
    "catalog writable by the group": mode("catalog.db", 0o660),
    "catalog writable by all": mode("catalog.db", 0o602),
    "journal writable by all": mode("catalog.db-wal", 0o666),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder of our own."""
    folder = tmp_path / "my data"
    folder.mkdir(mode=0o700)
    for name in ("catalog.db", "catalog.db-wal"):
        (folder / name).touch(mode=0o600)
    (folder / "token").write_text("hf_secret")
    return folder


def reader(folder: Path) -> ReferenceReader:
    return ReferenceReader(environment={"TOKEN": "hf_secret"}, guard=guard_of(folder, ["catalog.db"]))


def references(folder: Path) -> list[SecretReference]:
    return [
        SecretReference(ReferenceKind.ENVIRONMENT, "TOKEN"),
        SecretReference(ReferenceKind.FILE, str(folder / "token")),
        SecretReference(ReferenceKind.COMMAND, f"cp '{folder / 'token'}' '{folder / 'stolen'}'"),
    ]


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
async def test_a_reference_that_somebody_else_may_have_written_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: Spoil
) -> None:
    spoil(folder, monkeypatch)
    for reference in references(folder):
        with pytest.raises(SecretUnreadableError, match="is not used") as caught:
            await reader(folder).read(reference)
        assert reference.target in caught.value.message
        assert str(folder) in caught.value.message
        assert "go-w" in caught.value.hint
    assert not (folder / "stolen").exists(), "the command was run"


@pytest.mark.parametrize("bits", [0o700, 0o755])
async def test_what_is_ours_is_followed_though_others_can_read_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    mode("", bits)(folder, monkeypatch)
    mode("catalog.db", 0o644)(folder, monkeypatch)
    for reference in references(folder)[:2]:
        assert (await reader(folder).read(reference)).get_secret_value() == "hf_secret"


def test_what_is_not_there_was_written_by_nobody(tmp_path: Path) -> None:
    assert foreign_hands(tmp_path / "nowhere") == ""
    guard_of(tmp_path / "nowhere", ["catalog.db"])("command 'x'")


def test_what_is_to_be_done_can_be_pasted_into_a_shell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mending(folder) == f"chmod go-w '{folder}'"
    belongs_to_another(folder, monkeypatch)
    assert mending(folder) == f"chown {os.geteuid()} '{folder}' && chmod go-w '{folder}'"
    assert foreign_hands(folder).startswith("belongs to another user (")


def test_a_key_that_belongs_to_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file = KeyFile(folder / "secrets.key")
    key_file.create()
    belongs_to_another(folder, monkeypatch)
    for use in (key_file.keys, key_file.create):
        with pytest.raises(SecretUnreadableError, match="belongs to another user"):
            use()


def test_no_key_is_made_in_a_folder_of_somebody_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    belongs_to_another(folder, monkeypatch)
    with pytest.raises(SecretUnreadableError, match="belongs to another user"):
        KeyFile(folder / "secrets.key").create()
    assert not (folder / "secrets.key").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_key_behind_a_link_is_refused(folder: Path, tmp_path: Path, there: bool) -> None:
    elsewhere = KeyFile(tmp_path / "elsewhere.key")
    if there:
        elsewhere.create()
    (folder / "secrets.key").symlink_to(elsewhere.path)
    key_file = KeyFile(folder / "secrets.key")
    for use in (key_file.keys, key_file.create):
        with pytest.raises(SecretUnreadableError, match="is a link"):
            use()
    assert elsewhere.path.exists() is there


def test_a_key_with_another_name_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    key_file = KeyFile(folder / "secrets.key")
    key = key_file.create()
    (tmp_path / "copy").hardlink_to(key_file.path)
    with pytest.raises(SecretUnreadableError, match="another name outside"):
        key_file.keys()
    (tmp_path / "copy").unlink()
    assert key_file.keys() == (key,)


def test_the_first_name_of_a_key_that_a_crash_left_is_no_harm(folder: Path) -> None:
    key_file = KeyFile(folder / "secrets.key")
    key = key_file.create()
    (folder / ".secrets.key.0123456789abcdef").hardlink_to(key_file.path)
    assert key_file.keys() == (key,)
