"""Two programs on one data folder: a rotation that no search notices, and changes that are seen at once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

from pydantic import SecretStr

from astrolabe.workspace import Workspace, WorkspaceOptions
from screens.kit.app_base import Section
from tests.lifecycle import changer, searcher
from tests.support.console import Scene, SceneConsole
from tests.support.provider_server import ProviderServer
from tests.support.shop import NAME, NEW, OLD, PROVIDER, can_vectorize, shop_with_notes, urls
from tests.support.walker import Walker
from tests.walk.conftest import same_everywhere

__all__ = ["same_everywhere"]

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = 1000
AT_ONCE = 1.0
"""Seconds after which another program's change must have been seen."""


@asynccontextmanager
async def second_program(module: ModuleType, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Lend a process that runs one of the scripts beside this file."""
    assert module.__file__ is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, module.__file__, *arguments),
        cwd=ROOT,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await line_of(process)
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 60)


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()


async def test_a_thousand_searches_of_another_program_do_not_notice_rotations(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with ProviderServer() as server, Workspace.opened(WorkspaceOptions(folder, urls(server))) as workspace:
        await shop_with_notes(workspace)
        server.requests.clear()
        async with second_program(searcher, str(folder), server.url, str(SEARCHES)) as process:
            outcome = asyncio.ensure_future(line_of(process))
            rotations = 0
            while not outcome.done():
                secret = SecretStr(OLD if rotations % 2 else NEW)
                await workspace.credential_usage.rotate(PROVIDER, NAME, secret, test=rotations % 5 == 0)
                if rotations % 3 == 0:
                    await workspace.reencryption.run()
                rotations += 1
                await asyncio.sleep(0.02)
    assert json.loads(await outcome) == {"found": SEARCHES, "failures": []}
    assert rotations > 5
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {OLD}", f"Bearer {NEW}"}


async def test_changes_of_another_program_are_seen_within_a_second(tmp_path: Path) -> None:
    async with ProviderServer() as server:
        app = SceneConsole(Scene(tmp_path / "data", shop_with_notes, Section.INTEGRATIONS, tuple(urls(server).items())))
        async with app.run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            await user.press("right", "right", "enter")
            await user.sees("2 databases")
            async with second_program(changer, str(tmp_path / "data")) as process:
                for change, works, shown in (
                    ("leave", False, lambda: "1 database" in user.screen),
                    ("join", True, lambda: "2 databases" in user.screen),
                    ("rotate", True, lambda: "02==" in user.screen),
                    ("remove", False, lambda: "Inactive" in user.screen),
                ):
                    assert await seen_after(process, change, user, shown) < AT_ONCE, change
                    assert await can_vectorize(app.workspace) is works, change
                assert server.requests[-1].headers["authorization"] == f"Bearer {NEW}"


async def seen_after(
    process: asyncio.subprocess.Process, change: str, user: Walker, shown: Callable[[], bool]
) -> float:
    """Let the other program make a change; return the seconds from then until the console shows it."""
    assert process.stdin is not None
    process.stdin.write(f"{change}\n".encode())
    done = float(await line_of(process))
    while not shown():
        assert time.monotonic() < done + 10, user.screen
        await user.pilot.pause(0.01)
    return time.monotonic() - done
