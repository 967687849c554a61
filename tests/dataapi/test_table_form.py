"""The rules of the form that makes a table: types by a few letters, keys, names, and what is sent."""

from __future__ import annotations

import pytest

from astrolabe.dataapi.client.table_form import (
    ColumnDraft,
    KeyRole,
    TableDraft,
    column_problems,
    definition,
    known_type,
    matching,
    plan_table,
    table_problems,
    type_names,
)
from astrolabe.portal.databases.collection_form import VectorDraft
from storage.shapes import Metric

NAMES = type_names(["address"])


def test_types_are_found_by_how_they_begin_and_then_by_what_is_inside() -> None:
    assert matching("time", NAMES)[:2] == ["time", "timestamp"]
    assert matching("SET< te", NAMES) == ["set<text>"]
    assert known_type("Map<Text, Int>", NAMES) == "map<text,int>"
    assert known_type("counter", NAMES) is None


@pytest.mark.parametrize("kind", ["duration", "set<text>", "address", "map<text,int>"])
def test_what_has_no_order_is_no_key(kind: str) -> None:
    assert set(column_problems(ColumnDraft("a", kind, KeyRole.PARTITION), (), NAMES)) == {"role"}


def test_names_are_not_given_twice_and_not_left_out() -> None:
    assert set(column_problems(ColumnDraft("", "text"), (), NAMES)) == {"name"}
    assert set(column_problems(ColumnDraft("id", "nothing"), {"id"}, NAMES)) == {"name", "type"}
    assert set(table_problems(TableDraft("no-dash"))) == {"name"}
    assert set(table_problems(TableDraft("notes", (ColumnDraft("id"),)))) == {"columns"}


def test_a_vector_brings_its_index_and_the_column_of_its_texts() -> None:
    vector = VectorDraft(dimension="3", metric=Metric.EUCLIDEAN)
    column = ColumnDraft("v", "vector", vector=vector, index="notes_v", text_column="v_text")
    keys = (ColumnDraft("shop", role=KeyRole.PARTITION), ColumnDraft("at", "timestamp", KeyRole.DESCENDING))
    draft = TableDraft("notes", (*keys, column, ColumnDraft("home", "set<address>")))
    assert not table_problems(draft)
    assert definition(draft) == {
        "columns": {
            "shop": "text",
            "at": "timestamp",
            "v": {"type": "vector", "dimension": 3},
            "v_text": "text",
            "home": {"type": "set", "valueType": {"type": "userDefined", "udtName": "address"}},
        },
        "primaryKey": {"partitionBy": ["shop"], "partitionSort": {"at": -1}},
    }
    _, index = plan_table("k", draft)
    assert index.command["createVectorIndex"]["definition"] == {"column": "v", "options": {"metric": "euclidean"}}
