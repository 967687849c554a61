"""What a filter lets through is remembered for one state of a container, and not without end."""

from __future__ import annotations

import numpy as np

from storage.documents.filter_cache import FilterCache
from storage.vectors.source import ContainerState, Head

NOW = ContainerState(epoch=7, head=Head(1, 3))


def test_an_entry_counts_only_for_the_state_and_the_question_it_was_found_for() -> None:
    cache = FilterCache()
    cache.keep(1, "a", NOW, np.array([1, 2]))
    found = cache.find(1, "a", NOW)
    assert found is not None
    assert found.tolist() == [1, 2]
    assert cache.find(2, "a", NOW) is None
    assert cache.find(1, "b", NOW) is None
    assert cache.find(1, "a", ContainerState(epoch=7, head=Head(1, 4))) is None
    assert cache.find(1, "a", ContainerState(epoch=7, head=Head(2, 3))) is None
    assert cache.find(1, "a", ContainerState(epoch=8, head=Head(1, 3))) is None


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    cache = FilterCache(3 * 80)
    for question in "abc":
        cache.keep(1, question, NOW, np.arange(10))
    assert cache.find(1, "a", NOW) is not None
    cache.keep(1, "d", NOW, np.arange(10))
    assert [question for question in "abcd" if cache.find(1, question, NOW) is not None] == ["a", "c", "d"]
    cache.keep(1, "e", NOW, np.arange(31))
    assert all(cache.find(1, question, NOW) is None for question in "abcde")


def test_a_new_answer_takes_the_place_of_the_old_one() -> None:
    cache = FilterCache()
    later = ContainerState(epoch=7, head=Head(1, 4))
    cache.keep(1, "a", NOW, np.array([1]))
    cache.keep(1, "a", later, np.array([2]))
    assert cache.find(1, "a", NOW) is None
    found = cache.find(1, "a", later)
    assert found is not None
    assert found.tolist() == [2]
