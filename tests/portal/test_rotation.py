"""A credential's life after it was added: rotated, removed, added again, and what two programs see of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError
from storage.secrets.references import ReferenceKind, SecretReference
from tests.support.portal import DEDICATED, SECRET, SERVERLESS, Organization, opened

NEW = "hf_a-new-secret-0001"


async def test_a_rotation_keeps_name_scope_and_id_and_changes_the_secret(portal: Organization) -> None:
    shop = await portal.database("shop")
    before = await portal.credential("hf-prod", shop)
    after = await portal.integrations.rotate(SERVERLESS, "hf-prod", SecretStr(f"{NEW}\n"), version=before.version)
    assert (after.id, after.name, after.databases) == (before.id, before.name, before.databases)
    assert after.masked.endswith("0001")
    assert after.version > before.version
    assert (await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")).get_secret_value() == NEW


async def test_a_rotation_to_a_variable_leaves_no_secret_behind(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.credential("hf-prod", shop)
    reference = SecretReference(ReferenceKind.ENVIRONMENT, "HF_TOKEN")
    assert (await portal.integrations.rotate(SERVERLESS, "hf-prod", reference)).masked == "$HF_TOKEN"
    assert (await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")).get_secret_value().startswith("hf_from")
    async with portal.catalog.read() as rows:
        assert await rows.sealed_secrets() == []


@pytest.mark.parametrize("bad", ["", "  \n", "two\nlines", "ключ"])
async def test_a_bad_new_secret_is_refused_and_the_old_one_stays(portal: Organization, bad: str) -> None:
    shop = await portal.database("shop")
    await portal.credential("hf-prod", shop)
    with pytest.raises(RuleError) as caught:
        await portal.integrations.rotate(SERVERLESS, "hf-prod", SecretStr(bad))
    assert caught.value.field == "secret"
    assert (await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")).get_secret_value() == SECRET


async def test_of_two_who_change_the_same_credential_one_wins_and_the_other_is_told(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as two:
        seen = await one.credential("hf-prod")
        await two.integrations.rotate(SERVERLESS, "hf-prod", SecretStr(NEW), version=seen.version)
        for change in (
            one.integrations.rotate(SERVERLESS, "hf-prod", SecretStr("hf_mine_instead"), version=seen.version),
            one.integrations.remove_credential(SERVERLESS, "hf-prod", version=seen.version),
            one.integrations.remove_integration(SERVERLESS, versions={"hf-prod": seen.version}),
        ):
            with pytest.raises(ConflictError, match="changed by another window or program"):
                await change
        assert (await one.integrations.credential(SERVERLESS, "hf-prod")).masked.endswith("0001")


async def test_rotating_what_is_not_there_is_refused(portal: Organization) -> None:
    with pytest.raises(NotFoundError, match="no user access token 'nobody'"):
        await portal.integrations.rotate(SERVERLESS, "nobody", SecretStr(NEW))


async def test_a_removed_credential_is_remembered_until_it_is_added_again(portal: Organization) -> None:
    shop, gone = await portal.database("shop"), await portal.database("gone")
    await portal.credential("hf-prod", shop, gone)
    await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    await portal.databases.delete(gone.id)
    (removed,) = await portal.integrations.removed(SERVERLESS)
    assert (removed.name, removed.databases, removed.gone) == ("hf-prod", (shop,), 1)
    assert await portal.integrations.removed(DEDICATED) == []
    await portal.credential("hf-prod", shop)
    assert await portal.integrations.removed(SERVERLESS) == []


async def test_removing_an_integration_removes_all_its_credentials_and_no_other(portal: Organization) -> None:
    await portal.credential("one-key")
    await portal.credential("two-key")
    await portal.credential("other", provider=DEDICATED)
    found = (await portal.integrations.get(SERVERLESS)).credentials
    versions = {credential.name: credential.version for credential in found}
    assert await portal.integrations.remove_integration(SERVERLESS, versions=versions) == 2
    assert not (await portal.integrations.get(SERVERLESS)).active
    assert (await portal.integrations.get(DEDICATED)).active
    with pytest.raises(NotFoundError, match="inactive already"):
        await portal.integrations.remove_integration(SERVERLESS)
