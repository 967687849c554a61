"""A port for each database: kept for it, opened and closed with it."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.serving import doors
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.ports import known_ports, next_port
from astrolabe.workspace import Workspace
from tests.support.served import TOKEN, Served, served
from tests.support.waiting import LONGEST_WAIT, wait_until


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for other databases without delay."""
    monkeypatch.setattr(doors, "_LOOKS", 0.02)


async def three(workspace: Workspace) -> None:
    """Make three databases, each with a keyspace of its own, if there are none."""
    if not await workspace.databases.list():
        for name in ("one", "two", "three"):
            database = await workspace.create_database(DatabaseDraft(name))
            await (await workspace.client(database)).create_keyspace(f"of_{name}")


def ports_of(server: Served) -> dict[str, int | None]:
    databases = server.run(server.workspace.databases.list())
    return {database.name: server.server.doors.port_of(database) for database in databases}


def keyspaces(port: int | None, path: str = "/v1") -> list[str]:
    answer = httpx.post(
        f"http://127.0.0.1:{port}{path}", json={"findKeyspaces": {}}, headers={"Token": TOKEN}, timeout=LONGEST_WAIT
    )
    return [name for name in answer.json()["status"]["keyspaces"] if name != "default_keyspace"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_every_database_has_a_port_of_its_own(tmp_path: Path) -> None:
    options = ServerOptions(port=0, token=SecretStr(TOKEN), database="two", port_per_database=True)
    with served(tmp_path / "data", options, prepare=three) as server:
        ports = ports_of(server)
        for name, port in ports.items():
            assert keyspaces(port) == [f"of_{name}"]
        assert keyspaces(ports["one"], "/databases/three/v1") == ["of_three"]
        assert server.post("/v1", json={"findKeyspaces": {}}).json()["status"]["keyspaces"][-1] == "of_two"
        later = server.run(server.workspace.create_database(DatabaseDraft("later")))
        wait_until(lambda: server.server.doors.port_of(later) is not None, "the new database has no port")
        assert keyspaces(server.server.doors.port_of(later)) == []
        gone = server.run(server.workspace.databases.find("one"))
        server.run(server.workspace.delete_database(gone))
        wait_until(lambda: server.server.doors.port_of(gone) is None, "the port of a deleted database stays")


def test_a_port_stays_the_databases_own(tmp_path: Path) -> None:
    options = ServerOptions(port=free_port(), token=SecretStr(TOKEN), port_per_database=True)
    with served(tmp_path / "data", options, prepare=three) as server:
        first = ports_of(server)
        databases = server.run(server.workspace.databases.list())
        kept = server.run(known_ports(server.workspace, databases))
        assert {database.name: kept[database.id] for database in databases if database.id in kept} == first
    with served(tmp_path / "data", options, prepare=three) as server:
        assert {name: port for name, port in ports_of(server).items() if name in first} == first


def test_ports_are_given_in_order_above_the_servers_own() -> None:
    assert next_port(8181, {8182, 8184}) == 8183
    assert next_port(0, set()) == 0
