"""Three hundred databases with 256 descriptors: the shell, commands in each of them, the server, and the console.

    python -m tests.hard databases

The limit is a hard one, so all of it runs in a process of its own. Prints how many descriptors and threads are in use.
Fails when something could not be read, or the limit was exceeded.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, DatabaseDraft, ServiceConfig
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.server import DataApiServer
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.walker import Walker
from tui.app import AstrolabeApp

PROVIDER, NAME = "openai", "main"
SERVICE = ServiceConfig(PROVIDER, "text-embedding-3-small", f"{NAME}.providerKey")
LIMIT = 256


def main(argv: Sequence[str] | None = None) -> int:
    """Make the databases and use them all; return 0 when every one of them answered."""
    parser = argparse.ArgumentParser(prog="databases", description="Many databases, few descriptors.")
    parser.add_argument("--seed", type=int, default=0, help="not used: nothing here is random")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--limit", type=int, default=LIMIT, help="descriptors")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if not args.here:
        words = ("-m", "tests.hard.databases", "--here", "--count", str(args.count), "--limit", str(args.limit))
        return subprocess.run([sys.executable, *words], check=False).returncode  # noqa: S603 - our own module
    resource.setrlimit(resource.RLIMIT_NOFILE, (args.limit, args.limit))
    with tempfile.TemporaryDirectory(prefix="astrolabe-hard-") as folder:
        return asyncio.run(_use(Path(folder) / "data", args.count))


async def _use(folder: Path, count: int) -> int:
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        await _make(workspace, count)
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        _say("opened")
        overview = await workspace.credential_usage.overview()
        _say(f"{len(overview.dependents)} collections read, {len(overview.unread)} databases unknown")
        for database in await workspace.databases.list():
            await (await workspace.client(database)).keyspaces()
        _say("a command in each")
        refused = await _serve(workspace)
        _say(f"a request to each, {refused} refused")
        await _look(workspace)
    return 0 if len(overview.dependents) == count and not overview.unread and not refused else 1


async def _make(workspace: Workspace, count: int) -> None:
    databases = [await workspace.create_database(DatabaseDraft(f"db{number:03}")) for number in range(count)]
    await workspace.integrations.add_credential(CredentialDraft(PROVIDER, NAME, SecretStr("sk-0123456789abcdef")))
    for start in range(0, count, 10):
        ids = [database.id for database in databases[start : start + 10]]
        await workspace.integrations.add_to_scope(PROVIDER, NAME, ids)
    for database in databases:
        client = await workspace.client(database)
        await client.create_collection(DEFAULT_KEYSPACE, "notes", collection_options(service=SERVICE))


async def _serve(workspace: Workspace) -> int:
    server = DataApiServer(workspace, ServerOptions(port=0, require_token=False))
    await server.start()
    try:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=10)) as client:
            paths = [f"{server.address}/databases/{one.name}/v1" for one in await workspace.databases.list()]
            answers = await asyncio.gather(*[client.post(path, json={"findKeyspaces": {}}) for path in paths])
    finally:
        await server.stop()
    return sum("errors" in answer.json() for answer in answers)


async def _look(workspace: Workspace) -> None:
    """Go through the console's places, and ask what would lose the credential."""
    async with AstrolabeApp(workspace).run_test(size=(120, 40)) as pilot:
        user = Walker(pilot)
        for place in ("1", "2", "3", "4", "5"):
            await user.press(place)
        _say("the console's places")


def _say(what: str) -> None:
    place = Path("/proc/self/fd")
    descriptors = sum(1 for _ in place.iterdir()) if place.is_dir() else -1
    sys.stdout.write(f"{what}: {descriptors} descriptors, {threading.active_count()} threads\n")


if __name__ == "__main__":
    sys.exit(main())
