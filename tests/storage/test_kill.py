"""A writer that is killed at any moment has lost nothing it was told is stored."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from storage.documents.store import DatabaseStore
from storage.shapes import COLLECTION_VECTOR
from tests.support.stores import KEYSPACE, all_keys, new_collection

WRITER = """
import asyncio, sys
from pathlib import Path
from storage.documents.store import DatabaseStore
from tests.support.stores import KEYSPACE, new_item

async def main():
    store = await DatabaseStore.open(Path(sys.argv[1]))
    books = await store.container(KEYSPACE, "books")
    for batch in range(100000):
        keys = [f"{batch}-{n}" for n in range(20)]
        await store.insert(books, [new_item(key, [1, 2], text="x" * 300) for key in keys])
        print(batch, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("turn", range(2))
async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "database.db"
    store = await DatabaseStore.open(path)
    await new_collection(store)
    await store.close()
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert writer.stdout is not None
    acknowledged = -1
    for _ in range(7 + 16 * turn):
        acknowledged = int(await writer.stdout.readline())
    writer.kill()
    rest, _ = await writer.communicate()
    acknowledged = int(rest.split()[-1]) if rest.split() else acknowledged

    store = await DatabaseStore.open(path)
    books = await store.container(KEYSPACE, "books")
    assert books is not None
    keys = await all_keys(store, books)
    batches, broken = divmod(len(keys), 20)
    assert broken == 0
    assert acknowledged < batches <= acknowledged + 2
    assert keys == [f"{batch}-{n}" for batch in range(batches) for n in range(20)]
    assert await store.integrity_check() == []
    hits = await store.search(books, COLLECTION_VECTOR, np.array([1, 2], np.float32), 5)
    assert len(hits) == 5
    await store.close()
