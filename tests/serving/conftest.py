"""One server for all tests of a module; each test has collections of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from astrapy.utils.api_commander import APICommander

from tests.support.served import Served, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served") / "data") as running:
        yield running


@pytest_asyncio.fixture(autouse=True)
async def closed_clients(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Close the connections that astrapy keeps open for as long as a process lives."""
    made: list[APICommander] = []
    initialise = APICommander.__init__

    def remember(commander: APICommander, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        initialise(commander, *args, **named)
        made.append(commander)

    monkeypatch.setattr(APICommander, "__init__", remember)
    yield
    for commander in made:
        commander.client.close()
        await commander.async_client.aclose()
