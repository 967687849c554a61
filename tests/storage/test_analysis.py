"""Analyzers: the terms of texts, and what cannot be put together."""

from __future__ import annotations

import sqlite3
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.analysis import MOST_BYTES, STANDARD_ANALYZER, AnalyzerError, read_analyzer
from storage.porter import stem


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
        ("german", "Die Häuser", ["die", "häuser"]),
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


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(string.ascii_lowercase, min_size=3, max_size=12), min_size=1, max_size=40))
def test_stems_are_those_of_sqlite(words: list[str]) -> None:
    """SQLite has the same algorithm, but takes two words of three letters for others."""
    words = sorted({word + ending for word in words for ending in ("", "ed", "ing", "ational", "ies", "ement")})
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(w, tokenize='porter ascii')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
        connection.executemany("INSERT INTO t (rowid, w) VALUES (?, ?)", enumerate(words))
        expected = dict(connection.execute("SELECT doc, term FROM v").fetchall())
    connection.close()
    assert {n: stem(word) for n, word in enumerate(words)} == expected
