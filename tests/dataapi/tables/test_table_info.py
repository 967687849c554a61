"""What the client knows of a table: columns with their types, the key, vectors with their metric, texts."""

from __future__ import annotations

from pathlib import Path

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.language.tables.types import ListType, Scalar, ScalarType, UserType, VectorType
from storage.shapes import ContainerKind, Metric
from tests.support.local_api import KEYSPACE, LocalDatabase, local_database

DEFINITION = {
    "columns": {
        "shop": "text",
        "body": "text",
        "at": "timestamp",
        "homes": {"type": "list", "valueType": {"type": "userDefined", "udtName": "address"}},
        "near": {"type": "vector", "dimension": 3},
        "meaning": {"type": "vector", "service": {"provider": "embedded", "modelName": "wordllama-l2-supercat-256"}},
    },
    "primaryKey": {"partitionBy": ["shop"], "partitionSort": {"at": -1}},
}


async def made(db: LocalDatabase) -> None:
    """Create the type, the table and two indexes."""
    fields = {"street": "text", "number": "int"}
    on_table = [
        {"createVectorIndex": {"name": "v", "definition": {"column": "near", "options": {"metric": "euclidean"}}}},
        {"createTextIndex": {"name": "w", "definition": {"column": "body"}}},
    ]
    await db.client.run(PlannedCommand({"createType": {"name": "address", "definition": {"fields": fields}}}, KEYSPACE))
    await db.client.run(PlannedCommand({"createTable": {"name": "notes", "definition": DEFINITION}}, KEYSPACE))
    for command in on_table:
        await db.client.run(PlannedCommand(command, KEYSPACE, "notes"))


async def test_a_table_is_known_by_columns_key_vectors_and_texts(tmp_path: Path) -> None:
    async with local_database(tmp_path) as db:
        await made(db)
        info = await db.client.table(KEYSPACE, "notes")
        assert info is not None
        assert info.kind is ContainerKind.TABLE
        assert info.is_table
        address = UserType("address", {"street": ScalarType(Scalar.TEXT), "number": ScalarType(Scalar.INT)})
        assert info.columns["homes"] == ListType(address)
        assert info.columns["near"] == VectorType(3)
        assert info.key_columns == ("shop", "at")
        assert info.primary_key is not None
        assert info.primary_key.partition_sort == {"at": -1}
        assert list(info.vectors) == ["near", "meaning"]
        assert info.vectors["near"].metric is Metric.EUCLIDEAN
        assert info.vectors["meaning"].service is not None
        assert info.vectors["meaning"].dimension == 256
        assert info.texts == ("body",)
        assert {index["name"] for index in info.indexes or ()} == {"v", "w"}


async def test_tables_are_listed_without_asking_for_their_indexes(tmp_path: Path) -> None:
    async with local_database(tmp_path) as db:
        await made(db)
        await db.create("docs")
        [info] = await db.client.tables(KEYSPACE)
        assert (info.name, info.indexes) == ("notes", None)
        assert [one.name for one in await db.client.collections(KEYSPACE)] == ["docs"]
        assert await db.client.table(KEYSPACE, "nothing") is None
