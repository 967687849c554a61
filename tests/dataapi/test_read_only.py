"""The door through which nothing can be changed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from astrolabe.dataapi.language.commands.parsing import COMMANDS
from astrolabe.dataapi.protocol import JsonValue, Response
from astrolabe.dataapi.read_only import READING, ReadOnlyDataApi


class Recorder:
    """Notes what reaches the database."""

    endpoint = "http://127.0.0.1:8181"

    def __init__(self) -> None:
        self.commands: list[JsonValue] = []

    async def execute(
        self,
        command: JsonValue,
        *,
        keyspace: str | None = None,  # noqa: ARG002 - the seam has it
        name: str | None = None,  # noqa: ARG002
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Response:
        self.commands.append(command)
        return Response(status={"ok": 1})


@pytest.mark.parametrize(
    "name", ["insertOne", "deleteMany", "findOneAndUpdate", "createCollection", "dropKeyspace", "x"]
)
async def test_a_changing_command_does_not_reach_the_database(name: str) -> None:
    recorder = Recorder()
    answer = await ReadOnlyDataApi(recorder).execute({name: {}}, keyspace="ks")
    assert answer.errors[0].code == "UNAUTHORIZED_ACCESS"
    assert name in answer.errors[0].message
    assert recorder.commands == []


async def test_a_changing_command_cannot_hide_behind_a_reading_one() -> None:
    recorder = Recorder()
    answer = await ReadOnlyDataApi(recorder).execute({"find": {}, "deleteMany": {}})
    assert answer.errors
    assert recorder.commands == []


@pytest.mark.parametrize("command", [{"find": {}}, {"countDocuments": {}}, {}, [], "text", None])
async def test_reading_and_what_is_no_command_are_answered_by_the_database(command: JsonValue) -> None:
    recorder = Recorder()
    await ReadOnlyDataApi(recorder).execute(command)
    assert recorder.commands == [command]


def test_every_command_that_is_not_for_reading_says_by_its_name_that_it_changes() -> None:
    changing = {name for level in COMMANDS.values() for name in level} - READING
    prefixes = ("insert", "update", "delete", "create", "drop", "alter", "findOneAnd")
    assert [name for name in changing if not name.startswith(prefixes)] == []
