"""A database on the embedded engine for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.local_api import LocalDatabase, local_database


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    async with local_database(tmp_path) as database:
        yield database
