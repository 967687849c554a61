"""An open store on a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.documents.store import DatabaseStore
from storage.shapes import Container
from tests.support.stores import new_collection


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DatabaseStore]:
    """Return a store in a folder of its own, closed after the test."""
    opened = await DatabaseStore.open(tmp_path / "database.db")
    yield opened
    await opened.close()


@pytest.fixture
async def books(store: DatabaseStore) -> Container:
    """Return an empty collection with a vector of two dimensions."""
    return await new_collection(store)
