"""The programs that dialogs show in curl, TypeScript and Java compile, run, and send the command that was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from astrolabe.dataapi.client.snippets import Language, render
from tests.support.official_clients import needs_java, needs_node, run_java, run_shell, run_typescript
from tests.support.served import DATABASE, TOKEN, Served
from tests.support.snippet_walk import WALK, Walked, not_sent, programs, variables
from tests.support.table_walk import TABLE_WALK

Runner = Callable[[Path, Mapping[str, str], Mapping[str, str]], dict[str, str]]


@pytest.mark.parametrize("walk", [pytest.param(WALK, id="collection"), pytest.param(TABLE_WALK, id="table")])
@pytest.mark.parametrize(
    ("language", "runner"),
    [
        pytest.param(Language.CURL, run_shell, id="curl"),
        pytest.param(Language.TYPESCRIPT, run_typescript, marks=needs_node, id="TypeScript"),
        pytest.param(Language.JAVA, run_java, marks=needs_java, id="Java"),
    ],
)
def test_every_command_is_sent_as_it_was_shown(
    server: Served, tmp_path: Path, language: Language, runner: Runner, walk: tuple[Walked, ...]
) -> None:
    endpoint = f"{server.address}/databases/{DATABASE}"
    texts = programs(render(walked.planned, endpoint, language) for walked in walk)
    assert not any(TOKEN in text for text in texts.values())
    server.workspace.activity.clear()
    printed = runner(tmp_path, texts, variables(endpoint, TOKEN))
    assert not_sent(server.workspace.activity.entries, walk) == []
    assert [name for name, walked in zip(texts, walk, strict=True) if walked.word not in printed[name]] == []
    assert [entry.detail for entry in server.workspace.activity.entries if entry.error_code] == []
