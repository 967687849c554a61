"""What can be searched by, and which command a search becomes."""

from __future__ import annotations

from typing import Any

import pytest

from astrolabe.dataapi.client.search_form import SearchDraft, SearchMode, modes, plan_search, problems
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.portal.organization import ServiceConfig
from tests.support.infos import info_of

SERVICE = ServiceConfig(provider="embedded", model="m")
MEANING, HYBRID, WORDS = SearchMode


def info(*, vector: bool = True, service: bool = True, lexical: bool = True, rerank: bool = True) -> TargetInfo:
    options: dict[str, Any] = {"lexical": {"enabled": lexical}, "rerank": {"enabled": rerank}}
    return info_of(dimension=2 if vector else None, service=SERVICE if service else None, **options)


@pytest.mark.parametrize(
    ("collection", "able"),
    [
        (info(), (MEANING, HYBRID, WORDS)),
        (info(rerank=False), (MEANING, WORDS)),
        (info(lexical=False), (MEANING,)),
        (info(service=False), (MEANING, WORDS)),
        (info(vector=False), (WORDS,)),
        (info(vector=False, lexical=False), (MEANING,)),
        (info_of(dimension=2, service=SERVICE), (MEANING,)),
    ],
)
def test_a_collection_is_searched_by_what_it_has(collection: TargetInfo, able: tuple[SearchMode, ...]) -> None:
    assert modes(collection) == able
    searchable = set(able) - (set() if collection.vector else {MEANING})
    fine = {mode for mode in SearchMode if not problems(SearchDraft("[1, 2]", mode=mode), collection)}
    assert fine == searchable


def test_words_are_a_sort_without_similarity() -> None:
    assert plan_search(SearchDraft("red car", '{"a": 1}', "3", WORDS), info()).command == {
        "find": {
            "filter": {"a": 1},
            "projection": {"$vectorize": 1},
            "sort": {"$lexical": "red car"},
            "options": {"limit": 3},
        }
    }


def test_a_hybrid_search_asks_for_the_ranks() -> None:
    assert plan_search(SearchDraft("red car", mode=HYBRID), info()).command == {
        "findAndRerank": {
            "projection": {"$vectorize": 1},
            "sort": {"$hybrid": "red car"},
            "options": {"limit": 10, "includeScores": True},
        }
    }


@pytest.mark.parametrize(("limit", "read"), [("50", None), ("51", 51), ("150", 100)])
def test_each_search_contributes_what_a_large_limit_needs(limit: str, read: int | None) -> None:
    planned = plan_search(SearchDraft("red car", "", limit, HYBRID), info())
    assert planned.command["findAndRerank"]["options"].get("hybridLimits") == read


def test_a_hybrid_search_has_a_lower_limit() -> None:
    assert problems(SearchDraft("x", "", "201", HYBRID), info()) == {"limit": "A whole number from 1 to 200."}
    assert problems(SearchDraft("x", "", "201", WORDS), info()) == {}


@pytest.mark.parametrize("mode", list(SearchMode))
def test_an_empty_query_only_filters(mode: SearchMode) -> None:
    assert "sort" not in plan_search(SearchDraft(" ", '{"a": 1}', "", mode), info()).command["find"]
