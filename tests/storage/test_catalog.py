"""The catalog's rows on a real file: what goes in comes out, constraints hold, and other connections see it."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_asyncio

from storage.catalog.catalog import Catalog, CatalogReader, CatalogWriter
from storage.catalog.connection_rows import ConnectionRow
from storage.catalog.rows import CONNECTION, MIGRATIONS, DatabaseRow, NewCredential, SealedSecret, StoredSecret
from storage.errors import CorruptStoreError, NewerSchemaError, StorageError
from storage.secrets.references import ReferenceKind, SecretReference

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def database(database_id: str, name: str | None = None) -> DatabaseRow:
    return DatabaseRow(database_id, name or f"name of {database_id}", "aws", "us-east-2", "initializing", NOON)


def credential(name: str, provider: str = "p", secret: StoredSecret | None = None) -> NewCredential:
    return NewCredential(provider, name, secret or SealedSecret(b"\x01sealed"), "••••", NOON)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "catalog.db"


@pytest_asyncio.fixture
async def catalog(path: Path) -> AsyncIterator[Catalog]:
    opened = await Catalog.open(path)
    yield opened
    await opened.close()


async def test_the_file_is_for_its_owner_alone(catalog: Catalog, path: Path) -> None:
    assert await catalog.revision() == 0
    assert (mode_of(path.parent), mode_of(path)) == (0o700, 0o600)


async def test_a_database_comes_back_as_it_went_in(catalog: Catalog) -> None:
    east = timezone(timedelta(hours=9))
    row = DatabaseRow("d1", "東京 ' \" %", "gcp", "us-east1", "active", NOON.astimezone(east))
    async with catalog.write() as rows:
        await rows.insert_database(row)
    async with catalog.read() as reader:
        found = await reader.database("d1")
        assert found == row
        assert await reader.database_named("東京 ' \" %") == row
        assert await reader.database("d2") is None
        assert await reader.databases() == [row]


async def test_a_moment_needs_a_time_zone(catalog: Catalog) -> None:
    naive = DatabaseRow("d1", "name", "aws", "us-east-2", "active", NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="time zone"):
        async with catalog.write() as rows:
            await rows.insert_database(naive)


async def test_a_databases_status_changes(catalog: Catalog) -> None:
    async with catalog.write() as rows:
        await rows.insert_database(database("d1"))
        assert await rows.set_database_status("d1", "active")
        assert not await rows.set_database_status("d2", "active")
        (row,) = await rows.databases()
    assert row.status == "active"


@pytest.mark.parametrize(
    "secret",
    [
        SealedSecret(bytes(range(256))),
        SecretReference(ReferenceKind.ENVIRONMENT, "HF_TOKEN"),
        SecretReference(ReferenceKind.FILE, "/run/secrets/hf"),
        SecretReference(ReferenceKind.COMMAND, "pass show 'h f'"),
    ],
)
async def test_a_credential_keeps_a_sealed_secret_or_a_reference(catalog: Catalog, secret: StoredSecret) -> None:
    async with catalog.write() as rows:
        await rows.insert_database(database("d1"))
        number = await rows.insert_credential(credential("key", secret=secret), ["d1"])
    async with catalog.read() as reader:
        assert await reader.stored_secret(number) == secret
        row = await reader.credential("p", "key")
        assert row is not None
        assert (row.id, row.provider, row.name, row.masked, row.created_at) == (number, "p", "key", "••••", NOON)
        assert row.databases == (database("d1"),)
        assert await reader.stored_secret(number + 1) is None
        assert await reader.credential("q", "key") is None


async def test_a_secret_is_replaced_in_place(catalog: Catalog) -> None:
    reference = SecretReference(ReferenceKind.FILE, "/token")
    async with catalog.write() as rows:
        number = await rows.insert_credential(credential("key"))
    async with catalog.write() as rows:
        assert await rows.replace_secret(number, reference, "file /token")
        assert not await rows.replace_secret(number + 1, reference, "")
        row = await rows.credential("p", "key")
        assert row is not None
        assert (row.masked, row.version) == ("file /token", rows.revision)
        assert await rows.stored_secret(number) == reference


async def test_credentials_are_listed_by_provider_and_name_with_their_scopes(catalog: Catalog) -> None:
    async with catalog.write() as rows:
        for name in ["d1", "d2"]:
            await rows.insert_database(database(name))
        await rows.insert_credential(credential("beta", "q"), ["d2", "d1"])
        await rows.insert_credential(credential("Gamma", "p"))
        await rows.insert_credential(credential("beta", "p"), ["d1"])
        every = [(row.provider, row.name, [one.id for one in row.databases]) for row in await rows.credentials()]
        assert [row.name for row in await rows.credentials("p")] == ["beta", "Gamma"]
    assert every == [("p", "beta", ["d1"]), ("p", "Gamma", []), ("q", "beta", ["d1", "d2"])]


@pytest.mark.parametrize("again", ["id", "name", "credential", "database of a scope", "status"])
async def test_the_schema_refuses_what_must_not_be_and_keeps_nothing(catalog: Catalog, again: str) -> None:
    async def break_it(rows: CatalogWriter) -> None:
        await rows.put_setting("kept", "yes")
        match again:
            case "id":
                await rows.insert_database(database("d1", "other"))
            case "name":
                await rows.insert_database(database("d2", "name of d1"))
            case "credential":
                await rows.insert_credential(credential("key"))
            case "database of a scope":
                await rows.insert_credential(credential("second"), ["gone"])
            case _:
                await rows.set_database_status("d1", "melted")

    async with catalog.write() as rows:
        await rows.insert_database(database("d1"))
        await rows.insert_credential(credential("key"))
    with pytest.raises(sqlite3.IntegrityError):
        async with catalog.write() as rows:
            await break_it(rows)
    assert await catalog.setting("kept") is None
    assert await catalog.revision() == 1


async def test_deleting_takes_scopes_and_secrets_along(catalog: Catalog) -> None:
    async with catalog.write() as rows:
        await rows.insert_database(database("d1"))
        await rows.insert_database(database("d2"))
        number = await rows.insert_credential(credential("key"), ["d1", "d2"])
    async with catalog.write() as rows:
        assert await rows.delete_database("d1")
        assert not await rows.delete_database("d1")
        (row,) = await rows.credentials()
        assert row.databases == (database("d2"),)
        assert row.version == rows.revision
    async with catalog.write() as rows:
        assert await rows.delete_credential(number)
        assert not await rows.delete_credential(number)
        assert await rows.stored_secret(number) is None
        assert await rows.delete_database("d2")


async def test_numbers_and_versions_are_never_used_again(catalog: Catalog) -> None:
    seen: list[tuple[int, int]] = []
    for _ in range(3):
        async with catalog.write() as rows:
            number = await rows.insert_credential(credential("key"))
            row = await rows.credential("p", "key")
            assert row is not None
            seen.append((number, row.version))
            await rows.delete_credential(number)
    assert seen == [(1, 1), (2, 2), (3, 3)]


async def test_a_scope_changes_the_version_only_when_it_changes(catalog: Catalog) -> None:
    async def version() -> int:
        async with catalog.read() as reader:
            row = await reader.credential("p", "key")
        assert row is not None
        return row.version

    async with catalog.write() as rows:
        await rows.insert_database(database("d1"))
        number = await rows.insert_credential(credential("key"))
    async with catalog.write() as rows:
        assert await rows.add_to_scope(number, ["d1", "d1"]) == 1
    assert await version() == 2
    async with catalog.write() as rows:
        assert await rows.add_to_scope(number, ["d1"]) == 0
        assert not await rows.remove_from_scope(number, "d2")
    assert await version() == 2
    async with catalog.write() as rows:
        assert await rows.remove_from_scope(number, "d1")
    assert await version() == 4


async def test_settings_are_kept_changed_and_removed(catalog: Catalog) -> None:
    assert await catalog.setting("theme") is None
    await catalog.put_setting("theme", "dark")
    await catalog.put_setting("theme", "")
    assert await catalog.setting("theme") == ""
    await catalog.put_setting("theme", None)
    assert await catalog.setting("theme") is None


async def test_the_audit_trail_is_read_newest_first_in_pages(catalog: Catalog) -> None:
    async with catalog.write() as rows:
        for number in range(5):
            await rows.append_audit(NOON, "ada", "database.create", {"name": f"ü{number}"})
        newest, second = await rows.audit(limit=2)
        assert (newest.detail, newest.os_user, newest.at) == ('{"name": "ü4"}', "ada", NOON)
        assert [entry.detail for entry in await rows.audit(before=second.id)] == [
            f'{{"name": "ü{number}"}}' for number in (2, 1, 0)
        ]


async def test_a_reader_sees_one_state_while_another_connection_writes(catalog: Catalog, path: Path) -> None:
    other = await Catalog.open(path)
    try:
        async with catalog.read() as reader:
            assert await reader.databases() == []
            async with other.write() as rows:
                await rows.insert_database(database("d1"))
            assert await reader.databases() == []
        async with catalog.read() as reader:
            assert await reader.databases() == [database("d1")]
        assert await catalog.revision() == await other.revision() == 1
    finally:
        await other.close()


async def test_writers_of_two_connections_queue(catalog: Catalog, path: Path) -> None:
    other = await Catalog.open(path)
    try:
        await asyncio.gather(*(one.put_setting(f"{id(one)}-{n}", "x") for n in range(10) for one in (catalog, other)))
        assert await catalog.revision() == 20
    finally:
        await other.close()


async def test_a_row_that_does_not_decode_is_reported_as_damage(catalog: Catalog, path: Path) -> None:
    async with catalog.write() as rows:
        await rows.insert_database(database("d1"))
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE database SET created_at = 'yesterday'")
    connection.close()
    with pytest.raises(CorruptStoreError, match="'yesterday'"):
        async with catalog.read() as reader:
            await reader.databases()


async def test_a_catalog_of_a_newer_program_is_left_alone(path: Path) -> None:
    await (await Catalog.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(NewerSchemaError):
        await Catalog.open(path)


async def test_tokens_of_an_earlier_release_may_do_everything_as_before(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as old:
        for migration in MIGRATIONS[:4]:
            for statement in migration.statements:
                old.execute(statement)
        old.execute("INSERT INTO application_token VALUES ('id', 'shop', x'00', '2026-03-04T05:06:07+00:00')")
        old.execute("PRAGMA user_version = 4")
    old.close()
    catalog = await Catalog.open(path)
    async with catalog.read() as rows:
        (token,) = await rows.tokens()
    assert (token.name, token.read_only, token.databases) == ("shop", False, None)
    await catalog.close()


async def test_a_catalog_of_an_earlier_release_takes_connections(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as old:
        for migration in MIGRATIONS[:5]:
            for statement in migration.statements:
                old.execute(statement)
        old.execute("PRAGMA user_version = 5")
    old.close()
    catalog = await Catalog.open(path)
    row = ConnectionRow("cloud", "astra", "https://api.example.com/v2", {"user": "u"}, True, False, NOON)
    async with catalog.write() as rows:
        await rows.put_connection(row)
        await rows.insert_credential(credential("cloud", CONNECTION))
    async with catalog.read() as rows:
        assert await rows.connections() == [replace(row, masked="••••")]
        assert await rows.credentials() == []
        assert [one.name for one in await rows.sealed_secrets()] == ["cloud"]
    async with catalog.write() as rows:
        assert await rows.delete_connection("cloud")
        assert not await rows.delete_connection("cloud")
        assert await rows.sealed_secrets() == []
    await catalog.close()


async def test_a_closed_catalog_says_so(path: Path) -> None:
    catalog = await Catalog.open(path)
    await catalog.close()
    await catalog.close()
    with pytest.raises(StorageError, match="closed"):
        await catalog.setting("theme")


async def test_what_is_remembered_is_read_again_when_another_program_has_changed_the_catalog(
    catalog: Catalog, path: Path
) -> None:
    reads: list[int] = []

    async def names(rows: CatalogReader) -> list[str]:
        reads.append(1)
        return [row.name for row in await rows.databases()]

    assert [await catalog.remembered("names", names) for _ in range(3)] == [[], [], []]
    other = await Catalog.open(path)
    async with other.write() as rows:
        await rows.insert_database(database("d1", "books"))
    assert [await catalog.remembered("names", names) for _ in range(3)] == [["books"]] * 3
    async with other.write() as rows:
        await rows.delete_database("d1")
    assert await catalog.remembered("names", names) == []
    assert len(reads) == 3
    await other.close()


async def test_an_answer_from_before_a_change_is_not_remembered_after_it(catalog: Catalog) -> None:
    async def names(rows: CatalogReader) -> list[str]:
        found = [row.name for row in await rows.databases()]
        async with catalog.write() as writer:  # a change between reading and remembering
            if not found:
                await writer.insert_database(database("d1", "books"))
        return found

    assert await catalog.remembered("names", names) == []
    assert await catalog.remembered("names", names) == ["books"]
