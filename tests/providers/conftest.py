"""An engine against the loopback provider server, on time that does not pass."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.providers.setup import SUBJECTS, Bench, Subject
from tests.support.provider_server import ProviderServer


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as running:
        yield running


@pytest.fixture
async def bench(server: ProviderServer) -> AsyncIterator[Bench]:
    bench = Bench(server)
    yield bench
    await bench.close()


@pytest.fixture(params=list(SUBJECTS))
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each provider in turn."""
    return SUBJECTS[str(request.param)]
