"""Analyzers: the terms of texts, and what cannot be put together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from storage.lexical.analyzers import MOST_BYTES, STANDARD_ANALYZER, AnalyzerError, read_analyzer
from storage.lexical.stems import stem
from storage.lexical.tokenizers import NAMED


@pytest.mark.parametrize(
    ("name", "text", "terms"),
    [
        ("standard", "The Red-Bicycle, and the red one!", ["the", "red", "bicycle", "and", "the", "red", "one"]),
        ("standard", "can't U.S.A. 3.14 foo_bar a.b@c", ["can't", "u.s.a", "3.14", "foo_bar", "a.b", "c"]),
        ("standard", "Größe naïve नमस्ते", ["größe", "naïve", "नमस्ते"]),
        ("standard", "日本語 テスト 한국어", ["日", "本", "語", "テスト", "한국어"]),
        ("standard", "… -- \ud800 \0", []),
        ("STANDARD", "A", ["a"]),
        ("english", "The runners' dog's were running quickly", ["runner", "dog", "were", "run", "quickli"]),
        ("german", "Die Häuser", ["die", "haus"]),
        ("brazilian", "gatos", ["gat"]),
        ("latvian", "Kaķi", ["kaķi"]),
        ("simple", "Web2 is it's", ["web", "is", "it", "s"]),
        ("stop", "It is the Red", ["red"]),
        ("whitespace", " Red-Bicycle,  NOW ", ["Red-Bicycle,", "NOW"]),
        ("keyword", "Red Bicycle", ["Red Bicycle"]),
        ("lowercase", "Red Bicycle", ["red bicycle"]),
        ("cjk", "日本語 the abc 東", ["日本", "本語", "abc", "東"]),
        ("standard", "x" * 300, ["x" * 255, "x" * 45]),
    ],
)
def test_the_terms_of_a_named_analyzer(name: str, text: str, terms: list[str]) -> None:
    assert read_analyzer(name).terms(text) == terms


@pytest.mark.parametrize(
    ("parts", "text", "terms"),
    [
        ({}, "Red RED", ["Red", "RED"]),
        ({"filters": [{"name": "lowercase"}, {"name": "asciifolding"}]}, "Café Straße", ["cafe", "strasse"]),
        ({"filters": [{"name": "lowercase"}, {"name": "porterstem"}]}, "Running", ["run"]),
        ({"filters": [{"name": "stop"}], "charFilters": [{"name": "htmlstrip"}]}, "<b>the &lt;</b> word", ["word"]),
        ({"tokenizer": {"name": "ngram", "args": {"minGramSize": 2, "maxGramSize": "3"}}}, "abc", ["ab", "abc", "bc"]),
        ({"tokenizer": {"name": "letter", "args": {}}, "filters": None}, "a1b", ["a", "b"]),
    ],
)
def test_the_terms_of_an_analyzer_of_parts(parts: dict[str, Any], text: str, terms: list[str]) -> None:
    assert read_analyzer({"tokenizer": {"name": "standard"}, **parts}).terms(text) == terms


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("klingon", "no analyzer 'klingon'"),
        ("", "no analyzer ''"),
        ({}, "needs a 'tokenizer'"),
        ({"tokeniser": {}}, "not 'tokeniser'"),
        ({"tokenizer": "standard"}, "object with a 'name'"),
        ({"tokenizer": {"name": 5}}, "object with a 'name'"),
        ({"tokenizer": {"name": "thai"}}, "no tokenizer 'thai'"),
        ({"tokenizer": {"name": "standard", "args": {"maxTokenLength": 5}}}, "no arguments"),
        ({"tokenizer": {"name": "standard", "size": 5}}, "has a 'name'"),
        ({"tokenizer": {"name": "ngram", "args": {"size": 5}}}, "not 'size'"),
        ({"tokenizer": {"name": "ngram", "args": {"minGramSize": "two"}}}, "whole numbers"),
        ({"tokenizer": {"name": "ngram", "args": {"minGramSize": 3, "maxGramSize": 2}}}, "the least one first"),
        ({"tokenizer": {"name": "standard"}, "filters": {}}, "'filters' must be an array"),
        ({"tokenizer": {"name": "standard"}, "filters": [{"name": "synonym"}]}, "no filter 'synonym'"),
        ({"tokenizer": {"name": "standard"}, "charFilters": [{"name": "mapping"}]}, "no charFilter 'mapping'"),
    ],
)
def test_what_there_is_no_analyzer_for(definition: str | dict[str, Any], words: str) -> None:
    with pytest.raises(AnalyzerError, match=words):
        read_analyzer(definition)


def test_a_text_is_too_long_by_its_terms() -> None:
    assert STANDARD_ANALYZER.fits("!" * 1_000_000)
    assert STANDARD_ANALYZER.fits("ab " * (MOST_BYTES // 2))
    assert not STANDARD_ANALYZER.fits("ab " * (MOST_BYTES // 2) + "c")
    assert read_analyzer("stop").fits("the " * 1_000_000)


def test_a_query_of_more_than_any_document_matches_nothing() -> None:
    many = " ".join(map(str, range(10_000)))
    assert STANDARD_ANALYZER.query(many).terms == ()
    assert not STANDARD_ANALYZER.query(many).matches(many)
    assert STANDARD_ANALYZER.query("same " * 10_000).terms == ("same",)


@pytest.mark.parametrize("query", ["", " ", "!?", "—"])
def test_a_query_without_words_matches_nothing(query: str) -> None:
    assert not STANDARD_ANALYZER.query(query).matches("a text")
    assert not STANDARD_ANALYZER.query(query).matches("")


def test_every_language_with_a_name_makes_terms() -> None:
    for name in NAMED:
        assert len(read_analyzer(name).terms("Bicycles")) >= 1


def test_threads_do_not_share_a_stemmer() -> None:
    words = [f"{letter}ationalities{number}running" for letter in "bcdfg" for number in range(400)]
    alone = [read_analyzer("english").terms(word) for word in words]
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read_analyzer("english").terms, words)) == alone
