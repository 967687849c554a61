"""A second program on the data folder: it makes one change for each line on stdin, and says when it is done."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import SecretStr

from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.shop import NAME, NEW, PROVIDER


async def work(folder: Path) -> None:
    """Carry out the lines ``leave``, ``join``, ``rotate`` and ``remove``."""
    async with Workspace.opened(WorkspaceOptions(folder)) as workspace:
        shop = await workspace.databases.find("shop")
        changes: dict[str, Callable[[], Awaitable[object]]] = {
            "leave": lambda: workspace.integrations.remove_from_scope(PROVIDER, NAME, shop.id),
            "join": lambda: workspace.integrations.add_to_scope(PROVIDER, NAME, [shop.id]),
            "rotate": lambda: workspace.integrations.rotate(PROVIDER, NAME, SecretStr(NEW)),
            "remove": lambda: workspace.integrations.remove_credential(PROVIDER, NAME),
        }
        print("ready", flush=True)  # noqa: T201 - how the test knows
        while line := await asyncio.to_thread(sys.stdin.readline):
            await changes[line.strip()]()
            print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
