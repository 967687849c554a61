"""Codes are left alone where they rule nothing out, and tried again later."""

from __future__ import annotations

import numpy as np

from storage.shapes import Metric, VectorSpec
from storage.vectors.exact import IN_ORDER, Effort
from storage.vectors.index import EXACT_ROWS, VectorIndex
from storage.vectors.pruning import Pruning
from tests.support.vectors import changes


def tried(pruning: Pruning, searches: int, spent: int) -> list[int]:
    """Return which of some searches went through the codes, each of which reads ``spent`` of 100 numbers."""
    through = []
    for at in range(searches):
        if pruning.is_worth_trying():
            through.append(at)
            pruning.note(spent, 100)
    return through


def test_codes_that_save_work_are_always_used() -> None:
    assert tried(Pruning(), 50, 30) == list(range(50))


def test_codes_that_save_nothing_are_tried_more_and_more_seldom() -> None:
    through = tried(Pruning(), 1000, 200)
    assert through[0] == 0
    assert len(through) < 10
    pauses = np.diff(through).tolist()
    assert pauses == sorted(pauses)


def test_one_search_in_vain_does_not_count() -> None:
    pruning = Pruning()
    assert tried(pruning, 10, 20) == tried(Pruning(), 10, 20)
    pruning.note(300, 100)
    assert pruning.is_worth_trying()


def test_codes_are_used_again_when_they_save_work_again() -> None:
    pruning = Pruning()
    tried(pruning, 1000, 200)
    assert len(tried(pruning, 10_000, 10)) > 5_000


def test_searches_among_vectors_without_clusters_read_about_what_there_is() -> None:
    random = np.random.default_rng(5)
    count, dimension = EXACT_ROWS + 1_000, 256
    index = VectorIndex(VectorSpec(dimension, Metric.COSINE))
    index.apply(changes(list(range(1, count + 1)), random.standard_normal((count, dimension)).astype(np.float32)))
    while index.lacks_codes:
        index.encode_some()
    efforts = []
    for query in random.standard_normal((40, dimension)).astype(np.float32):
        effort = Effort()
        index.search(query, 10, None, effort)
        efforts.append(effort.spent)
    everything = count * dimension // IN_ORDER
    assert float(np.median(efforts)) < 1.2 * everything
