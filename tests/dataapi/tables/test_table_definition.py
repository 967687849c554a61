"""A table's definition comes back from its stored JSON as it was."""

from __future__ import annotations

import json

import pytest

from astrolabe.dataapi.engine.definitions.table_definition import (
    IndexKind,
    MapPart,
    TableDefinition,
    TableIndex,
    read_table,
)
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey
from astrolabe.dataapi.language.tables.types import (
    ColumnType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
    UserType,
    VectorType,
)
from astrolabe.portal.organization import ServiceConfig
from storage.shapes import Container, ContainerKind, Metric, VectorSpec

TEXT, INT = ScalarType(Scalar.TEXT), ScalarType(Scalar.INT)
ADDRESS = UserType("address", {"street": TEXT, "zip": INT})
SERVICE = ServiceConfig("openai", "text-embedding-3-small", "key.providerKey", {"a": 1})
COLUMNS: dict[str, ColumnType] = {
    **{scalar.value: ScalarType(scalar) for scalar in Scalar},
    "home": ADDRESS,
    "homes": ListType(ADDRESS),
    "tags": SetType(TEXT),
    "scores": MapType(INT, ADDRESS),
    "v": VectorType(3, SERVICE),
    "w": VectorType(2),
}
INDEXES = [
    TableIndex("i", IndexKind.REGULAR, "int"),
    TableIndex("t", IndexKind.REGULAR, "text", options={"ascii": False, "caseSensitive": True, "normalize": False}),
    TableIndex("e", IndexKind.REGULAR, "scores", MapPart.ENTRIES),
    TableIndex("k", IndexKind.REGULAR, "scores", MapPart.KEYS),
    TableIndex("words", IndexKind.TEXT, "text", options={"analyzer": "english"}),
    TableIndex("vec", IndexKind.VECTOR, "v", options={"metric": "dot_product", "sourceModel": "other"}),
]
DEFINITION = TableDefinition(
    COLUMNS,
    PrimaryKey(("uuid", "text"), {"int": 1, "timestamp": -1}),
    {index.name: index for index in INDEXES},
    {"gone": {"type": "int"}},
    {"w": "w@1"},
)


def stored(definition: TableDefinition) -> Container:
    return Container(1, "k", "t", ContainerKind.TABLE, json.loads(json.dumps(definition.to_json())))


def test_every_type_key_and_index_comes_back_from_what_is_stored() -> None:
    assert read_table(stored(DEFINITION)) == DEFINITION


def test_the_key_is_read_in_its_own_order() -> None:
    assert list(DEFINITION.key_columns) == ["uuid", "text", "int", "timestamp"]


def test_vectors_take_their_metric_from_the_index() -> None:
    assert DEFINITION.vector_specs == {"v": VectorSpec(3, Metric.DOT_PRODUCT), "w@1": VectorSpec(2, Metric.COSINE)}
    assert DEFINITION.vectors["v"].service == SERVICE


def test_a_field_that_was_added_to_a_type_reaches_every_column_that_stands_on_it() -> None:
    newer = UserType("address", {**ADDRESS.fields, "town": TEXT})
    changed = DEFINITION.with_types({"address": newer})
    assert changed.columns["home"] == newer
    assert changed.columns["homes"] == ListType(newer)
    assert changed.columns["scores"] == MapType(INT, newer)


@pytest.mark.parametrize(("name", "shown"), [("e", "scores"), ("k", {"scores": "$keys"}), ("i", "int")])
def test_indexes_of_entries_are_shown_by_the_bare_name(name: str, shown: object) -> None:
    assert DEFINITION.indexes[name].to_json()["definition"]["column"] == shown


def test_analyzers_of_text_indexes_are_read() -> None:
    assert DEFINITION.indexes["words"].analyzer.definition == '"english"'
    assert DEFINITION.analyzers == {"text": DEFINITION.indexes["words"].analyzer}


def test_a_column_that_came_back_is_stored_under_another_name() -> None:
    assert [DEFINITION.stored_as(name) for name in ("v", "w")] == ["v", "w@1"]
