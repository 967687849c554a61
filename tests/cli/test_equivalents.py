"""The command lines that dialogs show are ones that this program takes, whatever stands in them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.raven_server import RavenPlace
from astrolabe.portal.organization import Database, DatabaseDraft, DatabaseStatus
from astrolabe.providers.catalogue.connectors import get_connector
from astrolabe.providers.simulated.rules import Rule, SimulatedFailure
from astrolabe.serving.options import ServerOptions
from astrolabe.text import cli_equivalents as shown
from storage.secrets.references import ReferenceKind, SecretReference
from tui.cli.parser import parse

SECRET = "sk-SENTINEL-9Rk2"
NAME = 'it\'s a "name"; $(rm -rf) & more'
TYPED, FILE = SecretStr(SECRET), SecretReference(ReferenceKind.FILE, "/run/secrets/a key")
VARIABLE, COMMAND = SecretReference(ReferenceKind.ENVIRONMENT, "HF"), SecretReference(ReferenceKind.COMMAND, "pass hf")
STRING = ConnectionStringDraft("Mine", "", "OpenAi", {"Model": NAME, "Dimensions": "512"})
SHOP = Database("id", "shop", "aws", "us-east-2", DatabaseStatus.ACTIVE, datetime(2026, 1, 1, tzinfo=UTC))
BEFORE = ConnectionString("Mine", "mine", get_connector("OpenAi"), STRING.settings, "…", SHOP.created_at, (SHOP,))
RAVEN = RavenPlace("https://r", NAME, Path("a cert.pem"))
RULE = Rule("openai", SimulatedFailure.RATE_LIMITED, 2.5, 3)


@pytest.mark.parametrize(
    ("equivalents", "expected"),
    [
        (shown.create_database(DatabaseDraft(NAME, "gcp", "us-east1"), ""), {"name": NAME, "region": "us-east1"}),
        (shown.delete_database(NAME, "id", ""), {"name": NAME, "yes": False}),
        (shown.add_credential("openai", NAME, TYPED, ["a b", "c"]), {"secret_stdin": True, "database": ["a b", "c"]}),
        (shown.add_credential("openai", NAME, FILE, []), {"secret_file": "/run/secrets/a key", "database": []}),
        (shown.add_credential("openai", NAME, VARIABLE, []), {"secret_env": "HF", "provider": "openai"}),
        (shown.rotate_credential("openai", NAME, COMMAND, test=False), {"secret_command": "pass hf", "no_test": True}),
        (shown.rotate_credential("openai", NAME, TYPED, test=True), {"secret_stdin": True, "no_test": False}),
        (shown.remove_credential("openai", NAME), {"name": NAME, "provider": "openai", "yes": False}),
        (shown.remove_integration("openai"), {"provider": "openai", "yes": False}),
        (shown.add_scope("openai", NAME, ["x", "y z"]), {"name": NAME, "database": ["x", "y z"]}),
        (shown.remove_scope("openai", NAME, "y z"), {"database": "y z", "yes": False}),
        (shown.simulate(RULE), {"provider": "openai", "trouble": "rate-limited", "delay": 2.5, "calls": 3}),
        (shown.simulate(Rule("all", SimulatedFailure.BILLING)), {"provider": "all", "delay": None, "calls": None}),
        (shown.clear_cache(), {"run": "cache.run:clear"}),
        (shown.serve(ServerOptions("::1", 0, TYPED)), {"host": "::1", "port": "0", "require_token": None}),
        (
            shown.serve(
                ServerOptions(
                    require_token=False, database=NAME, certificate=Path("c d"), key=Path("k"), host_names=("box", "b2")
                )
            ),
            {"require_token": False, "database": NAME, "certificate": "c d", "key": "k", "host_names": "box,b2"},
        ),
        (shown.create_token(NAME), {"run": "tokens.run:create", "name": NAME}),
        (shown.revoke_token("id"), {"run": "tokens.run:revoke", "name": "id"}),
        (
            shown.save_connection_string(replace(STRING, name=NAME, secret=TYPED), ["a b", "c"]),
            {
                "run": "connection_strings.run:create",
                "name": NAME,
                "connector": "OpenAi",
                "identifier": None,
                "set": [f"Model={NAME}", "Dimensions=512"],
                "database": ["a b", "c"],
                "secret_stdin": True,
            },
        ),
        (
            shown.save_connection_string(STRING, ["shop"], BEFORE),
            {"run": "connection_strings.run:edit", "name": "mine", "rename": None, "connector": None, "database": None},
        ),
        (
            shown.save_connection_string(
                replace(STRING, name=NAME, settings={**STRING.settings, "Dimensions": ""}, secret=FILE), [], BEFORE
            ),
            {"rename": NAME, "set": ["Dimensions="], "database": [""], "secret_file": "/run/secrets/a key"},
        ),
        (
            shown.save_connection_string(replace(STRING, connector="Ollama", settings={"Uri": "http://h"}), [], BEFORE),
            {"connector": "Ollama", "set": ["Uri=http://h"]},
        ),
        (
            shown.remove_connection_string("mine"),
            {"run": "connection_strings.run:remove", "name": "mine", "yes": False},
        ),
        (
            shown.export_connection_strings(NAME, "mine", with_secrets=True),
            {"run": "connection_strings.run:export", "name": "mine", "output": NAME, "with_secrets": True},
        ),
        (
            shown.export_connection_strings(NAME, None, with_secrets=False),
            {"name": None, "output": NAME, "with_secrets": False},
        ),
        (
            shown.import_connection_strings(NAME, replace=True),
            {"run": "connection_strings.run:import_file", "file": NAME, "replace": True},
        ),
        (
            shown.exchange_with_raven(RAVEN, shown.PUSH, "mine", replace=False, with_secrets=True),
            {
                "run": "connection_strings.run:push",
                "name": "mine",
                "url": "https://r",
                "database": NAME,
                "with_secrets": True,
            }
            | {"certificate": Path("a cert.pem"), "authority": None, "replace": False},
        ),
        (
            shown.exchange_with_raven(RAVEN, shown.PULL, None, replace=True, with_secrets=True),
            {"run": "connection_strings.run:pull", "name": None, "replace": True},
        ),
    ],
)
def test_the_program_takes_what_is_shown(equivalents: Mapping[str, str], expected: Mapping[str, Any]) -> None:
    line = equivalents[shown.COMMAND_LINE]
    assert SECRET not in line
    line = line.replace(" \\\n", " ")  # as the shell does
    words = shlex.split(line.rpartition("| ")[2] if line.startswith("printf") else line)
    assert words[0] == "astrolabe"
    found = vars(parse(words[1:]))
    assert {name: found[name] for name in expected} == expected


def test_long_lines_are_broken_before_their_options() -> None:
    line = shown.add_credential("huggingfaceDedicated", "webstore-prod", TYPED, ["shop", "support"])["astrolabe"]
    first, *others = line.split(" \\\n")
    assert first.startswith('printf %s "$EMBEDDING_API_KEY" | astrolabe credentials add')
    assert all(other.startswith("  --") for other in others)
