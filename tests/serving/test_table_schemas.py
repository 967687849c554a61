"""The official Python client on the schemas of tables: every command, blocking and not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from astrapy import DataAPIClient, Database
from astrapy.constants import SortMode, VectorMetric
from astrapy.exceptions import DataAPIResponseException
from astrapy.info import (
    AlterTableAddColumns,
    AlterTableAddVectorize,
    AlterTableDropColumns,
    AlterTableDropVectorize,
    AlterTypeAddFields,
    AlterTypeRenameFields,
    ColumnType,
    CreateTableDefinition,
    CreateTypeDefinition,
    TableIndexOptions,
    TableScalarColumnTypeDescriptor,
    TableTextIndexOptions,
    TableUDTColumnDescriptor,
    TableVectorColumnTypeDescriptor,
    TableVectorIndexOptions,
    VectorServiceOptions,
)

from tests.support.served import CREDENTIAL, DATABASE, PROVIDER, TOKEN, Served

SERVICE = VectorServiceOptions(
    provider=PROVIDER,
    model_name="endpoint-defined-model",
    authentication={"providerKey": CREDENTIAL},
    parameters={"endpointName": "e", "regionName": "r", "cloudName": "aws"},
)
ADDRESS = CreateTypeDefinition(fields={"street": "text", "zip": {"type": "int"}})


def definition() -> CreateTableDefinition:
    """Return a table with columns of every kind."""
    builder = CreateTableDefinition.builder()
    for kind in ColumnType:
        if kind not in {ColumnType.COUNTER, ColumnType.TIMEUUID, *map(ColumnType, OTHER_KINDS)}:
            builder = builder.add_column(f"c_{kind.value}", kind)
    return (
        builder.add_list_column("c_list", ColumnType.INT)
        .add_set_column("c_set", ColumnType.TEXT)
        .add_map_column("c_map", ColumnType.TEXT, ColumnType.INT)
        .add_userdefinedtype_column("c_udt", "address")
        .add_vector_column("c_vec", dimension=3)
        .add_vector_column("c_text_vec", dimension=8, service=SERVICE)
        .add_partition_by(["c_text", "c_int"])
        .add_partition_sort({"c_timestamp": SortMode.DESCENDING, "c_uuid": SortMode.ASCENDING})
        .build()
    )


OTHER_KINDS = [kind.value for kind in ColumnType if kind.value in {"list", "set", "map", "vector", "userDefined"}]


@pytest.fixture
def database(server: Served) -> Iterator[Database]:
    found = DataAPIClient(TOKEN).get_database(f"{server.address}/databases/{DATABASE}")
    yield found
    for name in found.list_table_names():
        found.drop_table(name)
    for type_name in found.list_type_names():
        found.drop_type(type_name)


def in_full(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a type in the object form, its elements, too, and without what only servers say."""
    if isinstance(kind, str):
        return {"type": kind}
    inner = {name: in_full(kind[name]) for name in ("keyType", "valueType") if name in kind}
    return {name: value for name, value in kind.items() if name != "apiSupport"} | inner


def code(error: DataAPIResponseException) -> str | None:
    """Return the code of the first error."""
    return error.error_descriptors[0].error_code


def test_a_table_comes_back_as_it_was_defined(database: Database) -> None:
    database.create_type("address", definition=ADDRESS)
    table = database.create_table("all_kinds", definition=definition())
    assert database.create_table("all_kinds", definition=definition(), if_not_exists=True) == table
    [listed] = database.list_tables()
    assert (listed.name, database.list_table_names()) == ("all_kinds", ["all_kinds"])
    assert listed.definition.primary_key.partition_by == ["c_text", "c_int"]
    assert listed.definition.primary_key.partition_sort == {"c_timestamp": -1, "c_uuid": 1}
    wanted = {name: in_full(kind) for name, kind in definition().as_dict()["columns"].items()}
    wanted["c_text_vec"]["service"]["authentication"] = {"providerKey": f"{CREDENTIAL}.providerKey"}
    assert {name: in_full(kind.as_dict()) for name, kind in listed.definition.columns.items()} == wanted
    assert table.definition() == listed.definition
    with pytest.raises(DataAPIResponseException) as caught:
        database.create_table("all_kinds", definition=definition())
    assert code(caught.value) == "CANNOT_ADD_EXISTING_TABLE"


def test_columns_come_and_go_and_so_do_services(database: Database) -> None:
    database.create_type("address", definition=ADDRESS)
    table = database.create_table("altered", definition=definition())
    added = table.alter(
        AlterTableAddColumns(
            columns={
                "note": TableScalarColumnTypeDescriptor(ColumnType.TEXT),
                "more": TableVectorColumnTypeDescriptor(dimension=8),
                "home": TableUDTColumnDescriptor(udt_name="address"),
                "words": TableScalarColumnTypeDescriptor(ColumnType.TEXT),
            }
        )
    )
    assert {"note", "more", "home", "words"} <= added.definition().columns.keys()
    vectorized = table.alter(AlterTableAddVectorize(columns={"more": SERVICE}))
    column = vectorized.definition().columns["more"]
    assert isinstance(column, TableVectorColumnTypeDescriptor)
    assert column.service is not None
    assert column.service.provider == PROVIDER
    plain = table.alter(AlterTableDropVectorize(columns=["more"])).definition().columns["more"]
    assert isinstance(plain, TableVectorColumnTypeDescriptor)
    assert plain.service is None
    assert "note" not in table.alter(AlterTableDropColumns(columns=["note"])).definition().columns
    with pytest.raises(DataAPIResponseException) as caught:
        table.alter(AlterTableDropColumns(columns=["c_text"]))
    assert code(caught.value) == "CANNOT_DROP_PRIMARY_KEY_COLUMNS"


def test_indexes_of_every_kind_are_made_listed_and_dropped(database: Database) -> None:
    database.create_type("address", definition=ADDRESS)
    table = database.create_table("indexed", definition=definition())
    table.create_index("i_double", column="c_double")
    table.create_index("i_set", column="c_set")
    table.create_index("i_keys", column={"c_map": "$keys"})
    table.create_index("i_entries", column="c_map")
    table.create_index("i_ascii", column="c_ascii", options=TableIndexOptions(case_sensitive=False))
    options = TableVectorIndexOptions(metric=VectorMetric.DOT_PRODUCT, source_model="ada002")
    table.create_vector_index("i_vec", column="c_vec", options=options)
    table.create_vector_index("i_vec", column="c_vec", if_not_exists=True)
    names = ["i_double", "i_set", "i_keys", "i_entries", "i_ascii", "i_vec"]
    assert table.list_index_names() == names
    listed = {index.name: index for index in table.list_indexes()}
    assert list(listed) == names
    assert listed["i_vec"].definition.as_dict()["options"] == {"metric": "dot_product", "sourceModel": "ada002"}
    assert listed["i_keys"].definition.as_dict()["column"] == {"c_map": "$keys"}
    for name in names:
        database.drop_table_index(name)
    database.drop_table_index("i_vec", if_exists=True)
    assert table.list_index_names() == []
    with pytest.raises(DataAPIResponseException) as caught:
        database.drop_table_index("i_vec")
    assert code(caught.value) == "CANNOT_DROP_UNKNOWN_INDEX"


def test_a_text_index_has_an_analyzer(database: Database) -> None:
    small = CreateTableDefinition.builder().add_column("id", "uuid").add_column("body", "text").add_partition_by(["id"])
    table = database.create_table("texts", definition=small.build())
    table.create_text_index("words", column="body", options=TableTextIndexOptions(analyzer="english"))
    [index] = table.list_indexes()
    assert index.definition.as_dict()["options"] == {"analyzer": "english"}
    table.drop()
    assert database.list_table_names() == []


def test_types_are_changed_and_dropped(database: Database) -> None:
    database.create_type("address", definition=ADDRESS)
    database.create_type("address", definition=ADDRESS, if_not_exists=True)
    database.alter_type("address", operation=AlterTypeAddFields(fields={"town": "text"}))
    database.alter_type("address", operation=AlterTypeRenameFields(fields={"street": "road"}))
    [listed] = database.list_types()
    assert listed.udt_name == "address"
    assert listed.definition is not None
    assert list(listed.definition.as_dict()["fields"]) == ["road", "zip", "town"]
    database.drop_type("address")
    database.drop_type("address", if_exists=True)
    assert database.list_type_names() == []


async def test_everything_again_without_blocking(server: Served) -> None:
    database = DataAPIClient(TOKEN).get_async_database(server.address)
    await database.create_type("address", definition=ADDRESS)
    table = await database.create_table("plain", definition=definition())
    await table.create_vector_index("i_vec", column="c_vec")
    await table.create_index("i_double", column="c_double")
    assert await table.list_index_names() == ["i_vec", "i_double"]
    altered = await table.alter(AlterTableDropColumns(columns=["c_blob"]))
    assert "c_blob" not in (await altered.definition()).columns
    assert [found.name for found in await database.list_tables()] == ["plain"]
    await database.drop_table_index("i_vec")
    await database.drop_table("plain")
    await database.alter_type("address", operation=AlterTypeAddFields(fields={"town": "text"}))
    assert await database.list_type_names() == ["address"]
    await database.drop_type("address")
