"""A second program on the data folder: it searches by meaning and counts what fails.

Arguments: data folder, address of the provider, number of searches. It says when it has begun, and prints at the end
how many searches found something and the errors of the others.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from astrolabe.errors import AstrolabeError
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.shop import PROVIDER, ROUTE

SIDE_BY_SIDE = 4


async def work(folder: Path, url: str, count: int) -> dict[str, object]:
    """Search ``count`` times, a few at once."""
    left = iter(range(count))
    found, failures = 0, list[str]()
    async with Workspace.opened(WorkspaceOptions(folder, {PROVIDER: url + ROUTE})) as workspace:
        client = await workspace.client(await workspace.databases.find("shop"))
        notes = client.collection(DEFAULT_KEYSPACE, "notes")

        async def search() -> None:
            nonlocal found
            for number in left:
                try:
                    page = await notes.find(sort={"$vectorize": f"bicycle {number}"}, limit=1)
                    found += len(page.documents)
                except AstrolabeError as error:
                    failures.append(error.message)

        print("begun", flush=True)  # noqa: T201 - how the test knows
        await asyncio.gather(*(search() for _ in range(SIDE_BY_SIDE)))
    return {"found": found, "failures": failures}


if __name__ == "__main__":
    outcome = asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
    print(json.dumps(outcome), flush=True)  # noqa: T201
