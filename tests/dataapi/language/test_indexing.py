"""The ``indexing`` option: its definition, and which paths it covers."""

from __future__ import annotations

import pytest

from astrolabe.dataapi.language.indexing import IndexingRules, parse_indexing
from astrolabe.dataapi.language.paths import split_path
from tests.dataapi.language.refusals import refused


@pytest.mark.parametrize(
    ("definition", "indexed", "left_out"),
    [
        (None, ["a", "_id", "a.b"], []),
        ({"deny": ["a"]}, ["b", "_id", "ab"], ["a", "a.b", "a.0"]),
        ({"deny": ["a.b"]}, ["a", "a.c", "b"], ["a.b", "a.b.c", "a.0.b", "a.3.b.c"]),
        ({"deny": ["*"]}, [], ["a", "_id", "a.b"]),
        ({"deny": ["a&.b"]}, ["a.b"], ["a&.b"]),
        ({"deny": ["$vector"]}, ["a"], []),
        ({"deny": ["_id"]}, ["a"], ["_id"]),
        ({"allow": ["a"]}, ["a", "a.b", "a.0"], ["b", "_id"]),
        ({"allow": ["a.b"]}, ["a.b", "a.b.c", "a.0.b"], ["a", "a.c"]),
        ({"allow": ["*"]}, ["a", "_id", "a.b"], []),
        ({"allow": ["a"], "deny": None}, ["a"], ["b"]),
        ({"allow": ["0"]}, ["0", "0.1"], ["1"]),
    ],
)
def test_a_rule_covers_its_paths_and_what_lies_inside(
    definition: object, indexed: list[str], left_out: list[str]
) -> None:
    rules = parse_indexing(definition)
    paths = [*indexed, *left_out]
    assert [path for path in paths if rules.indexes(split_path(path))] == indexed


@pytest.mark.parametrize("rules", [IndexingRules(allow=frozenset({("a",)})), IndexingRules(deny=frozenset({("*",)}))])
@pytest.mark.parametrize("name", ["$vector", "$vectorize", "$lexical"])
def test_special_fields_are_always_indexed(rules: IndexingRules, name: str) -> None:
    assert rules.indexes((name,))


@pytest.mark.parametrize(
    "definition",
    [
        {"allow": ["a"], "deny": ["b"]},
        {},
        {"allow": None},
        {"allow": "a"},
        {"deny": ["a", "a"]},
        {"deny": ["a.b", "c", "a.b"]},
        {"deny": [""]},
        {"deny": ["$vectorize"]},
        {"deny": ["$x"]},
        {"deny": ["$vector.x"]},
        {"deny": ["a&b"]},
        {"deny": [1]},
        {"deny": ["a"], "other": 1},
        ["a"],
        "a",
    ],
)
def test_a_wrong_definition_is_refused(definition: object) -> None:
    with refused("INVALID_INDEXING_DEFINITION"):
        parse_indexing(definition)
