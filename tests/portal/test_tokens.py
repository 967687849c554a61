"""Application tokens: shown once, kept as a digest, refused once revoked."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.portal.tokens import Tokens
from storage.catalog.catalog import Catalog
from tests.support.portal import Organization


@pytest.fixture
def tokens(portal: Organization) -> Tokens:
    return Tokens(portal.catalog)


async def test_a_token_is_accepted_until_it_is_revoked(tokens: Tokens) -> None:
    token, secret = await tokens.create(" shop ")
    assert token.name == "shop"
    assert secret.get_secret_value().startswith(f"AstraCS:{token.id}:")
    assert await tokens.of(secret)
    assert not await tokens.of(SecretStr(secret.get_secret_value() + "x"))
    assert await tokens.list() == [token]
    assert await tokens.revoke("shop") == token
    assert not await tokens.of(secret)
    assert await tokens.list() == []


async def test_a_token_that_another_program_revokes_is_refused_at_once(portal: Organization, tokens: Tokens) -> None:
    _, secret = await tokens.create("shop")
    assert await tokens.of(secret)
    other = await Catalog.open(portal.folder / "catalog.db")
    await Tokens(other).revoke("shop")
    assert not await tokens.of(secret)
    _, later = await Tokens(other).create("shop")
    assert await tokens.of(later)
    await other.close()


async def test_rights_are_kept_and_a_deleted_database_does_not_widen_them(portal: Organization, tokens: Tokens) -> None:
    one, two = [await portal.databases.create(DatabaseDraft(name)) for name in ("one", "two")]
    token, secret = await tokens.create("reader", read_only=True, databases=["one", one.id])
    assert (token.read_only, token.databases) == (True, (one.id,))
    assert await tokens.of(secret) == token
    assert [token.is_for(database.id) for database in (one, two)] == [True, False]
    async with portal.catalog.write() as rows:
        await rows.delete_database(one.id)
    kept = await tokens.of(secret)
    assert kept is not None
    assert not kept.is_for(two.id)
    assert kept.scope({two.id: "two"}) == []
    with pytest.raises(NotFoundError):
        await tokens.create("other", databases=["nowhere"])
    whole, _ = await tokens.create("whole")
    assert whole.scope({two.id: "two"}) == ["two"]


async def test_no_file_holds_a_token(portal: Organization, tokens: Tokens) -> None:
    _, secret = await tokens.create("shop")
    kept = b"".join(path.read_bytes() for path in portal.folder.iterdir() if path.is_file())
    assert secret.get_secret_value().encode() not in kept
    assert secret.get_secret_value().rsplit(":", 1)[1].encode() not in kept


@pytest.mark.parametrize("name", ["", " ", "x" * 51, "a\nb", "a\x1b[31m"])
async def test_names_that_cannot_be_read_are_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(RuleError):
        await tokens.create(name)


async def test_names_are_unique_and_ids_work_too(tokens: Tokens) -> None:
    token, _ = await tokens.create("shop")
    with pytest.raises(ConflictError):
        await tokens.create("shop")
    await tokens.revoke(token.id)
    with pytest.raises(NotFoundError):
        await tokens.revoke("shop")


async def test_both_changes_are_in_the_audit_trail_without_the_secret(portal: Organization, tokens: Tokens) -> None:
    _, secret = await tokens.create("shop")
    await tokens.revoke("shop")
    async with portal.catalog.read() as rows:
        entries = await rows.audit()
    assert [entry.action for entry in entries] == ["token.revoke", "token.create"]
    assert not any(secret.get_secret_value() in entry.detail for entry in entries)
