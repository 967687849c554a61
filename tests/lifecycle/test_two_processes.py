"""Two programs on one data folder: a rotation that no search notices, and changes that are seen at once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import SecretStr

from astrolabe.workspace import Workspace, WorkspaceOptions
from screens.kit.app_base import Section
from screens.kit.page import WATCH_INTERVAL
from tests.lifecycle import changer, searcher
from tests.support.console import Scene, SceneConsole
from tests.support.provider_server import ProviderServer
from tests.support.shop import NAME, NEW, OLD, PROVIDER, can_vectorize, shop_with_notes, urls
from tests.support.waiting import LONGEST_WAIT
from tests.support.walker import Walker
from tests.walk.conftest import same_everywhere

__all__ = ["same_everywhere"]

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = 400
AT_ONCE = 1.0
"""Seconds after which another program's change must have been seen."""

LOOKS = 2
"""Looks at the data folder that it takes to find one: the first may have begun before it."""


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
        await asyncio.wait_for(process.wait(), LONGEST_WAIT)


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), LONGEST_WAIT)).decode().strip()


async def test_searches_of_another_program_do_not_notice_rotations(tmp_path: Path) -> None:
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


async def test_changes_of_another_program_are_seen_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LOOKS * WATCH_INTERVAL <= AT_ONCE
    async with ProviderServer() as server:
        app = SceneConsole(Scene(tmp_path / "data", shop_with_notes, Section.INTEGRATIONS, tuple(urls(server).items())))
        async with app.run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            await user.press("right", "right", "enter")
            await user.sees("2 databases")
            looks = Looks(app.workspace, monkeypatch)
            async with second_program(changer, str(tmp_path / "data")) as process:
                for change, works, shown in (
                    ("leave", False, lambda: "1 database" in user.screen),
                    ("join", True, lambda: "2 databases" in user.screen),
                    ("rotate", True, lambda: "02==" in user.screen),
                    ("remove", False, lambda: "Inactive" in user.screen),
                ):
                    assert await looks.until_seen(process, change, user, shown) <= LOOKS, change
                    assert await can_vectorize(app.workspace) is works, change
                assert server.requests[-1].headers["authorization"] == f"Bearer {NEW}"


class Looks:
    """What the console has found whenever it looked for changes of other programs."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self._found: list[int] = []
        revision = workspace.revision

        async def noted() -> int:
            found = await revision()
            self._found.append(found)
            return found

        monkeypatch.setattr(workspace, "revision", noted)

    async def until_seen(
        self, process: asyncio.subprocess.Process, change: str, user: Walker, shown: Callable[[], bool]
    ) -> int:
        """Let the other program make a change and wait until it is shown; return at which look it was found."""
        await user.until(lambda: bool(self._found))
        before = self._found[-1]
        assert process.stdin is not None
        process.stdin.write(f"{change}\n".encode())
        await line_of(process)
        self._found.clear()
        await user.until(shown)
        return 1 + next(number for number, found in enumerate(self._found) if found != before)
