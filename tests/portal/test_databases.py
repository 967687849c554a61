"""Databases: names, states, and what deleting one does to scopes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from astrolabe.errors import ConflictError, NotFoundError, RuleError
from astrolabe.portal.organization import DatabaseDraft, DatabaseStatus
from tests.support.portal import SERVERLESS, Organization, opened


async def test_a_new_database_is_initializing_and_then_active(portal: Organization) -> None:
    created = await portal.database("  shop ")
    assert (created.name, created.cloud_provider, created.region) == ("shop", "aws", "us-east-2")
    assert created.status is DatabaseStatus.INITIALIZING
    active = await portal.databases.activate(created.id)
    assert active.status is DatabaseStatus.ACTIVE
    assert await portal.databases.activate(created.id) == active
    assert await portal.databases.list() == [active]


async def test_databases_are_listed_by_name_whatever_the_letter_case(portal: Organization) -> None:
    for name in ["beta", "Gamma", "Alpha"]:
        await portal.database(name)
    assert [database.name for database in await portal.databases.list()] == ["Alpha", "beta", "Gamma"]


async def test_a_database_is_found_by_id_and_by_name(portal: Organization) -> None:
    created = await portal.database("shop")
    assert await portal.databases.find(created.id) == created
    assert await portal.databases.find(" shop ") == created
    with pytest.raises(NotFoundError, match="no database 'Shop'"):
        await portal.databases.find("Shop")


async def test_an_id_is_stronger_than_a_name_that_looks_like_it(portal: Organization) -> None:
    first = await portal.database("first")
    await portal.database(first.id)
    assert (await portal.databases.find(first.id)).name == "first"


async def test_a_taken_name_is_a_conflict_and_everything_wrong_is_said_at_once(portal: Organization) -> None:
    await portal.database("shop")
    with pytest.raises(ConflictError, match="already a database called 'shop'"):
        await portal.database("shop")
    with pytest.raises(RuleError) as caught:
        await portal.database("x", cloud_provider="ibm")
    assert [problem.field for problem in caught.value.problems] == ["name", "cloud_provider"]
    with pytest.raises(RuleError) as caught:
        await portal.database("x", region="mars-1")
    assert [problem.field for problem in caught.value.problems] == ["name", "region"]
    assert len(await portal.databases.list()) == 1


async def test_two_programs_that_create_the_same_name_get_one_database(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as other:
        results = await asyncio.gather(one.database("shop"), other.database("shop"), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["ConflictError", "Database"]
        assert await one.databases.list() == await other.databases.list()
        assert len(await one.databases.list()) == 1


async def test_deleting_a_database_takes_it_out_of_every_scope(portal: Organization) -> None:
    shop, blog = await portal.database("shop"), await portal.database("blog")
    before = await portal.credential("hf-prod", shop, blog)
    await portal.databases.delete(shop.id)
    (credential,) = (await portal.integrations.get(SERVERLESS)).credentials
    assert credential.databases == (blog,)
    assert credential.version != before.version
    assert await portal.databases.list() == [blog]


async def test_a_database_that_is_gone_is_not_found(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.databases.delete(shop.id)
    with pytest.raises(NotFoundError):
        await portal.databases.delete(shop.id)
    with pytest.raises(NotFoundError):
        await portal.databases.activate(shop.id)


async def test_a_name_is_free_again_after_its_database_was_deleted(portal: Organization) -> None:
    old = await portal.database("shop")
    await portal.credential("hf-prod", old)
    await portal.databases.delete(old.id)
    new = await portal.databases.create(DatabaseDraft("shop"))
    assert new.id != old.id
    assert not await portal.integrations.covers(new.id, SERVERLESS, "hf-prod")


async def test_changes_of_databases_are_noted(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.credential("hf-prod", shop)
    await portal.databases.delete(shop.id)
    async with portal.catalog.read() as rows:
        newest, _, oldest = await rows.audit()
    assert (oldest.os_user, oldest.action, oldest.at.isoformat()) == (
        "ada",
        "database.create",
        "2026-11-20T12:00:00+00:00",
    )
    assert newest.action == "database.delete"
    assert newest.detail == f'{{"id": "{shop.id}", "name": "shop", "scopes": ["huggingface/hf-prod"]}}'


async def test_a_name_that_is_not_utf_8_is_refused_and_not_found(portal: Organization) -> None:
    word = os.fsdecode(b"shop-\xff")
    with pytest.raises(RuleError, match=r"not U\+DCFF"):
        await portal.database(word)
    with pytest.raises(NotFoundError):
        await portal.databases.find(word)
    with pytest.raises(NotFoundError):
        await portal.integrations.remove_credential(SERVERLESS, word)
    with pytest.raises(RuleError, match=r"not U\+DCFF"):
        await portal.credential(word)
