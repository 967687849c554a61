"""The leak hunt: a secret goes through everything, and is found nowhere but in the requests to the provider."""

from __future__ import annotations

import base64
import logging
import urllib.parse
from dataclasses import replace
from pathlib import Path

import pytest
import textual.constants
from pydantic import SecretStr
from textual import events

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets import Language, render
from astrolabe.dataapi.language.service import service_json
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import AstrolabeError
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from screens.integrations.provider_page import IntegrationPage
from screens.kit.app_base import Section
from tests.cli.conftest import Program, closed_logs, empty_home, program
from tests.support.console import Scene, SceneConsole
from tests.support.provider_server import Answer, ProviderServer
from tests.support.shop import NAME, OLD, PROVIDER, SERVICE, shop_with_notes, urls
from tests.support.walker import Walker
from tests.walk.conftest import same_everywhere
from tui.cli.process import start_log

__all__ = ["closed_logs", "empty_home", "program", "same_everywhere"]

SENTINEL = "hf_LEAKhunt/typed+7Qz9=="
FAILURES = (
    Answer(400, {"error": f"the key {SENTINEL} is malformed"}),
    Answer(401, {"error": f"unknown token {SENTINEL}"}),
    Answer(402, {"message": "Payment required", "headers": {"authorization": f"Bearer {SENTINEL}"}}),
    Answer(403, f"<html>{SENTINEL} may not</html>"),
    Answer(404, {"error": "no such model"}),
    Answer(413, {"error": "too long"}),
    Answer(429, {"error": "slow down"}, {"retry-after": "1"}),
    Answer(500, {"error": f"{urllib.parse.quote(SENTINEL, safe='')} crashed us"}),
    Answer(200, {"unexpected": SENTINEL}),
    Answer(fault="close"),
    Answer(fault="reset"),
)
"""What providers do, the careless ones among them: they say back what they were sent."""


def forms(secret: str) -> set[bytes]:
    """Return the spellings of a secret that would give it away."""
    raw = secret.encode()
    found = {raw, secret.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()}
    found |= {urllib.parse.quote(secret, safe=safe).encode() for safe in ("", "/")}
    for shift in range(3):  # wherever in a longer text it stood; the ends depend on the neighbours
        whole = base64.b64encode(b"x" * shift + raw)
        found |= {whole[4 : len(whole) - 4], base64.urlsafe_b64encode(b"x" * shift + raw)[4 : len(whole) - 4]}
    return found


def leaks(places: dict[str, str | bytes]) -> list[str]:
    """Return the names of the places where a spelling of the secret is found."""
    spellings = forms(SENTINEL)
    contents = {
        name: text.encode("utf-8", "replace") if isinstance(text, str) else text for name, text in places.items()
    }
    return [
        f"{name}: {spelling.decode('utf-8', 'replace')}"
        for name, content in contents.items()
        for spelling in spellings
        if spelling in content
    ]


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file, by path: stores, logs, exports, settings."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def own_log(empty_home: Path) -> Path:
    """Our log at its most talkative, in the test's home folder."""
    start_log("debug")
    handler = logging.getLogger("screens").handlers[0]
    assert isinstance(handler, logging.FileHandler)
    path = Path(handler.baseFilename)
    assert path.is_relative_to(empty_home)
    return path


class Evidence:
    """What the console shows and keeps, gathered step by step."""

    def __init__(self, user: Walker) -> None:
        self.user = user
        self.places: dict[str, str | bytes] = {}
        self.workers: list[str] = []

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.user.press(key)
            self.look(key)

    async def type(self, text: str) -> None:
        await self.user.type(text)
        self.look(f"typing {len(text)}")

    def look(self, after: str) -> None:
        app = self.user.pilot.app
        self.places[f"{len(self.places)} {app.screen!r} after {after}"] = self.user.screen
        self.workers += [f"{worker.name} {worker.description} {worker!r}" for worker in app.workers]


async def hunt(evidence: Evidence, server: ProviderServer) -> None:
    """Type the secret into the dialogs, fail in every way, and visit every page."""
    await evidence.press("right", "right", "enter", "a")
    await evidence.type("-bad-")
    await evidence.press("tab")
    await evidence.type(SENTINEL)
    await evidence.press("ctrl+s", "f1", "escape", "ctrl+c", "escape")
    await evidence.press("m", "r")
    await evidence.type(SENTINEL)
    for failure in FAILURES:
        server.script(failure)
        await evidence.press("ctrl+s")
        await evidence.user.until(lambda: "Working" not in evidence.user.screen)
        evidence.look("a failure")
    await evidence.press("ctrl+s")
    await evidence.user.sees("z9==")
    server.script(*FAILURES[:4])
    for _ in FAILURES[:4]:
        await evidence.press("t", "c", "escape")
    await evidence.press("t", "h", "escape", "d", "escape", "x", "escape", "1", "2", "3")
    server.script(FAILURES[1])
    await evidence.press("4")
    await evidence.type("bicycle")
    await evidence.press("enter", "c", "escape", "enter", "f2", "escape", "5", "enter", "escape", "a", "enter")


async def test_the_secret_is_found_nowhere_in_the_console(
    tmp_path: Path, own_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with ProviderServer() as server:
        scene = Scene(tmp_path / "data", shop_with_notes, Section.INTEGRATIONS, tuple(urls(server).items()))
        app = SceneConsole(scene)
        async with app.run_test(size=(80, 24)) as pilot:
            evidence = Evidence(Walker(pilot))
            server.requests.clear()
            await hunt(evidence, server)
            entries = app.workspace.activity.entries
            evidence.places["activity"] = repr(entries)
            for language in Language:
                snippets = [render(entry.planned, entry.endpoint, language) for entry in entries]
                evidence.places[f"snippets {language}"] = "\n".join(snippets)
            evidence.places["audit"] = await app.workspace.audit.as_jsonl() + await app.workspace.audit.as_csv()
            evidence.places["workers"] = "\n".join(evidence.workers)
            evidence.places["clipboard"] = app.clipboard
            evidence.places["screenshot"] = app.export_screenshot()
    assert len(evidence.places) > 60
    evidence.places |= files_in(tmp_path)
    assert str(own_log) in evidence.places
    assert leaks(evidence.places) == []
    assert any(request.headers["authorization"] == f"Bearer {SENTINEL}" for request in server.requests)


async def test_what_is_typed_and_pasted_is_not_in_the_frameworks_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "textual.log"
    monkeypatch.setattr(textual.constants, "LOG_FILE", str(path))  # as TEXTUAL_LOG sets it
    app = SceneConsole(Scene(tmp_path / "data", None, Section.INTEGRATIONS))
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press("right", "right", "enter", "a")
        await user.type("typed")
        await user.press("tab")
        await user.type(SENTINEL)
        app.post_message(events.Paste(f"{SENTINEL}\n"))
        await user.press("ctrl+s")
    logged = path.read_text()
    assert "AddCredentialDialog" in logged
    assert leaks({"log": logged}) == []
    keys = [line for line in logged.splitlines() if "Key(key=" in line]
    assert keys == [], "one letter at a time is the secret, too"


async def test_a_crash_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(_page: IntegrationPage) -> None:
        secret = SENTINEL
        raise RuntimeError(f"something with {len(secret)} characters")

    monkeypatch.setattr(IntegrationPage, "action_integration_more", crash)
    async with ProviderServer() as server:
        scene = Scene(tmp_path / "data", shop_with_notes, Section.INTEGRATIONS, tuple(urls(server).items()))
        app = SceneConsole(scene)
        with pytest.raises(RuntimeError):
            async with app.run_test(size=(80, 24)) as pilot:
                await Walker(pilot).press("right", "right", "enter", "m")
    rendered = capsys.readouterr().err
    assert "something with" not in rendered, "an error's own words may quote a value"
    assert leaks({"crash": rendered}) == []


def test_the_secret_is_printed_by_no_verb(
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASTROLABE_LOG_LEVEL", "debug")
    monkeypatch.setenv("ASTROLABE_PROVIDERS__huggingface__URL", "http://127.0.0.1:9/{modelId}")
    token = (NAME, "--provider", "huggingface")
    outcomes = [
        program("databases", "create", "shop"),
        program("credentials", "add", *token, "--database", "shop", stdin=SENTINEL),
        program("credentials", "add", *token, stdin=f"{SENTINEL}\n{SENTINEL}"),
        program("credentials", "rotate", *token, stdin=SENTINEL + "é"),
        program("credentials", "rotate", *token, stdin=SENTINEL),
        program("credentials", "test", *token),
        *(program(noun, "list", "--format", "json") for noun in ("credentials", "scopes", "integrations")),
        program("credentials", "rehearse", *token),
        program("doctor", "--ask-providers", "--format", "json"),
        program("credentials", "reencrypt"),
        program("audit", "--format", "json"),
        program("info"),
    ]
    places: dict[str, str | bytes] = {str(number): one.out + one.err for number, one in enumerate(outcomes)}
    places |= files_in(tmp_path)
    assert [outcome.code for outcome in outcomes] == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0]
    assert OLD not in str(places)
    assert leaks(places) == []


async def test_the_secret_of_a_tables_column_is_found_nowhere(tmp_path: Path, own_log: Path) -> None:
    """A column's service is attached and dropped, and a load and a search fail in every way that says the key back."""
    columns = {"id": "text", "v": {"type": "vector", "service": service_json(replace(SERVICE, credential=NAME))}}
    path = tmp_path / "rows.csv"
    path.write_text("id,v\na,a red bicycle\n")
    told: list[str] = []
    async with ProviderServer() as server:
        options = WorkspaceOptions(tmp_path / "data", provider_urls=urls(server))
        async with Workspace.opened(options) as workspace:
            database = await workspace.create_database(DatabaseDraft("shop"))
            await workspace.integrations.add_credential(
                CredentialDraft(PROVIDER, NAME, SecretStr(SENTINEL), (database.id,))
            )
            client = await workspace.client(database)

            async def send(command: Json, name: str | None = None) -> None:
                try:
                    told.append(repr(await client.run(PlannedCommand(command, DEFAULT_KEYSPACE, name))))
                except AstrolabeError as error:
                    told.append(f"{error!r} {error} {error.__dict__}")

            await send({"createTable": {"name": "t", "definition": {"columns": columns, "primaryKey": "id"}}})
            await send({"createVectorIndex": {"name": "i", "definition": {"column": "v"}}}, "t")
            info = await client.table(DEFAULT_KEYSPACE, "t")
            assert info is not None
            for failure in (one for one in FAILURES if one.status not in {429, 500} and not one.fault):
                server.script(failure, failure)
                plan = LoadPlan(path, database.id, info)
                told.append(repr(await run_load(plan, client.collection(DEFAULT_KEYSPACE, "t"), workspace.ledger)))
                await send({"find": {"sort": {"v": "a bicycle"}}}, "t")
            await send({"alterTable": {"operation": {"dropVectorize": {"columns": ["v"]}}}}, "t")
            await send({"listTables": {"options": {"explain": True}}})
            places: dict[str, str | bytes] = {
                "activity": repr(workspace.activity.entries),
                "audit": await workspace.audit.as_jsonl(),
                "told": "\n".join(told),
            }
        assert any(SENTINEL in request.headers.get("authorization", "") for request in server.requests)
    places |= files_in(tmp_path)
    assert str(own_log) in places
    assert leaks(places) == []
