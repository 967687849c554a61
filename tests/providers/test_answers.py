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
from astrolabe.providers.wire.adapters.google import parse_vertex
from astrolabe.providers.wire.adapters.ollama import parse_ollama


def entries(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"data": [{"index": index, "embedding": embedding} for index, embedding in pairs]}


def test_entries_are_put_in_the_order_of_their_index() -> None:
    parsed = parse_openai(entries((1, [3.0, 4.0]), (0, [1.0, 2.0])) | {"usage": {"prompt_tokens": 3}}, 2)
    assert parsed.vectors.tolist() == [[1, 2], [3, 4]]
    assert parsed.usage.prompt_tokens == 3
    assert parsed.usage.total_tokens is None


ONE, TWO, THREE = [1.0, 2.0], [3.0, 4.0], [5.0, 6.0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([{"embedding": ONE}, {"embedding": TWO}], [ONE, TWO]),
        ([{"index": None, "embedding": ONE}, {"index": None, "embedding": TWO}], [ONE, TWO]),
        ([{"embedding": ONE}, {"index": 1, "embedding": TWO}], [ONE, TWO]),
        ([{"index": 1, "embedding": TWO}, {"embedding": ONE}], [ONE, TWO]),
        ([{"index": 2, "embedding": THREE}, {"index": None, "embedding": ONE}, {"index": 1, "embedding": TWO}],
         [ONE, TWO, THREE]),
        ([{"embedding": ONE}], [ONE]),
        ([{"index": None, "embedding": ONE}], [ONE]),
    ],
)  # fmt: skip
def test_an_index_that_is_left_out_is_read_where_the_order_is_clear(
    data: list[dict[str, Any]], expected: list[list[float]]
) -> None:
    assert parse_openai({"data": data}, len(data)).vectors.tolist() == expected


@pytest.mark.parametrize("index", [-1, 1, 7, True, False, "0", 0.5, [], {}])
def test_the_index_of_a_single_embedding_is_nothing_but_nought(index: object) -> None:
    with pytest.raises(AnswerError, match="'index'"):
        parse_openai(entries((index, [1.0])), 1)


@pytest.mark.parametrize("tokens", ["many", True, False, -3, 2.5, float("nan"), float("inf"), 10**400, None, [1]])
def test_what_is_no_number_of_tokens_is_not_counted(tokens: object) -> None:
    usage = parse_openai(entries((0, [1.0])) | {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}, 1).usage
    assert (usage.prompt_tokens, usage.total_tokens) == (None, None)
    assert parse_ollama({"embeddings": [[1.0]], "prompt_eval_count": tokens}, 1).usage.total_tokens is None
    counted = {"values": [1.0], "statistics": {"token_count": tokens}}
    assert parse_vertex({"predictions": [{"embeddings": counted}]}, 1).usage.total_tokens is None


@pytest.mark.parametrize("usage", [None, 7, True, []])
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
        ({"data": [{"embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]}, "out of range"),
        (entries((-1, [1.0]), (0, [1.0])), "out of range"),
        (entries((-2, [1.0]), (-1, [1.0])), "out of range"),
        (entries((0, [1.0]), ("1", [1.0])), "no number"),
        (entries((0, [1.0]), (1.5, [1.0])), "no number"),
        (entries((0, [1.0]), (1, [1.0, 2.0])), "different lengths"),
        (entries((0, [1.0]), (1, None)), "different lengths|something else"),
        (entries((0, ["1.0"]), (1, ["2.0"])), "something else"),
        (entries((0, "not base64!"), (1, [1.0])), "a text where"),
        (entries((0, {"a": 1}), (1, {"a": 1})), "something else"),
        (entries((0, 1.0), (1, 2.0)), "something else"),
        (entries((0, [True]), (1, [False])), "true or false"),
        (entries((0, [1.0, True]), (1, [0.5, 2])), "true or false"),
        (entries((0, [1.0, 2.0]), (1, [0.5, False])), "true or false"),
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
        ([[0.5, True], [0.5, 1]], "true or false"),
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
