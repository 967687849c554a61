from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from storage.shapes import Metric
from storage.vectors.coder import CodeShape, RowCodes, SignCoder, Words, cosine_bounds
from storage.vectors.codes import FARTHEST, SEGMENT, BoundEnvelope, CodeTable
from storage.vectors.metrics import Ranking, lengths, row_weights
from tests.support.vectors import clustered

METRICS = list(Metric)


def random_codes(count: int, words: int, seed: int = 0) -> RowCodes:
    random = np.random.default_rng(seed)
    numbers = random.integers(0, 2**63, (count, words), dtype=np.uint64)
    return RowCodes(numbers, np.ones(count, dtype=np.float32), np.zeros(count, dtype=np.float32))


def table_of(*codes: RowCodes, scanned: int) -> CodeTable:
    table = CodeTable.empty(CodeShape(scanned, codes[0].words.shape[1]))
    for some in codes:
        table.append(some)
    return table


def plain_distances(words: Words, query: Words) -> list[int]:
    return [min(FARTHEST, sum((int(a) ^ int(b)).bit_count() for a, b in zip(row, query, strict=True))) for row in words]


@pytest.mark.parametrize("words", [4, 6])
def test_distances_count_differing_bits_across_segments(words: int) -> None:
    codes = random_codes(8 * SEGMENT + 100, words + 2)
    first = RowCodes(codes.words[:777], codes.reach[:777], codes.bias[:777])
    second = RowCodes(codes.words[777:], codes.reach[777:], codes.bias[777:])
    table = table_of(first, second, scanned=words)
    query = random_codes(1, words + 2, seed=1).words[0]
    with ThreadPoolExecutor(1) as helper:
        found = table.distances(query, helper)
    assert len(found) == len(table) == 8 * SEGMENT + 100
    assert np.array_equal(found, table.distances(query, None))
    some = np.array([0, 776, 777, SEGMENT - 1, SEGMENT, 8 * SEGMENT, 8 * SEGMENT + 99])
    assert found[some].tolist() == plain_distances(codes.words[some, :words], query[:words])
    assert table.more_distances_at(query, some).tolist() == plain_distances(codes.words[some, words:], query[words:])
    assert np.array_equal(table.distances_at(query, some), found[some])


@pytest.mark.parametrize("words", [4, 6])
def test_distances_beyond_a_byte_stop_at_the_farthest(words: int) -> None:
    full = np.uint64(2**64 - 1)
    rows = np.array([[full] * words, [0] * words, [full] * (words - 1) + [0]], dtype=np.uint64)
    ones, zeros = np.ones(3, dtype=np.float32), np.zeros(3, dtype=np.float32)
    table = table_of(RowCodes(rows, ones, zeros), scanned=words)
    query = np.zeros(words, dtype=np.uint64)
    assert table.distances(query, None).tolist() == [FARTHEST, 0, min(FARTHEST, 64 * (words - 1))]


def test_put_and_hide_change_single_rows() -> None:
    table = table_of(random_codes(100, 4), scanned=3)
    other = random_codes(2, 4, seed=9)
    table.hide(np.array([3]))
    table.put(np.array([3, 50]), other)
    assert np.array_equal(table.words_at(np.array([3, 50])), other.words.T)
    assert table.reach[[3, 50]].tolist() == [1, 1]
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
@pytest.mark.parametrize("dimension", [30, 300, 800])
def test_scores_stay_below_their_bounds_nearly_always(metric: Metric, dimension: int) -> None:
    rows = clustered(3_000, dimension) * np.random.default_rng(5).uniform(0.5, 2, (3_000, 1)).astype(np.float32) + 0.1
    weights = row_weights(metric, lengths(rows))
    coder = SignCoder.fit(metric, rows, weights)
    table = table_of(coder.encode(rows, weights), scanned=CodeShape.of(dimension).scanned)
    everyone = np.arange(len(rows))
    above = np.zeros(2)
    for query in clustered(20, dimension, seed=8):
        ranking = Ranking(metric, query)
        code = coder.encode_query(ranking)
        scores = ranking.scores(rows, weights)
        best = np.argsort(-scores)[:200]
        near = table.distances(code.words, None)
        both = near.astype(np.int64) + table.more_distances_at(code.words, everyone)
        for number, cosines in enumerate((coder.scan_bounds[near], coder.bounds[both])):
            bounds = code.offset + table.bias + table.reach * code.reach * cosines
            above[number] += (scores[best] > bounds[best] + 1e-4).sum()
    assert (above / (20 * 200) < 0.01).all()


@pytest.mark.parametrize("metric", METRICS)
def test_the_bound_of_a_row_at_no_distance_is_its_score(metric: Metric) -> None:
    rows = clustered(500, 40) * np.random.default_rng(5).uniform(0.5, 2, (500, 1)).astype(np.float32) + 0.3
    weights = row_weights(metric, lengths(rows))
    coder = SignCoder.fit(metric, rows, weights)
    codes = coder.encode(rows, weights)
    for number in range(20):
        ranking = Ranking(metric, rows[number])
        code = coder.encode_query(ranking)
        assert np.array_equal(code.words, codes.words[number])
        bound = code.offset + codes.bias[number] + codes.reach[number] * code.reach
        assert bound == pytest.approx(ranking.scores(rows, weights)[number], abs=1e-4)


def test_the_envelope_lies_over_every_row() -> None:
    random = np.random.default_rng(3)
    reach = random.uniform(0, 3, 500).astype(np.float32)
    bias = (-(reach**2) + random.normal(size=500)).astype(np.float32)
    bounds = np.linspace(1, 0, 50, dtype=np.float32)
    envelope = BoundEnvelope()
    assert (envelope.over(bounds) == -np.inf).all()
    envelope.include(reach[:250], bias[:250])
    envelope.include(reach[250:], bias[250:])
    true = (bias[:, np.newaxis] + reach[:, np.newaxis] * bounds).max(axis=0)
    assert (envelope.over(bounds) >= true).all()
    assert (envelope.over(bounds) <= true + 0.3).all()


def test_a_centre_that_still_fits_is_kept_and_one_left_behind_is_noticed() -> None:
    rows = clustered(2_000, 24)
    weights = np.ones(len(rows), dtype=np.float32)
    coder = SignCoder.fit(Metric.EUCLIDEAN, rows, weights)
    assert not coder.has_moved(clustered(2_000, 24, seed=2), weights)
    assert coder.has_moved(rows + np.float32(1), weights)
