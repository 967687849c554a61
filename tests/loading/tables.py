"""A table with two vector columns on the embedded engine, and loads into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.loading.load_plan import LoadPlan, LoadSummary
from astrolabe.loading.loader import run_load
from tests.loading.conftest import EMBEDDED, Loading
from tests.support.local_api import KEYSPACE

BOOKS: Json = {
    "columns": {
        "id": "text",
        "year": "int",
        "body": "text",
        "meaning": {"type": "vector", **EMBEDDED},
        "shape": {"type": "vector", "dimension": 3},
    },
    "primaryKey": "id",
}


async def create(loading: Loading, definition: JsonValue = None, name: str = "books") -> TargetInfo:
    """Create a table and return what is known of it."""
    body = {"name": name, "definition": definition or BOOKS}
    await loading.db.client.run(PlannedCommand({"createTable": body}, KEYSPACE))
    info = await loading.db.client.table(KEYSPACE, name)
    assert info is not None
    return info


async def load(
    loading: Loading,
    path: Path,
    info: TargetInfo,
    columns: Mapping[str, str] | None = None,
    *,
    vector_field: str | None = None,
    words: bool = False,
) -> LoadSummary:
    """Run a load into a table."""
    plan = LoadPlan(path, loading.db.database.id, info, vector_field, words, columns or {})
    collection = loading.db.client.collection(KEYSPACE, info.name)
    return await run_load(plan, collection, loading.ledger, on_progress=loading.progress.append, cancel=loading.cancel)


async def rows(loading: Loading, info: TargetInfo) -> dict[str, Json]:
    """Return every row of a table by its column ``id``."""
    collection = loading.db.client.collection(KEYSPACE, info.name)
    return {str(row["id"]): row async for row in collection.find_all()}
