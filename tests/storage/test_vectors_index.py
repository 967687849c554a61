from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from storage.shapes import Matrix, Metric, Vector, VectorSpec
from storage.vectors.exact import Effort, TooMuchToReadError
from storage.vectors.index import EXACT_ROWS, GATHERED_ROWS, VectorIndex
from tests.support.vectors import changes, clustered, plain_search, plain_similarities

METRICS = list(Metric)
DIMENSION = 3
MANY = EXACT_ROWS + 5_000
NOTHING = np.zeros((0, DIMENSION), dtype=np.float32)


def filled(metric: Metric, rows: Matrix, seqs: list[int] | None = None) -> VectorIndex:
    index = VectorIndex(VectorSpec(rows.shape[1], metric))
    index.apply(changes(seqs if seqs is not None else list(range(1, len(rows) + 1)), rows))
    encode(index)
    return index


def encode(index: VectorIndex) -> None:
    while index.lacks_codes:
        index.encode_some()


def found(index: VectorIndex, query: Vector, k: int, allowed: list[int] | None = None) -> list[tuple[int, float]]:
    hits = index.search(query, k, None if allowed is None else np.array(allowed, dtype=np.int64))
    return [(hit.seq, hit.similarity) for hit in hits]


# Small whole numbers: products are exact, and ties are everywhere.
VECTOR = st.lists(st.integers(-3, 3), min_size=DIMENSION, max_size=DIMENSION)
STEP = st.one_of(
    st.dictionaries(st.integers(1, 30), VECTOR, max_size=10),
    st.sets(st.integers(1, 40), max_size=10),
)


@given(
    st.sampled_from(METRICS),
    st.lists(STEP, max_size=8),
    VECTOR,
    st.integers(0, 40),
    st.none() | st.lists(st.integers(-2, 50), max_size=40),
)
@settings(max_examples=300)
def test_search_after_any_writes_answers_as_plain_numpy_does(
    metric: Metric,
    steps: list[dict[int, list[int]] | set[int]],
    target: list[int],
    k: int,
    allowed: list[int] | None,
) -> None:
    index = VectorIndex(VectorSpec(DIMENSION, metric))
    rows: dict[int, Vector] = {}
    for step in steps:
        if isinstance(step, dict):
            vectors = np.array(list(step.values()), dtype=np.float32).reshape(-1, DIMENSION)
            index.apply(changes(list(step), vectors))
            rows.update(zip(step, vectors, strict=True))
        else:
            index.apply(changes([], NOTHING, sorted(step)))
            rows = {seq: vector for seq, vector in rows.items() if seq not in step}
    query = np.array(target, dtype=np.float32)
    assert len(index) == len(rows)
    assert found(index, query, k, allowed) == plain_search(metric, rows, query, k, allowed)


@pytest.fixture(scope="module")
def many() -> Matrix:
    return clustered(MANY, 48, seed=3)


@pytest.fixture(scope="module", params=METRICS)
def big(request: pytest.FixtureRequest, many: Matrix) -> tuple[VectorIndex, Matrix]:
    metric: Metric = request.param
    rows = many if metric is Metric.COSINE else many * np.random.default_rng(7).uniform(0.3, 3, (MANY, 1)).astype("f4")
    return filled(metric, rows), rows


def best(metric: Metric, rows: Matrix, query: Vector, k: int, allowed: NDArray[np.int64] | None = None) -> list[int]:
    similarity = plain_similarities(metric, rows, query)
    seqs = np.arange(1, len(rows) + 1) if allowed is None else allowed
    order = np.lexsort((seqs, -similarity[seqs - 1]))[:k]
    return [int(seq) for seq in seqs[order]]


def test_a_small_index_needs_no_codes_and_is_exact(many: Matrix) -> None:
    rows = many[:EXACT_ROWS]
    index = VectorIndex(VectorSpec(48))
    index.apply(changes(list(range(1, EXACT_ROWS + 1)), rows))
    assert not index.lacks_codes
    for query in clustered(10, 48, seed=15):
        assert [seq for seq, _ in found(index, query, 50)] == best(Metric.COSINE, rows, query, 50)


@pytest.mark.parametrize("k", [1, 10, 100])
def test_recall_through_codes_is_nearly_perfect_and_similarities_are_exact(
    big: tuple[VectorIndex, Matrix], k: int
) -> None:
    index, rows = big
    right = 0
    queries = clustered(40, 48, seed=11)
    with ThreadPoolExecutor(1) as helper:
        for query in queries:
            hits = index.search(query, k, effort=Effort(helper))
            assert len(hits) == k
            assert hits == sorted(hits, key=lambda hit: (-hit.similarity, hit.seq))
            right += len({hit.seq for hit in hits} & set(best(index.spec.metric, rows, query, k)))
            here = np.array([hit.seq for hit in hits]) - 1
            exact = plain_similarities(index.spec.metric, rows[here], query)
            assert np.allclose([hit.similarity for hit in hits], exact, rtol=2e-7)
    assert right / (len(queries) * k) >= 0.99


@pytest.mark.parametrize("share", [0.9, 0.3, 0.05, 0.001])
def test_filters_of_any_width_keep_recall_and_let_nothing_else_through(
    big: tuple[VectorIndex, Matrix], share: float
) -> None:
    index, rows = big
    allowed = np.flatnonzero(np.random.default_rng(2).random(MANY) < share) + 1
    right = total = 0
    for query in clustered(25, 48, seed=12):
        seqs = [hit.seq for hit in index.search(query, 10, allowed)]
        expected = best(index.spec.metric, rows, query, 10, allowed)
        assert set(seqs) <= set(allowed.tolist())
        assert len(seqs) == len(expected)
        right += len(set(seqs) & set(expected))
        total += len(expected)
        if len(allowed) <= GATHERED_ROWS:
            assert seqs == expected
    assert right / total >= 0.99


def test_a_filter_that_misses_every_near_row_still_finds_the_rest(big: tuple[VectorIndex, Matrix]) -> None:
    index, rows = big
    query = rows[77]
    order = best(index.spec.metric, rows, query, MANY)
    far = np.sort(np.array(order[MANY // 2 :]))
    assert [hit.seq for hit in index.search(query, 5, far)] == order[MANY // 2 : MANY // 2 + 5]


def test_writes_after_encoding_are_found_at_once(many: Matrix) -> None:
    index = filled(Metric.COSINE, many)
    queries = clustered(30, 48, seed=13)
    index.apply(changes(list(range(1, 31)), queries))
    assert [found(index, query, 1)[0] for query in queries] == [(seq, 1.0) for seq in range(1, 31)]
    index.apply(changes([], np.zeros((0, 48), dtype=np.float32), list(range(1, 31))))
    for query in queries:
        assert all(seq > 30 for seq, _ in found(index, query, 20))
    index.apply(changes(list(range(MANY + 1, MANY + 31)), queries))
    encode(index)
    assert [found(index, query, 1)[0] for query in queries] == [(seq, 1.0) for seq in range(MANY + 1, MANY + 31)]
    index.apply(changes([5], queries[:1]))
    assert found(index, queries[0], 2) == [(5, 1.0), (MANY + 1, 1.0)]


@pytest.mark.parametrize("metric", [Metric.DOT_PRODUCT, Metric.EUCLIDEAN])
def test_rows_longer_than_any_before_are_found_at_once(metric: Metric, many: Matrix) -> None:
    index = filled(metric, many)
    long = clustered(20, 48, seed=14) * 7
    index.apply(changes(list(range(1, 21)), long))
    rows = np.concatenate([long, many[20:]])
    for query in long:
        assert [seq for seq, _ in found(index, query, 5)] == best(metric, rows, query, 5)


def test_a_search_before_encoding_is_right(many: Matrix) -> None:
    index = VectorIndex(VectorSpec(48))
    index.apply(changes(list(range(1, MANY + 1)), many))
    index.encode_some()
    index.apply(changes([2, 20_000], many[[19_999, 1]], [3, 21_000]))
    rows = many.copy()
    rows[[1, 19_999]] = many[[19_999, 1]]
    kept = np.setdiff1d(np.arange(1, MANY + 1), [3, 21_000])
    for _ in range(2):
        for query in many[[1, 2, 19_999, 20_999]]:
            assert [seq for seq, _ in found(index, query, 5)] == best(Metric.COSINE, rows, query, 5, kept)
        encode(index)


def test_whole_clusters_of_dead_rows_do_not_hide_the_living(many: Matrix) -> None:
    index = filled(Metric.COSINE, many)
    query = many[500]
    order = best(Metric.COSINE, many, query, MANY)
    index.apply(changes([], np.zeros((0, 48), dtype=np.float32), order[:3_000]))
    assert [seq for seq, _ in found(index, query, 10)] == order[3_000:3_010]


def test_the_centre_follows_rows_that_have_moved(many: Matrix) -> None:
    index = filled(Metric.EUCLIDEAN, many)
    moved = many + np.float32(3)
    index.apply(changes(list(range(1, MANY + 1)), moved))
    assert index.lacks_codes
    encode(index)
    query = moved[9]
    assert [seq for seq, _ in found(index, query, 10)] == best(Metric.EUCLIDEAN, moved, query, 10)


def test_a_great_many_equal_vectors_are_told_apart_by_seq() -> None:
    rows = np.repeat(clustered(5, 48), MANY // 5, axis=0)
    index = filled(Metric.COSINE, rows)
    first = (MANY // 5) * 3 + 1
    assert [seq for seq, _ in found(index, rows[first], 7)] == list(range(first, first + 7))


def test_dot_products_that_bottom_out_at_zero_are_ordered_by_seq() -> None:
    rows = -np.abs(clustered(MANY, 48)) * 10
    index = filled(Metric.DOT_PRODUCT, rows)
    query = np.full(48, 1, dtype=np.float32)
    assert found(index, query, 3) == [(1, 0.0), (2, 0.0), (3, 0.0)]


@pytest.mark.parametrize("metric", METRICS)
def test_zero_vectors_among_the_rows_and_as_the_query(metric: Metric, many: Matrix) -> None:
    rows = many.copy()
    rows[[3, 12_345]] = 0
    index = filled(metric, rows)
    for query in (np.zeros(48, dtype=np.float32), rows[17]):
        expected = plain_search(metric, dict(enumerate(rows, start=1)), query, 4)
        assert [seq for seq, _ in found(index, query, 4)] == [seq for seq, _ in expected]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("size", [1e-25, 1e25])
def test_vectors_too_long_or_short_for_float32_products(metric: Metric, size: float) -> None:
    rows = clustered(50, 8)
    rows[10:20] *= np.float32(size)
    index = filled(metric, rows)
    for query in (rows[15], rows[30], rows[30] * np.float32(size)):
        expected = plain_search(metric, dict(enumerate(rows, start=1)), query, 50)
        hits = found(index, query, 50)
        assert np.allclose([value for _, value in hits], [value for _, value in expected])


def test_extreme_rows_among_many_switch_to_exact_comparison(many: Matrix) -> None:
    index = filled(Metric.EUCLIDEAN, many)
    index.apply(changes([MANY + 1, 4], np.full((2, 48), 1e25, dtype=np.float32)))
    assert not index.lacks_codes
    hits = found(index, np.full(48, 1e25, dtype=np.float32), 3)
    assert hits == [(4, 1.0), (MANY + 1, 1.0), (1, pytest.approx(0))]


def test_vectors_that_are_not_finite_are_never_found() -> None:
    index = filled(Metric.COSINE, np.array([[1, 0], [np.nan, 1], [np.inf, 1]], dtype=np.float32))
    assert found(index, np.array([1, 0], dtype=np.float32), 5) == [(1, 1.0)]
    index.apply(changes([1], np.array([[np.nan, 0]], dtype=np.float32)))
    assert found(index, np.array([1, 0], dtype=np.float32), 5) == []


@pytest.mark.parametrize("query", [[1, 0], [1, 0, np.nan]])
def test_a_query_of_another_shape_or_not_finite_is_refused(query: list[float]) -> None:
    with pytest.raises(ValueError, match="3 finite numbers"):
        filled(Metric.COSINE, NOTHING).search(np.array(query, dtype=np.float32), 1)


@pytest.mark.parametrize("share", [None, 0.5, 0.1])
def test_a_search_stops_when_it_would_read_too_much(big: tuple[VectorIndex, Matrix], share: float | None) -> None:
    index, rows = big
    allowed = None if share is None else np.arange(1, int(MANY * share))
    least = index.least_effort(allowed)
    with pytest.raises(TooMuchToReadError):
        index.search(rows[3], 10, allowed, Effort(numbers=least // 2))
    enough = index.search(rows[3], 10, allowed, Effort(numbers=MANY * 48))
    assert enough == index.search(rows[3], 10, allowed)


def test_an_empty_index_finds_nothing() -> None:
    assert found(filled(Metric.COSINE, NOTHING), np.ones(3, dtype=np.float32), 5) == []


@pytest.mark.parametrize("dimension", [1, 2, 5, 130])
def test_any_dimension_can_be_encoded(dimension: int) -> None:
    rows = np.random.default_rng(1).standard_normal((EXACT_ROWS + 300, dimension), dtype=np.float32)
    index = filled(Metric.EUCLIDEAN, rows)
    query = rows[7]
    assert [seq for seq, _ in found(index, query, 10)] == best(Metric.EUCLIDEAN, rows, query, 10)
