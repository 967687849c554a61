"""Sealing all secrets with a new key: killed at any moment, no secret is lost and none is in clear."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.errors import SecretUnreadableError
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.credentials.reencryption import Reencryption
from storage.secrets.box import SecretBox, key_id_of
from storage.secrets.key_file import KeyFile
from tests.portal import reencryption_worker
from tests.portal.test_credential_secrets import contents
from tests.support.portal import DEDICATED, SERVERLESS, Organization, opened

SECRETS = {f"key-{number}": f"hf_SENTINEL-number-{number:02}-{'x' * 20}" for number in range(6)}
KILLS = 20


def change_of(portal: Organization) -> Reencryption:
    return Reencryption(portal.catalog, SecretBox(KeyFile(portal.key_file)), AuditTrail(user="ada"))


async def prepare(portal: Organization) -> str:
    """Add all secrets to one database's reach; return its id."""
    shop = await portal.database("shop")
    for name, secret in SECRETS.items():
        await portal.credential(name, shop, secret=secret)
    return shop.id


async def all_revealed(portal: Organization, database_id: str) -> dict[str, str]:
    return {
        name: (await portal.integrations.resolve(database_id, SERVERLESS, name)).get_secret_value() for name in SECRETS
    }


async def test_every_secret_has_the_new_key_and_the_old_one_is_gone(portal: Organization) -> None:
    database = await prepare(portal)
    (old,) = KeyFile(portal.key_file).keys()
    done = await change_of(portal).run()
    (new,) = KeyFile(portal.key_file).keys()
    assert (done.resealed, done.unreadable) == (len(SECRETS), ())
    assert new != old
    async with portal.catalog.read() as rows:
        assert {key_id_of(row.ciphertext) for row in await rows.sealed_secrets()} == {new.id}
        assert (await rows.audit(limit=1))[0].action == "secrets.reencrypt"
    assert await all_revealed(portal, database) == SECRETS


async def test_a_secret_whose_key_is_lost_is_named_and_keeps_no_other_back(portal: Organization) -> None:
    await portal.credential("lost-key", provider=DEDICATED)
    portal.key_file.unlink()
    database = await prepare(portal)
    done = await change_of(portal).run()
    assert done.unreadable == (f"{DEDICATED}/lost-key",)
    assert await all_revealed(portal, database) == SECRETS


async def test_wrong_modes_are_refused_with_the_fix_and_nothing_is_changed(portal: Organization) -> None:
    database = await prepare(portal)
    portal.key_file.chmod(0o644)
    kept = portal.key_file.read_bytes()
    with pytest.raises(SecretUnreadableError) as caught:
        await change_of(portal).run()
    assert caught.value.hint == f"Run: chmod 600 {portal.key_file}"
    portal.key_file.chmod(0o600)
    assert portal.key_file.read_bytes() == kept
    assert await all_revealed(portal, database) == SECRETS


async def test_a_secret_added_by_a_program_that_read_the_old_key_is_sealed_again(
    portal: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await prepare(portal)
    secrets = portal.integrations._secrets
    keep = secrets.keep

    async def slow(*arguments: object) -> object:
        kept = await keep(*arguments)  # type: ignore[arg-type]
        monkeypatch.undo()
        await change_of(portal).run()
        return kept

    monkeypatch.setattr(secrets, "keep", slow)
    shop = await portal.databases.find(database)
    await portal.credential("late-key", shop, secret="hf_late-secret-0001")
    revealed = await portal.integrations.resolve(database, SERVERLESS, "late-key")
    assert revealed.get_secret_value() == "hf_late-secret-0001"


async def test_killed_at_twenty_moments_no_secret_is_lost_and_none_in_clear(folder: Path) -> None:
    async with opened(folder) as portal:
        database = await prepare(portal)
    moments = random.Random(20)  # noqa: S311 - the same moments in every run
    with killer(folder) as kill:
        for _ in range(KILLS):
            kill(moments.uniform(0.0, 0.03))
            async with opened(folder) as portal:
                assert await all_revealed(portal, database) == SECRETS
            files = contents(folder)
            assert not [name for name, content in files.items() if b"SENTINEL" in content]
    async with opened(folder) as portal:
        await change_of(portal).run()
        assert len(KeyFile(portal.key_file).keys()) == 1, "the keys of interrupted runs are dropped"
        assert await all_revealed(portal, database) == SECRETS


@contextmanager
def killer(folder: Path) -> Iterator[Callable[[float], None]]:
    """Lend a function that re-encrypts in another process and kills it so many seconds after it has begun."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, reencryption_worker.__file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def kill(seconds: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "killed\n"

    with process:
        yield kill


async def test_after_a_lost_key_a_rotation_enters_the_secret_anew(portal: Organization) -> None:
    database = await prepare(portal)
    portal.key_file.unlink()
    for name, secret in SECRETS.items():
        await portal.integrations.rotate(SERVERLESS, name, SecretStr(secret))
    assert await all_revealed(portal, database) == SECRETS
