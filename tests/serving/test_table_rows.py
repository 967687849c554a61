"""The official Python client on the rows of tables: every command and value, blocking and not."""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from astrapy import DataAPIClient, Table
from astrapy.constants import SortMode
from astrapy.data_types import (
    DataAPIDate,
    DataAPIDuration,
    DataAPIMap,
    DataAPISet,
    DataAPITime,
    DataAPITimestamp,
    DataAPIVector,
)
from astrapy.exceptions import DataAPIResponseException, TableInsertManyException
from astrapy.info import ColumnType, CreateTableDefinition, VectorServiceOptions

from tests.support.served import CREDENTIAL, DATABASE, PROVIDER, TOKEN, Served

SERVICE = VectorServiceOptions(
    provider=PROVIDER,
    model_name="endpoint-defined-model",
    authentication={"providerKey": CREDENTIAL},
    parameters={"endpointName": "e", "regionName": "r", "cloudName": "aws"},
)
SCALARS = ("ascii", "bigint", "blob", "boolean", "date", "decimal", "double", "duration", "float", "inet", "smallint")
MORE_SCALARS = ("time", "timestamp", "tinyint", "uuid", "varint")
Row = dict[str, Any]
ROW: Row = {
    "shop": "north",
    "n": 1,
    "c_ascii": "abc",
    "c_bigint": 2**62,
    "c_blob": b"\x00\xffbytes",
    "c_boolean": True,
    "c_date": DataAPIDate.from_string("-0044-03-15"),
    "c_decimal": Decimal("123.4500"),
    "c_double": float("-inf"),
    "c_duration": DataAPIDuration.from_c_string("1mo2d3h"),
    "c_float": 0.5,
    "c_inet": ipaddress.ip_address("2001:db8::1"),
    "c_smallint": -7,
    "c_time": DataAPITime.from_string("12:34:56.789"),
    "c_timestamp": DataAPITimestamp.from_string("2024-02-29T12:34:56.789Z"),
    "c_tinyint": 127,
    "c_uuid": uuid.UUID("0f3b9c1e-1111-4222-8333-444455556666"),
    "c_varint": 10**40,
    "tags": DataAPISet(["a", "b"]),
    "list": [3, 1, 2],
    "counts": DataAPIMap([(1, "one"), (2, "two")]),
    "own": DataAPIVector([0.25, 0.5, 1.0]),
}


def definition() -> CreateTableDefinition:
    """Return a table with a column of every kind."""
    builder = CreateTableDefinition.builder().add_column("shop", ColumnType.TEXT).add_column("n", ColumnType.INT)
    for name in (*SCALARS, *MORE_SCALARS):
        builder = builder.add_column(f"c_{name}", ColumnType(name))
    return (
        builder.add_set_column("tags", ColumnType.TEXT)
        .add_list_column("list", ColumnType.INT)
        .add_map_column("counts", ColumnType.INT, ColumnType.TEXT)
        .add_vector_column("own", dimension=3)
        .add_vector_column("meaning", dimension=8, service=SERVICE)
        .add_partition_by(["shop"])
        .add_partition_sort({"n": SortMode.DESCENDING})
        .build()
    )


@pytest.fixture
def table(server: Served) -> Iterator[Table[Row]]:
    """Create the table with an index on either vector column."""
    database = DataAPIClient().get_database(f"{server.address}/databases/{DATABASE}", token=TOKEN)
    made: Table[Row] = database.create_table("every_row", definition=definition())
    made.create_vector_index("near_own", column="own")
    made.create_vector_index("near_meaning", column="meaning")
    made.create_index("by_tag", column="tags")
    yield made
    made.drop()


def test_values_of_every_type_come_back_as_they_went(table: Table[Row]) -> None:
    assert table.insert_one(ROW).inserted_id == {"shop": "north", "n": 1}
    found = table.find_one({"shop": "north", "n": 1})
    assert found is not None
    assert {name: value for name, value in found.items() if name in ROW} == ROW
    assert found["meaning"] is None
    assert found["c_blob"] == ROW["c_blob"]


def test_rows_are_upserted_updated_and_deleted(table: Table[Row]) -> None:
    table.insert_many([{"shop": "north", "n": n, "list": [n]} for n in range(120)])
    table.insert_one({"shop": "north", "n": 1, "tags": {"a"}})
    kept = table.find_one({"shop": "north", "n": 1})
    assert kept is not None
    assert kept["list"] == [1]
    where = {"shop": "north", "n": 1}
    table.update_one(where, {"$set": {"c_decimal": Decimal("0.10")}, "$push": {"list": 9, "tags": "b"}})
    table.update_one(where, {"$pullAll": {"tags": ["a"]}, "$unset": {"c_decimal": ""}})
    changed = table.find_one(where)
    assert changed is not None
    assert (changed["list"], set(changed["tags"]), changed["c_decimal"]) == ([1, 9], {"b"}, None)
    assert [row["n"] for row in table.find({"shop": "north"}, projection={"n": True})] == list(range(119, -1, -1))
    assert [row["n"] for row in table.find({"tags": {"$in": ["b"]}})] == [1]
    table.update_one({"shop": "new", "n": 5}, {"$set": {"list": [1]}})
    assert table.find_one({"shop": "new"}) is not None
    table.delete_many({"shop": "north", "n": {"$gte": 1}})
    table.delete_one({"shop": "new", "n": 5})
    assert [row["n"] for row in table.find({})] == [0]
    table.delete_many({})
    assert table.find({}).to_list() == []


def test_rows_are_found_by_either_vector_column(table: Table[Row]) -> None:
    table.insert_many(
        [
            {"shop": "a", "n": 1, "own": DataAPIVector([1, 0, 0]), "meaning": "a red bicycle"},
            {"shop": "b", "n": 1, "own": DataAPIVector([0, 1, 0]), "meaning": "a kettle that whistles"},
        ]
    )
    cursor = table.find({}, sort={"meaning": "a kettle"}, limit=1, include_similarity=True, include_sort_vector=True)
    assert [row["shop"] for row in cursor] == ["b"]
    near = table.find_one({}, sort={"own": DataAPIVector([1, 0.1, 0])}, include_similarity=True)
    assert near is not None
    assert near["shop"] == "a"
    assert near["$similarity"] > 0.9


def test_what_cannot_be_done_is_the_clients_own_error(table: Table[Row]) -> None:
    with pytest.raises(DataAPIResponseException, match="MISSING_PRIMARY_KEY_COLUMNS"):
        table.insert_one({"shop": "a"})
    with pytest.raises(TableInsertManyException) as caught:
        table.insert_many([{"shop": "a", "n": 1}, {"shop": "a", "n": "x"}, {"shop": "a", "n": 3}], ordered=True)
    assert caught.value.inserted_ids == [{"shop": "a", "n": 1}]
    with pytest.raises(DataAPIResponseException, match="UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION"):
        table.insert_one({"shop": "a", "n": 1, "own": "a text"})


async def test_rows_without_blocking(server: Served) -> None:
    database = DataAPIClient().get_async_database(f"{server.address}/databases/{DATABASE}", token=TOKEN)
    table = await database.create_table("every_row", definition=definition())
    await table.create_vector_index("near_meaning", column="meaning")
    await table.insert_many([{"shop": "a", "n": n, "meaning": f"text {n}"} for n in range(60)], concurrency=3)
    await table.insert_one(ROW)
    assert await table.find_one({"shop": "north", "n": 1}) is not None
    assert len([row async for row in table.find({"shop": "a"})]) == 60
    [near] = await table.find({}, sort={"meaning": "text 7"}, limit=1).to_list()
    assert near["n"] == 7
    await table.update_one({"shop": "a", "n": 7}, {"$set": {"c_date": dt.date(2024, 2, 29)}})
    changed = await table.find_one({"shop": "a", "n": 7})
    assert changed is not None
    assert changed["c_date"].to_date() == dt.date(2024, 2, 29)
    await table.delete_one({"shop": "a", "n": 7})
    await table.delete_many({"shop": "a"})
    assert [row["shop"] async for row in table.find({})] == ["north"]
    await table.drop()
