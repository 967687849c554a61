"""An empty organization for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.portal import Organization, opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest_asyncio.fixture
async def portal(folder: Path) -> AsyncIterator[Organization]:
    async with opened(folder) as organization:
        yield organization
