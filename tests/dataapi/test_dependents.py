"""What uses a stored credential, read from the definitions of collections and tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from astrolabe.dataapi.engine.vectorize.dependents import dependents_of
from astrolabe.portal.organization import Database, DatabaseStatus
from storage.shapes import Container, ContainerKind

SHOP = Database("1", "shop", "aws", "us-east-2", DatabaseStatus.ACTIVE, datetime(2026, 11, 20, tzinfo=UTC))
SERVICE = {"provider": "openai", "modelName": "m", "authentication": {"providerKey": "prod.providerKey"}}


def container(kind: ContainerKind, definition: dict[str, Any]) -> Container:
    return Container(1, "ks", "things", kind, definition)


def test_a_collection_with_a_credential() -> None:
    definition = {"vector": {"dimension": 3, "metric": "cosine", "service": SERVICE}}
    (found,) = dependents_of(SHOP, [container(ContainerKind.COLLECTION, definition)])
    assert (found.credential, found.dimension, found.column) == (("openai", "prod"), 3, None)
    assert found.label == "shop: ks.things"


def test_a_table_has_one_for_each_column_with_a_credential() -> None:
    vector = {"type": "vector", "dimension": 3}
    columns = {
        "title": {"type": "text"},
        "own": vector,
        "summary": vector | {"service": SERVICE},
        "body": vector | {"service": SERVICE | {"authentication": {"providerKey": "test"}}},
    }
    found = dependents_of(SHOP, [container(ContainerKind.TABLE, {"columns": columns})])
    assert [(one.column, one.credential[1]) for one in found] == [("summary", "prod"), ("body", "test")]


@pytest.mark.parametrize(
    "definition",
    [{}, {"vector": {"dimension": 3}}, {"vector": {"service": {"provider": "embedded", "modelName": "m"}}}],
)
def test_what_needs_no_stored_credential_depends_on_none(definition: dict[str, Any]) -> None:
    assert dependents_of(SHOP, [container(ContainerKind.COLLECTION, definition)]) == []
