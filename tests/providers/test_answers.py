"""Answers are read strictly: nothing wrong becomes a vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.providers.wire.adapters import AnswerError
from astrolabe.providers.wire.adapters.answers import check_vectors, parse_bare, parse_json, parse_openai
from astrolabe.providers.wire.adapters.error_text import find_words, is_json


def entries(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"data": [{"index": index, "embedding": embedding} for index, embedding in pairs]}


def test_entries_are_put_in_the_order_of_their_index() -> None:
    parsed = parse_openai(entries((1, [3.0, 4.0]), (0, [1.0, 2.0])) | {"usage": {"prompt_tokens": 3}}, 2)
    assert parsed.vectors.tolist() == [[1, 2], [3, 4]]
    assert parsed.usage.prompt_tokens == 3
    assert parsed.usage.total_tokens is None


@pytest.mark.parametrize("usage", [None, 7, {"prompt_tokens": "many"}])
def test_usage_may_be_missing_or_odd(usage: object) -> None:
    assert parse_openai(entries((0, [1.0])) | {"usage": usage}, 1).usage.prompt_tokens is None


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "no embeddings"),
        ([], "no embeddings"),
        ({}, "no embeddings"),
        ({"data": None}, "no embeddings"),
        ({"data": []}, "no embeddings"),
        ({"data": [1, 2]}, "something else"),
        (entries((0, [1.0])), "1 embeddings for 2 texts"),
        (entries((0, [1.0]), (0, [1.0])), "doubled"),
        (entries((0, [1.0]), (2, [1.0])), "out of range"),
        (entries((0, [1.0]), (None, [1.0])), "missing"),
        (entries((0, [1.0]), (True, [1.0])), "missing"),
        ({"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}, "missing"),
        (entries((0, [1.0]), (1, [1.0, 2.0])), "different lengths"),
        (entries((0, [1.0]), (1, None)), "different lengths|something else"),
        (entries((0, ["1.0"]), (1, ["2.0"])), "something else"),
        (entries((0, "not base64!"), (1, [1.0])), "a text where"),
        (entries((0, {"a": 1}), (1, {"a": 1})), "something else"),
        (entries((0, 1.0), (1, 2.0)), "something else"),
        (entries((0, [True]), (1, [False])), "something else"),
    ],
)  # fmt: skip
def test_broken_openai_answers_are_refused(answer: object, problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        parse_openai(answer, 2)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"error": "x"}, "not a list"),
        ([], "0 embeddings for 2"),
        ([[1.0]], "1 embeddings for 2"),
        ([[1.0], None], "different lengths|something else"),
        ([0.1, 0.2], "something else"),
        ([[[1.0, 2.0]], [[1.0, 2.0]]], "per token"),
        ([["a"], ["b"]], "something else"),
    ],
)
def test_broken_bare_answers_are_refused(answer: object, problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        parse_bare(answer, 2)


@pytest.mark.parametrize("body", [b"", b"  \n", b"<html>", b"[1,", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerError):
        parse_bare(parse_json(body), 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["data", "index", "embedding"]), inner),
    max_leaves=20,
)


@given(JSON, st.integers(1, 3))
def test_any_answer_is_vectors_or_a_clear_refusal(answer: object, count: int) -> None:
    for parse in (parse_openai, parse_bare):
        try:
            vectors = parse(answer, count).vectors
        except AnswerError:
            continue
        assert vectors.shape[0] == count
        assert vectors.dtype == np.float32


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([[1.0, 2.0]], "2 dimensions where 3"),
        ([[1.0, 2.0, 3.0], [1.0, np.inf, 2.0]], "not finite in vector 2"),
        ([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], "only zeros in vector 2"),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(rows: list[list[float]], problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        check_vectors(np.array(rows, dtype=np.float32), 3)


def test_a_number_too_large_for_a_float32_is_refused_and_not_a_warning() -> None:
    with pytest.raises(AnswerError, match="not finite"):
        check_vectors(parse_bare([[1e300]], 1).vectors, 1)


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b'{"error": {"message": "said"}}', "application/json", "said"),
        (b'{"error": {"message": ["a", 1]}}', "application/json; charset=utf-8", '["a", 1]'),
        (b'{"error": "flat"}', "application/json", '{"error": "flat"}'),
        (b'{"message": "plain"}', "application/problem+json", "plain"),
        (b'{"error": {"message": "said"}}', "text/plain", '{"error": {"message": "said"}}'),
        (b"Bad Gateway", "text/html", "Bad Gateway"),
        (b"not json", "application/json", "not json"),
        (b"\xff", "text/plain", "�"),
        (b"", "", ""),
    ],
)
def test_the_providers_words_are_found(body: bytes, content_type: str, words: str) -> None:
    assert find_words(("/error/message", "/message"), content_type, body) == words


def test_json_media_types() -> None:
    assert is_json("Text/JSON;charset=x")
    assert not is_json("text/html")
    assert not is_json("")
