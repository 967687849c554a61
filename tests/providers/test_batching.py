"""Batches hold every text once, in order, within every limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.providers.embedding.batching import BatchLimits, estimate_tokens, plan

TEXTS = st.lists(st.text(max_size=60), max_size=40)
LIMITS = st.builds(
    BatchLimits,
    texts=st.integers(1, 10),
    tokens=st.none() | st.integers(1, 60),
    size=st.none() | st.integers(1, 200),
)


@given(TEXTS, LIMITS)
def test_every_text_is_in_exactly_one_batch_and_the_order_is_kept(texts: list[str], limits: BatchLimits) -> None:
    batches = plan(texts, limits)
    assert [position for batch in batches for position in batch] == list(range(len(texts)))
    assert all(batches)


@given(TEXTS, LIMITS)
def test_no_batch_of_several_texts_is_over_a_limit(texts: list[str], limits: BatchLimits) -> None:
    for batch in plan(texts, limits):
        assert len(batch) <= limits.texts
        if len(batch) > 1:
            inside = [texts[position] for position in batch]
            assert limits.tokens is None or sum(map(estimate_tokens, inside)) <= limits.tokens
            assert limits.size is None or sum(len(text.encode("utf-8", "replace")) for text in inside) <= limits.size


def test_batches_are_filled() -> None:
    assert [len(batch) for batch in plan(["x"] * 70, BatchLimits(32))] == [32, 32, 6]


def test_tokens_are_planned_to_four_fifths() -> None:
    text = "abc" * 9  # ten tokens by the estimate
    assert [len(batch) for batch in plan([text] * 20, BatchLimits(100, tokens=100))] == [8, 8, 4]


def test_a_text_over_the_limit_gets_a_batch_of_its_own() -> None:
    texts = ["small", "x" * 3000, "small"]
    assert [list(batch) for batch in plan(texts, BatchLimits(100, tokens=100))] == [[0], [1], [2]]


def test_a_chinese_character_counts_as_a_token() -> None:
    assert estimate_tokens("中文字符") == 5
    assert estimate_tokens("four words of text") == 7
