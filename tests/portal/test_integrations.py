"""Integrations, credentials and scopes: what may be added, who may use it, and what removing it does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError
from astrolabe.portal.databases import regions
from astrolabe.portal.organization import Credential, CredentialDraft
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import ModelStatus
from tests.support.portal import DEDICATED, SECRET, SERVERLESS, Organization, opened

PORTAL_ORDER = [provider.label for provider in load_catalogue().providers]


async def offered(portal: Organization, database_id: str) -> dict[str, list[str]]:
    """What a collection of the database may choose: credential names by provider."""
    return {
        choice.provider.key: [credential.name for credential in choice.credentials]
        for choice in await portal.integrations.choices(database_id)
    }


async def test_integrations_come_in_the_portals_order_and_are_active_with_a_credential(portal: Organization) -> None:
    tiles = await portal.integrations.list()
    assert [tile.provider.label for tile in tiles] == PORTAL_ORDER
    assert [tile.provider.key for tile in tiles if tile.active] == ["nvidia", "embedded"]
    await portal.credential()
    assert (await portal.integrations.get(SERVERLESS)).active
    assert not (await portal.integrations.get(DEDICATED)).active
    await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    assert not (await portal.integrations.get(SERVERLESS)).active


async def test_an_unknown_provider_is_not_found(portal: Organization) -> None:
    with pytest.raises(NotFoundError):
        await portal.integrations.get("HuggingFace")
    with pytest.raises(NotFoundError):
        await portal.credential(provider="HuggingFace")


async def test_a_credential_has_its_scope_and_shows_four_characters(portal: Organization) -> None:
    shop, blog = await portal.database("shop"), await portal.database("blog")
    credential = await portal.credential("hf-prod", shop, blog)
    assert [database.name for database in credential.databases] == ["blog", "shop"]
    assert credential.masked == "••••••••" + SECRET[-4:]
    assert (await portal.integrations.get(SERVERLESS)).credentials == (credential,)


async def test_a_secret_is_kept_without_the_white_space_around_it(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.credential("hf-prod", shop, secret=f" {SECRET}\n")
    revealed = await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")
    assert revealed.get_secret_value() == SECRET


async def test_everything_wrong_with_a_draft_is_said_at_once_and_nothing_is_kept(portal: Organization) -> None:
    draft = CredentialDraft("nvidia", "-x.", SecretStr(" "), ("gone", *map(str, range(10))))
    with pytest.raises(RuleError) as caught:
        await portal.integrations.add_credential(draft)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["provider", "name", "name", "name", "secret", "databases", *["databases"] * 11]
    assert not portal.key_file.exists()
    assert all(not tile.credentials for tile in await portal.integrations.list())


async def test_names_are_unique_in_their_integration_only(portal: Organization) -> None:
    await portal.credential("prod")
    await portal.credential("Prod")
    await portal.credential("prod", provider=DEDICATED)
    with pytest.raises(ConflictError, match="already has a user access token called 'prod'"):
        await portal.credential("prod")
    await portal.credential("prod", provider="openai")
    with pytest.raises(ConflictError, match="already has an API key called 'prod'"):
        await portal.credential("prod", provider="openai")


async def test_a_draft_with_a_database_that_is_gone_is_refused_whole(portal: Organization) -> None:
    shop, blog = await portal.database("shop"), await portal.database("blog")
    await portal.databases.delete(shop.id)
    with pytest.raises(NotFoundError, match=shop.id):
        await portal.credential("hf-prod", shop, blog)
    assert (await portal.integrations.get(SERVERLESS)).credentials == ()


async def test_ten_databases_go_into_a_scope_at_once_and_any_number_in_all(portal: Organization) -> None:
    databases = [await portal.database(f"db-{number:02}") for number in range(25)]
    ids = [database.id for database in databases]
    with pytest.raises(RuleError, match="At most 10"):
        await portal.credential("hf-prod", *databases[:11])
    await portal.credential("hf-prod", *databases[:10])
    with pytest.raises(RuleError, match="At most 10"):
        await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", ids[10:21])
    await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", ids[10:20])
    credential = await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", [*ids[19:], *ids[19:]])
    assert [database.id for database in credential.databases] == ids


async def test_a_scope_change_asks_for_existing_things(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.credential("hf-prod")
    with pytest.raises(RuleError, match="at least one"):
        await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", [])
    with pytest.raises(NotFoundError, match="'gone' does not exist any more"):
        await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", [shop.id, "gone"])
    with pytest.raises(NotFoundError, match="no user access token 'other'"):
        await portal.integrations.add_to_scope(SERVERLESS, "other", [shop.id])
    with pytest.raises(NotFoundError, match="does not have the database"):
        await portal.integrations.remove_from_scope(SERVERLESS, "hf-prod", shop.id)
    assert not await portal.integrations.covers(shop.id, SERVERLESS, "hf-prod")


async def test_adding_what_is_already_in_a_scope_changes_nothing(portal: Organization) -> None:
    shop = await portal.database("shop")
    credential = await portal.credential("hf-prod", shop)
    assert await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", [shop.id]) == credential


async def test_an_external_provider_is_offered_only_within_a_scope(portal: Organization) -> None:
    shop, blog = await portal.database("shop"), await portal.database("blog")
    await portal.credential("narrow", shop)
    await portal.credential("broad", shop, blog)
    await portal.credential("unscoped", provider=DEDICATED)
    assert await offered(portal, shop.id) == {"huggingface": ["broad", "narrow"], "nvidia": [], "embedded": []}
    await portal.integrations.remove_from_scope(SERVERLESS, "broad", blog.id)
    assert await offered(portal, blog.id) == {"nvidia": [], "embedded": []}
    with pytest.raises(NotFoundError):
        await portal.integrations.choices("gone")


async def test_a_choice_has_the_supported_models_in_the_documents_order(folder: Path) -> None:
    providers = load_catalogue().providers
    serverless = next(provider for provider in providers if provider.key == SERVERLESS)
    first, second, third, *_ = serverless.models
    models = (first, replace(second, status=ModelStatus.DEPRECATED), third)
    async with opened(folder, catalogue=Catalogue((replace(serverless, models=models),))) as portal:
        shop = await portal.database("shop")
        await portal.credential("hf-prod", shop)
        (choice,) = await portal.integrations.choices(shop.id)
    assert choice.models == (first, third)
    assert first.name == "sentence-transformers/all-MiniLM-L6-v2"


async def test_a_model_is_offered_until_its_last_day_and_a_provider_while_it_has_one(folder: Path) -> None:
    serverless = next(provider for provider in load_catalogue().providers if provider.key == SERVERLESS)
    first, second, third, *_ = serverless.models
    today, yesterday = date(2026, 11, 20), date(2026, 11, 19)
    models = (replace(first, ends=yesterday), replace(second, ends=today), third)
    gone = replace(serverless, key="gone", models=(replace(first, ends=yesterday),), keyless=True)
    async with opened(folder, catalogue=Catalogue((replace(serverless, models=models, keyless=True), gone))) as portal:
        shop = await portal.database("shop")
        (choice,) = await portal.integrations.choices(shop.id)
    assert [model.name for model in choice.models] == [second.name, third.name]


async def test_nvidia_is_offered_in_its_regions_and_only_if_its_address_is_set(folder: Path) -> None:
    async with opened(folder) as portal:
        near = await portal.database("near")
        far = await portal.database("far", cloud_provider="azure", region="eastus")
        assert list(await offered(portal, near.id)) == ["nvidia", "embedded"]
        assert list(await offered(portal, far.id)) == ["embedded"]
    async with opened(folder, catalogue=load_catalogue()) as portal:
        assert list(await offered(portal, near.id)) == ["embedded"]
        assert not (await portal.integrations.get("nvidia")).active


def test_the_regions_of_hosted_providers_can_be_chosen_for_a_database() -> None:
    known = {region for cloud in regions.CLOUD_PROVIDERS for region in regions.regions_of(cloud)}
    for provider in load_catalogue().providers:
        assert set(provider.regions) <= known


async def test_a_hosted_provider_takes_no_credential(portal: Organization) -> None:
    for provider in ("nvidia", "embedded"):
        with pytest.raises(RuleError, match="is hosted"):
            await portal.credential(provider=provider)


async def test_a_secret_is_revealed_only_to_a_database_in_the_scope(portal: Organization) -> None:
    shop, blog = await portal.database("shop"), await portal.database("blog")
    await portal.credential("hf-prod", shop)
    assert (await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")).get_secret_value() == SECRET
    assert await portal.integrations.covers(shop.id, SERVERLESS, "hf-prod")
    assert not await portal.integrations.covers(blog.id, SERVERLESS, "hf-prod")
    with pytest.raises(RuleError, match=r"'blog' is not in the scope of .* user access token 'hf-prod'"):
        await portal.integrations.resolve(blog.id, SERVERLESS, "hf-prod")
    for database_id, provider, name in [
        (shop.id, SERVERLESS, "HF-PROD"),
        (shop.id, DEDICATED, "hf-prod"),
        ("gone", SERVERLESS, "hf-prod"),
    ]:
        with pytest.raises(NotFoundError):
            await portal.integrations.resolve(database_id, provider, name)


async def test_a_removed_credential_stops_at_once_and_works_again_under_the_same_name(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.credential("hf-prod", shop)
    await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    with pytest.raises(NotFoundError, match="no user access token 'hf-prod'"):
        await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")
    with pytest.raises(NotFoundError):
        await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    await portal.credential("hf-prod", shop, secret="hf_the-next-one")
    revealed = await portal.integrations.resolve(shop.id, SERVERLESS, "hf-prod")
    assert revealed.get_secret_value() == "hf_the-next-one"


async def test_two_programs_on_one_folder_see_each_others_changes(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as other:
        shop, blog = await one.database("shop"), await other.database("blog")
        credential = await one.credential("hf-prod", shop)
        assert (await other.integrations.get(SERVERLESS)).credentials == (credential,)
        await other.integrations.add_to_scope(SERVERLESS, "hf-prod", [blog.id])
        assert await one.integrations.covers(blog.id, SERVERLESS, "hf-prod")
        assert (await one.integrations.resolve(blog.id, SERVERLESS, "hf-prod")).get_secret_value() == SECRET
        await one.integrations.remove_credential(SERVERLESS, "hf-prod")
        assert await offered(other, shop.id) == {"nvidia": [], "embedded": []}


Change = Callable[[Organization, Credential], Awaitable[object]]


async def _remove(portal: Organization, seen: Credential) -> None:
    await portal.integrations.remove_credential(seen.provider, seen.name, version=seen.version)


async def _widen(portal: Organization, seen: Credential) -> None:
    ids = [database.id for database in await portal.databases.list()]
    await portal.integrations.add_to_scope(seen.provider, seen.name, ids, version=seen.version)


async def _narrow(portal: Organization, seen: Credential) -> None:
    first = seen.databases[0].id
    await portal.integrations.remove_from_scope(seen.provider, seen.name, first, version=seen.version)


@pytest.mark.parametrize("change", [_remove, _widen, _narrow])
async def test_who_changes_a_credential_that_was_changed_meanwhile_is_told(folder: Path, change: Change) -> None:
    async with opened(folder) as one, opened(folder) as other:
        shop, blog = await one.database("shop"), await one.database("blog")
        seen = await one.credential("hf-prod", shop)
        await other.integrations.add_to_scope(SERVERLESS, "hf-prod", [blog.id])
        with pytest.raises(ConflictError, match="changed by another window or program"):
            await change(one, seen)
        (now,) = (await one.integrations.get(SERVERLESS)).credentials
        assert now.databases == (blog, shop)
        await change(one, now)


async def test_a_credential_that_was_removed_and_added_again_is_another_one(portal: Organization) -> None:
    seen = await portal.credential("hf-prod")
    await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    await portal.credential("hf-prod")
    with pytest.raises(ConflictError):
        await portal.integrations.remove_credential(SERVERLESS, "hf-prod", version=seen.version)


async def test_of_two_programs_that_add_the_same_name_one_is_told(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as other:
        results = await asyncio.gather(
            one.credential(secret="hf_from_program_one"),
            other.credential(secret="hf_from_program_two"),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == ["ConflictError", "Credential"]
        assert len((await one.integrations.get(SERVERLESS)).credentials) == 1


async def test_changes_of_credentials_and_scopes_are_noted_without_the_secret(portal: Organization) -> None:
    shop, blog = await portal.database("shop"), await portal.database("blog")
    await portal.credential("hf-prod", shop)
    await portal.integrations.add_to_scope(SERVERLESS, "hf-prod", [blog.id])
    await portal.integrations.remove_from_scope(SERVERLESS, "hf-prod", shop.id)
    await portal.integrations.remove_credential(SERVERLESS, "hf-prod")
    async with portal.catalog.read() as rows:
        entries = [(entry.action, entry.detail) for entry in await rows.audit(limit=4)]
    assert entries[::-1] == [
        ("credential.add", '{"credential": "hf-prod", "databases": ["shop"], "provider": "huggingface"}'),
        ("scope.add", '{"credential": "hf-prod", "databases": ["blog"], "provider": "huggingface"}'),
        ("scope.remove", '{"credential": "hf-prod", "databases": ["shop"], "provider": "huggingface"}'),
        ("credential.remove", '{"credential": "hf-prod", "databases": ["blog"], "provider": "huggingface"}'),
    ]


async def test_credentials_of_a_provider_that_the_catalogue_no_longer_has_do_no_harm(folder: Path) -> None:
    async with opened(folder) as portal:
        shop = await portal.database("shop")
        await portal.credential("hf-prod", shop)
    catalogue = load_catalogue()
    catalogue.providers = tuple(found for found in catalogue.providers if found.key != SERVERLESS)
    async with opened(folder, catalogue=catalogue) as portal:
        assert SERVERLESS not in [tile.provider.key for tile in await portal.integrations.list()]
        assert await offered(portal, shop.id) == {"embedded": []}
