"""The commands of the guide to tables, in its order, do what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import simplejson
from pydantic import SecretStr

from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import CredentialDraft
from tests.support.local_api import LocalDatabase

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "tables.md"
ON_KEYSPACE = {"createTable", "dropIndex"}


def commands() -> Iterator[Json]:
    """Yield every command of the guide's blocks."""
    decoder = simplejson.JSONDecoder()
    for block in re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        rest = block.strip()
        while rest:
            command, end = decoder.raw_decode(rest)
            yield command
            rest = rest[end:].strip()


async def test_the_commands_of_the_guide_are_answered(db: LocalDatabase) -> None:
    draft = CredentialDraft("openai", "prod", SecretStr("sk-made-up"), (db.database.id,))
    await db.organization.integrations.add_credential(draft)
    answers = {}
    for command in commands():
        verb = next(iter(command))
        on_keyspace = verb in ON_KEYSPACE
        answer = await (db.on_keyspace(command) if on_keyspace else db.on_collection(command, "notes"))
        assert "errors" not in answer, (command, answer)
        answers[verb] = answer
    assert answers["find"]["data"]["documents"][0]["body"] == "the blue bicycle"
    assert len(answers) == 7
