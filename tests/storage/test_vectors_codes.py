from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from storage.model import Metric
from storage.vectors.coder import CodeShape, RowCodes, SignCoder, Words, cosine_bounds
from storage.vectors.codes import FARTHEST, SEGMENT, CodeTable
from storage.vectors.metrics import Ranking, lengths, row_weights
from tests.support.vectors import clustered

METRICS = list(Metric)


def random_codes(count: int, words: int, seed: int = 0) -> RowCodes:
    random = np.random.default_rng(seed)
    numbers = random.integers(0, 2**63, (count, words), dtype=np.uint64)
    return RowCodes(numbers, np.ones(count, dtype=np.float32), np.zeros(count, dtype=np.float32))


def plain_distances(words: Words, query: Words) -> list[int]:
    return [min(FARTHEST, sum((int(a) ^ int(b)).bit_count() for a, b in zip(row, query, strict=True))) for row in words]


@pytest.mark.parametrize("words", [4, 6])
def test_distances_count_differing_bits_across_segments(words: int) -> None:
    codes = random_codes(2 * SEGMENT + 100, words)
    table = CodeTable.empty(words)
    table.append(RowCodes(codes.words[:777], codes.reach[:777], codes.bias[:777]))
    table.append(RowCodes(codes.words[777:], codes.reach[777:], codes.bias[777:]))
    query = random_codes(1, words, seed=1).words[0]
    with ThreadPoolExecutor(1) as helper:
        found = table.distances(query, helper)
    assert len(found) == len(table) == 2 * SEGMENT + 100
    assert np.array_equal(found, table.distances(query, None))
    some = np.array([0, 776, 777, SEGMENT - 1, SEGMENT, 2 * SEGMENT, 2 * SEGMENT + 99])
    assert found[some].tolist() == plain_distances(codes.words[some], query)
    assert np.array_equal(table.distances_at(query, some), found[some])


@pytest.mark.parametrize("words", [4, 6])
def test_distances_beyond_a_byte_stop_at_the_farthest(words: int) -> None:
    full = np.uint64(2**64 - 1)
    rows = np.array([[full] * words, [0] * words, [full] * (words - 1) + [0]], dtype=np.uint64)
    table = CodeTable.empty(words)
    table.append(RowCodes(rows, np.ones(3, dtype=np.float32), np.zeros(3, dtype=np.float32)))
    query = np.zeros(words, dtype=np.uint64)
    assert table.distances(query, None).tolist() == [FARTHEST, 0, min(FARTHEST, 64 * (words - 1))]


def test_put_and_hide_change_single_rows() -> None:
    table = CodeTable.empty(4)
    table.append(random_codes(100, 4))
    other = random_codes(2, 4, seed=9)
    table.put(np.array([3, 50]), other)
    assert np.array_equal(table.words_at(np.array([3, 50])), other.words.T)
    table.hide(np.array([50]))
    assert table.bias[50] == -np.inf
    assert np.isfinite(np.delete(table.bias, 50)).all()


@pytest.mark.parametrize("bits", [256, 384])
def test_bounds_fall_from_one_with_the_distance(bits: int) -> None:
    bounds = cosine_bounds(bits)
    assert bounds[0] == 1
    assert (np.diff(bounds) < 0).all()
    middle = bounds[bits // 2]
    assert 0 < middle < 0.3


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dimension", [3, 40, 300, 800])
def test_scores_stay_below_their_bounds_nearly_always(metric: Metric, dimension: int) -> None:
    rows = clustered(3_000, dimension) * np.random.default_rng(5).uniform(0.5, 2, (3_000, 1)).astype(np.float32) + 0.1
    weights = row_weights(metric, lengths(rows))
    coder = SignCoder.fit(metric, rows, weights)
    codes = coder.encode(rows, weights)
    table = CodeTable.empty(codes.words.shape[1])
    table.append(codes)
    above = total = 0
    for query in clustered(20, dimension, seed=8):
        ranking = Ranking(metric, query)
        code = coder.encode_query(ranking)
        bounds = code.offset + table.bias + table.reach * code.reach * coder.bounds[table.distances(code.words, None)]
        scores = ranking.scores(rows, weights)
        best = np.argsort(-scores)[:200]
        above += int((scores[best] > bounds[best] + 1e-4).sum())
        total += len(best)
    assert above / total < 0.012


def test_a_centre_that_still_fits_is_kept_and_one_left_behind_is_noticed() -> None:
    rows = clustered(2_000, 24)
    weights = np.ones(len(rows), dtype=np.float32)
    coder = SignCoder.fit(Metric.EUCLIDEAN, rows, weights)
    assert not coder.has_moved(clustered(2_000, 24, seed=2), weights)
    assert coder.has_moved(rows + np.float32(1), weights)
