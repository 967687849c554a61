"""Each request's line in the log has the status and the code that its program was answered with."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.serving import app
from astrolabe.serving.app import DataApiApp, Policy
from astrolabe.serving.authorization import Gate
from astrolabe.serving.records import RequestRecord
from astrolabe.serving.request_rate import RequestRate
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.served import TOKEN

KEYSPACE = "/v1/default_keyspace"
REQUESTS: tuple[tuple[str, str, bytes, dict[str, str], int, str], ...] = (
    ("POST", "/v1", b'{"findKeyspaces": {}}', {}, 200, ""),
    ("POST", "/v1", b'{"findKeyspaces": {}}', {"Token": ""}, 401, "MISSING_AUTHENTICATION_TOKEN"),
    ("POST", "/v1", b'{"findKeyspaces": {}}', {"Token": "wrong"}, 401, "UNAUTHENTICATED_REQUEST"),
    ("POST", "/nowhere", b"{}", {}, 404, "UNKNOWN_PATH"),
    ("POST", "/databases/none/v1", b"{}", {}, 404, "UNKNOWN_DATABASE"),
    ("GET", "/v1", b"", {}, 405, "UNSUPPORTED_METHOD"),
    ("POST", "/v1", b" " * 2_000_000, {}, 413, "REQUEST_TOO_LARGE"),
    ("POST", "/v1", b"{}", {"Content-Type": "text/csv"}, 415, "UNSUPPORTED_CONTENT_TYPE"),
    ("POST", "/v1", b"{", {}, 200, "REQUEST_NOT_JSON"),
    ("POST", "/v1", b'{"nothing": {}}', {}, 200, "COMMAND_UNKNOWN"),
    ("POST", KEYSPACE + "/none", b'{"find": {}}', {}, 200, "UNKNOWN_COLLECTION_OR_TABLE"),
    ("POST", KEYSPACE, b'{"createCollection": {"name": "!"}}', {}, 200, "UNSUPPORTED_SCHEMA_NAME"),
    ("POST", "/v1", b'{"findKeyspaces": {}}', {}, 429, "TOO_MANY_REQUESTS"),
)


async def test_every_refusal_is_a_line_with_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "RequestRate", lambda most, _clock: RequestRate(most, lambda: 0.0))
    records: list[RequestRecord] = []
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        await workspace.create_database(DatabaseDraft("library"))
        posted = sum(method == "POST" for method, *_ in REQUESTS)
        policy = Policy(largest_request=1 << 20, requests_per_second=posted - 1)
        answering = DataApiApp(workspace, Gate(workspace.tokens, only=SecretStr(TOKEN)), policy, report=records.append)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(answering), base_url="http://localhost") as client:
            for method, path, body, headers, status, code in REQUESTS:
                sent = {"Token": TOKEN, "Content-Type": "application/json"} | headers
                answer = await client.request(method, path, content=body, headers=sent)
                errors = answer.json().get("errors", [])
                assert (answer.status_code, [error["errorCode"] for error in errors]) == (
                    status,
                    [code] if code else [],
                )
    told = [(record.method, record.path, record.status, record.error) for record in records]
    assert told == [(method, path, status, code) for method, path, _, _, status, code in REQUESTS]
