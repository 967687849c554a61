"""Secrets at rest: where they are not, what happens without their key, and credentials that store none."""

from __future__ import annotations

import base64
import logging
import shutil
import traceback
import urllib.parse
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.errors import RuleError, SecretUnreadableError
from astrolabe.portal.organization import CredentialDraft
from storage.secrets.references import ReferenceKind, SecretReference
from tests.support.portal import SECRET, SERVERLESS, Organization, opened

FORMS = (
    SECRET.encode(),
    SECRET.encode("utf-16-le"),
    base64.b64encode(SECRET.encode()).rstrip(b"="),
    SECRET.encode().hex().encode(),
    urllib.parse.quote(SECRET).encode(),
)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def use(portal: Organization) -> str:
    """Reveal the secret of the only credential for the only database."""
    (database,) = await portal.databases.list()
    return (await portal.integrations.resolve(database.id, SERVERLESS, "hf-prod")).get_secret_value()


async def prepared(portal: Organization, secret: str | SecretReference = SECRET) -> None:
    """One database in the scope of one credential."""
    await portal.credential("hf-prod", await portal.database("shop"), secret=secret)


async def test_the_secret_is_in_no_file_of_the_data_folder(
    portal: Organization, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await prepared(portal)
    assert await use(portal) == SECRET
    files = contents(folder)
    assert set(files) >= {"catalog.db", "catalog.db-wal", "secrets.key"}
    for name, content in files.items():
        assert not [form for form in FORMS if form in content], name
    assert SECRET not in caplog.text


async def test_the_secret_is_in_no_repr_and_no_error(portal: Organization) -> None:
    draft = CredentialDraft(SERVERLESS, "hf-prod", SecretStr(SECRET))
    credential = await portal.integrations.add_credential(draft)
    assert SECRET not in repr(draft) + str(draft) + repr(credential)
    for bad in (f"{SECRET}\n{SECRET}", f"{SECRET}é"):
        with pytest.raises(RuleError) as caught:
            await portal.credential("other", secret=bad)
        assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value.problems)


async def test_a_secret_is_not_taken_for_a_name_too(portal: Organization) -> None:
    draft = CredentialDraft(SERVERLESS, "hf_pasted_twice", SecretStr("hf_pasted_twice\n"))
    with pytest.raises(RuleError) as caught:
        await portal.integrations.add_credential(draft)
    assert [problem.field for problem in caught.value.problems] == ["name"]
    assert "hf_pasted_twice" not in str(caught.value)


async def test_without_its_key_a_secret_is_unusable_and_nothing_else_is_harmed(portal: Organization) -> None:
    await prepared(portal)
    kept = portal.key_file.read_bytes()
    portal.key_file.unlink()
    with pytest.raises(SecretUnreadableError, match=r"'hf-prod' cannot be used\. The key .* is missing") as caught:
        await use(portal)
    assert "secrets.key" in caught.value.message
    assert "add it again with the same name" in caught.value.hint
    assert [database.name for database in await portal.databases.list()] == ["shop"]
    (credential,) = (await portal.integrations.get(SERVERLESS)).credentials
    assert credential.databases
    assert not portal.key_file.exists(), "reading must not make a new key"
    portal.key_file.touch(mode=0o600)
    portal.key_file.write_bytes(kept)
    assert await use(portal) == SECRET


async def test_after_a_lost_key_a_credential_can_be_added_again(portal: Organization) -> None:
    await prepared(portal)
    await portal.credential("stays")
    portal.key_file.unlink()
    await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    (database,) = await portal.databases.list()
    await portal.credential("hf-prod", database, secret="hf_a-new-secret")
    assert await use(portal) == "hf_a-new-secret"
    await portal.integrations.add_to_scope(SERVERLESS, "stays", [database.id])
    with pytest.raises(SecretUnreadableError, match="another key"):
        await portal.integrations.resolve(database.id, SERVERLESS, "stays")


async def test_a_key_file_of_another_folder_is_told_apart(tmp_path: Path) -> None:
    async with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        await prepared(one)
        await prepared(two)
        shutil.copyfile(two.key_file, one.key_file)
        with pytest.raises(SecretUnreadableError, match="encrypted with another key than the one in"):
            await use(one)


async def test_a_key_file_that_others_can_read_is_refused_with_the_fix(portal: Organization) -> None:
    await prepared(portal)
    portal.key_file.chmod(0o640)
    with pytest.raises(SecretUnreadableError, match="mode 0640") as caught:
        await use(portal)
    assert caught.value.hint == f"Run: chmod 600 {portal.key_file}"
    with pytest.raises(SecretUnreadableError):
        await portal.credential("second")
    portal.key_file.chmod(0o600)
    assert await use(portal) == SECRET


async def test_a_sealed_secret_cannot_be_moved_to_another_credential(portal: Organization) -> None:
    await prepared(portal)
    other = await portal.credential("other", secret="hf_another-secret")
    async with portal.catalog.write() as rows:
        sealed = await rows.stored_secret(other.id)
        first = await rows.credential(SERVERLESS, "hf-prod")
        assert sealed is not None
        assert first is not None
        await rows.replace_secret(first.id, sealed, "")
    with pytest.raises(SecretUnreadableError, match="damaged"):
        await use(portal)


async def test_a_credential_that_names_a_variable_stores_no_secret_and_needs_no_key(portal: Organization) -> None:
    await prepared(portal, SecretReference(ReferenceKind.ENVIRONMENT, "HF_TOKEN"))
    assert await use(portal) == "hf_from_the_environment"
    (credential,) = (await portal.integrations.get(SERVERLESS)).credentials
    assert credential.masked == "$HF_TOKEN"
    assert not portal.key_file.exists()


async def test_a_secret_in_a_file_is_read_at_each_use(portal: Organization, tmp_path: Path) -> None:
    source = tmp_path / "token"
    await prepared(portal, SecretReference(ReferenceKind.FILE, str(source)))
    with pytest.raises(SecretUnreadableError, match=r"'hf-prod' cannot be used.*token cannot be read: No such file"):
        await use(portal)
    source.write_text("hf_one\n")
    assert await use(portal) == "hf_one"
    source.write_text("hf_two\n")
    assert await use(portal) == "hf_two"
    source.write_text("hf_th\nree\n")
    with pytest.raises(SecretUnreadableError, match="line break in the middle"):
        await use(portal)


async def test_a_command_prints_the_secret(portal: Organization) -> None:
    await prepared(portal, SecretReference(ReferenceKind.COMMAND, "printf 'hf_%s\\nnotes' printed"))
    assert await use(portal) == "hf_printed"
    (credential,) = (await portal.integrations.get(SERVERLESS)).credentials
    assert credential.masked.startswith("command printf")


async def test_a_reference_that_cannot_work_is_refused(portal: Organization) -> None:
    with pytest.raises(RuleError, match="whole path") as caught:
        await prepared(portal, SecretReference(ReferenceKind.FILE, "token"))
    assert caught.value.field == "secret"
