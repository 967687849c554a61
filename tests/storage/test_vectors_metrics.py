import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from storage.shapes import Matrix, Metric, Vector
from storage.vectors.metrics import Ranking, are_extreme, lengths, row_weights, similarities
from tests.support.vectors import plain_similarities

METRICS = list(Metric)
FINITE = st.floats(-(2.0**100), 2.0**100, width=32)
MODERATE = st.floats(-100, 100, width=32, allow_subnormal=False)


def matrix(*rows: list[float]) -> Matrix:
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize(
    ("metric", "row", "query", "expected"),
    [
        (Metric.COSINE, [3, 0], [2, 0], 1.0),
        (Metric.COSINE, [0, 5], [2, 0], 0.5),
        (Metric.COSINE, [-1, 0], [2, 0], 0.0),
        (Metric.DOT_PRODUCT, [3, 0], [2, 0], 3.5),
        (Metric.DOT_PRODUCT, [-3, 0], [2, 0], 0.0),
        (Metric.EUCLIDEAN, [2, 0], [2, 0], 1.0),
        (Metric.EUCLIDEAN, [0, 0], [3, 4], 1 / 26),
    ],
)
def test_similarity_follows_the_formula_of_the_data_api(
    metric: Metric, row: list[float], query: list[float], expected: float
) -> None:
    found = similarities(metric, matrix(row), matrix(query)[0])
    assert found.dtype == np.float32
    assert found[0] == np.float32(expected)


@pytest.mark.parametrize("metric", METRICS)
def test_zero_vectors_are_compared_without_nan(metric: Metric) -> None:
    rows = matrix([0, 0, 0], [1, 2, 3])
    for query in (rows[0], rows[1]):
        assert np.isfinite(similarities(metric, rows, query)).all()
        scores = Ranking(metric, query).scores(rows, row_weights(metric, lengths(rows)))
        assert np.isfinite(scores).all()


@given(arrays(np.float32, (5, 3), elements=FINITE), arrays(np.float32, 3, elements=FINITE), st.sampled_from(METRICS))
def test_similarity_is_finite_and_not_negative_for_any_finite_vectors(
    rows: Matrix, query: Vector, metric: Metric
) -> None:
    found = similarities(metric, rows, query)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@given(arrays(np.float32, (6, 4), elements=FINITE))
def test_lengths_are_right_where_squares_do_not_fit_a_float32(rows: Matrix) -> None:
    expected = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    assert np.allclose(lengths(rows), expected, rtol=1e-5, atol=2e-45)


def test_equal_vectors_have_equal_similarities_wherever_they_lie() -> None:
    random = np.random.default_rng(4)
    row = random.standard_normal((1, 77), dtype=np.float32)
    rows = np.repeat(row, 31, axis=0)
    for metric in METRICS:
        assert len(set(similarities(metric, rows, random.standard_normal(77, dtype=np.float32)).tolist())) == 1


@given(
    arrays(np.float32, (40, 8), elements=MODERATE),
    arrays(np.float32, 8, elements=MODERATE),
    st.sampled_from(METRICS),
    st.integers(1, 40),
)
def test_no_row_below_the_cut_is_among_the_best(rows: Matrix, query: Vector, metric: Metric, k: int) -> None:
    sizes = lengths(rows)
    ranking = Ranking(metric, query)
    if ranking.extreme or are_extreme(sizes):
        return
    scores = ranking.scores(rows, row_weights(metric, sizes))
    found = plain_similarities(metric, rows, query)
    cut = ranking.cut(float(np.sort(scores)[-k]), float(sizes.max()))
    kth = np.sort(found)[-k]
    assert (found[scores < cut] < kth).all()


@pytest.mark.parametrize("metric", METRICS)
def test_rows_that_only_rounding_tells_apart_are_all_above_the_cut(metric: Metric) -> None:
    random = np.random.default_rng(6)
    row = random.standard_normal(384, dtype=np.float32)
    rows = np.array([random.permutation(row) for _ in range(200)])
    query = np.full(384, 0.7, dtype=np.float32)
    assert len(set(similarities(metric, rows, query).tolist())) == 1
    sizes = lengths(rows)
    ranking = Ranking(metric, query)
    scores = ranking.scores(rows, row_weights(metric, sizes))
    # How far the sums differ depends on the order in which the processor adds; the cut must hold for any order.
    assert scores.min() >= ranking.cut(float(scores.max()), float(sizes.max()))


def test_only_lengths_that_spoil_float32_products_are_extreme() -> None:
    assert not are_extreme(np.array([0, 1e-9, 1, 1e9], dtype=np.float32))
    assert are_extreme(np.array([1, 1e17], dtype=np.float32))
    assert are_extreme(np.array([1, 1e-17], dtype=np.float32))
