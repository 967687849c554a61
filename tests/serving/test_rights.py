"""What a token may do that is read-only, or for chosen databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from astrolabe.dataapi.language.commands.parsing import COMMANDS
from astrolabe.dataapi.read_only import READING
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.serving.options import ServerOptions
from astrolabe.workspace import Workspace
from tests.support.served import Served, served
from tests.support.waiting import LONGEST_WAIT


@dataclass(frozen=True)
class Rights:
    """A server with two databases, and three tokens: for all, for reading, for one of the databases."""

    server: Served
    whole: str
    reader: str
    mine: str

    def post(self, token: str, command: object, path: str = "/databases/mine/v1") -> httpx.Response:
        return self.server.post(path, json=command, headers={"Token": token})

    def devops(self, token: str, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{self.server.address}/v2/{path}"
        return httpx.request(method, address, headers=headers, json=body, timeout=LONGEST_WAIT)


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rights]:
    folder: Path = tmp_path_factory.mktemp("rights") / "data"

    async def prepare(workspace: Workspace) -> None:
        for name in ("mine", "other"):
            await workspace.create_database(DatabaseDraft(name))

    with served(folder, ServerOptions(port=0), prepare=prepare) as server:
        tokens = server.workspace.tokens
        made = [
            server.run(work)[1].get_secret_value()
            for work in (
                tokens.create("whole"),
                tokens.create("reader", read_only=True),
                tokens.create("mine", databases=["mine"]),
            )
        ]
        running = Rights(server, *made)
        assert running.post(running.whole, {"createCollection": {"name": "books"}}, BASE).json()["status"] == {"ok": 1}
        yield running


BASE = "/databases/mine/v1/default_keyspace"


def codes(answer: httpx.Response) -> list[str]:
    return [error["errorCode"] for error in answer.json().get("errors", [])]


def test_a_token_for_reading_changes_nothing(rights: Rights) -> None:
    changing = [name for level in COMMANDS.values() for name in level if name not in READING]
    assert {"insertOne", "findOneAndUpdate", "createTable", "alterTable", "dropKeyspace"} <= set(changing)
    for name in changing:
        answer = rights.post(rights.reader, {name: {"document": {"_id": 1}, "name": "made"}}, f"{BASE}/books")
        assert (answer.status_code, codes(answer)) == (401, ["UNAUTHORIZED_ACCESS"]), name


def test_a_token_for_reading_reads(rights: Rights) -> None:
    assert rights.post(rights.whole, {"insertOne": {"document": {"_id": "a"}}}, f"{BASE}/books").status_code == 200
    found = rights.post(rights.reader, {"find": {}}, f"{BASE}/books").json()
    assert found["data"]["documents"] == [{"_id": "a"}]
    assert "keyspaces" in rights.post(rights.reader, {"findKeyspaces": {}}).json()["status"]
    refused = rights.post(rights.reader, {"find": {}, "deleteMany": {}}, f"{BASE}/books")
    assert codes(refused) == ["UNAUTHORIZED_ACCESS"]
    (error,) = rights.post(rights.reader, {"deleteMany": {}}, f"{BASE}/books").json()["errors"]
    assert (error["family"], error["scope"]) == ("REQUEST", "SECURITY")
    assert error["title"] == "Unauthorized access to the database"
    assert "deleteMany" in error["message"]


def test_a_token_for_one_database_does_not_see_the_other(rights: Rights) -> None:
    assert "status" in rights.post(rights.mine, {"createKeyspace": {"name": "spare"}}).json()
    for path in ("/databases/other/v1", "/databases/other/v1/default_keyspace"):
        answer = rights.post(rights.mine, {"findKeyspaces": {}}, path)
        assert (answer.status_code, codes(answer)) == (401, ["UNAUTHORIZED_ACCESS"])
    unknown = rights.post(rights.mine, {"findKeyspaces": {}}, "/databases/nowhere/v1")
    assert unknown.status_code == 404
    assert "[mine]" in unknown.text


def test_the_devops_api_asks_for_the_same_rights(rights: Rights) -> None:
    databases = rights.devops(rights.whole, "GET", "databases").json()
    by_name = {database["info"]["name"]: database["id"] for database in databases}
    assert by_name.keys() == {"mine", "other"}
    assert [one["id"] for one in rights.devops(rights.mine, "GET", "databases").json()] == [by_name["mine"]]
    draft = {"name": "made", "cloudProvider": "AWS", "region": "us-east-2"}
    refused = [
        rights.devops(rights.reader, "POST", "databases", draft),
        rights.devops(rights.reader, "POST", f"databases/{by_name['mine']}/keyspaces/k"),
        rights.devops(rights.reader, "DELETE", f"databases/{by_name['mine']}/keyspaces/default_keyspace"),
        rights.devops(rights.reader, "POST", f"databases/{by_name['mine']}/terminate"),
        rights.devops(rights.mine, "POST", "databases", draft),
        rights.devops(rights.mine, "GET", f"databases/{by_name['other']}"),
        rights.devops(rights.mine, "POST", "databases/other/terminate"),
        rights.devops(rights.mine, "POST", f"databases/{by_name['other']}/keyspaces/k"),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert all(answer.json()["errors"][0]["ID"] == 403 for answer in refused)
    allowed = [
        rights.devops(rights.reader, "GET", f"databases/{by_name['other']}"),
        rights.devops(rights.mine, "POST", "databases/mine/keyspaces/k"),
        rights.devops(rights.mine, "GET", "regions/serverless"),
        rights.devops(rights.mine, "POST", "pcus/actions/get", {}),
    ]
    assert [answer.status_code for answer in allowed] == [200, 201, 200, 200]
