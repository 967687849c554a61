"""Items, containers and stores for tests of the storage room and of what lies on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from storage import jsontext
from storage.documents.store import DatabaseStore
from storage.lexical.analyzers import Analyzer
from storage.shapes import (
    COLLECTION_VECTOR,
    LEXICAL_FIELD,
    Container,
    ContainerKind,
    Item,
    Metric,
    NewItem,
    VectorSpec,
    VectorValue,
)

KEYSPACE = "default_keyspace"


def new_item(key: str, vector: Sequence[float] | None = None, **fields: object) -> NewItem:
    """Return an item with ``_id`` and some fields, and perhaps a vector."""
    vectors = {} if vector is None else {COLLECTION_VECTOR: VectorValue(np.array(vector, np.float32))}
    return NewItem(key, jsontext.dumps({"_id": key, **fields}), vectors)


async def new_collection(
    store: DatabaseStore,
    name: str = "books",
    dimension: int = 2,
    metric: Metric = Metric.EUCLIDEAN,
    *,
    analyzer: Analyzer | None = None,
) -> Container:
    """Create a collection with a vector in the default keyspace, which is created too unless it exists."""
    await store.create_keyspace(KEYSPACE)
    specs = {COLLECTION_VECTOR: VectorSpec(dimension, metric)}
    texts = {} if analyzer is None else {LEXICAL_FIELD: analyzer}
    return await store.create_container(KEYSPACE, name, ContainerKind.COLLECTION, {}, specs, texts=texts)


async def insert(store: DatabaseStore, container: Container, *new: NewItem) -> list[Item]:
    """Insert items that must all be new."""
    written = [item for item in await store.insert(container, new) if item is not None]
    assert len(written) == len(new)
    return written


async def all_keys(store: DatabaseStore, container: Container) -> list[str]:
    """Return every key in insertion order."""
    return [item.key async for items in store.scan(container) for item in items]


async def read(
    store: DatabaseStore, container: Container, keys: Sequence[str], *, vectors: Sequence[str] = ()
) -> list[Item | None]:
    """Return the items with these keys, in the order given; None where there is none."""
    found = {item.key: item async for some in store.scan(container, keys=keys, vectors=vectors) for item in some}
    return [found.get(key) for key in keys]
