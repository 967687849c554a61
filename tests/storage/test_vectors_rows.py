import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.vectors.arrays import GrowingArray, in_two_parts, kth_largest, runs
from storage.vectors.directory import SeqDirectory
from storage.vectors.rows import RowStore
from storage.vectors.stored_rows import Budget
from tests.support.vectors import numbered, stored_rows


@given(st.lists(st.integers(0, 700), max_size=8), st.integers(0, 400), st.booleans(), st.data())
def test_rows_come_back_from_wherever_they_were_appended(
    sizes: list[int], stored: int, kept: bool, data: st.DataObject
) -> None:
    expected = numbered(0, stored + sum(sizes))
    store = RowStore(3, stored_rows(expected[:stored], Budget(1 << 20 if kept else 0)))
    for size in sizes:
        store.append(numbered(len(store), size))
    assert len(store) == len(expected)
    positions = sorted(data.draw(st.sets(st.integers(0, max(len(expected) - 1, 0)), max_size=50)))
    here = np.array(positions if len(expected) else [], dtype=np.int64)
    assert np.array_equal(store.gather(here), expected[here])
    changed = expected.copy()
    changed[here] = -changed[here]
    store.replace(here, changed[here])
    start = data.draw(st.integers(0, len(expected)))
    stop = data.draw(st.integers(start, len(expected)))
    blocks = list(store.blocks(start, stop, 100))
    assert [at for at, _ in blocks] == np.cumsum([start, *(len(rows) for _, rows in blocks)])[: len(blocks)].tolist()
    walked = np.concatenate([numbered(0, 0), *(rows for _, rows in blocks)])
    assert np.array_equal(walked, changed[start:stop])


def test_a_frozen_store_does_not_grow_with_the_original() -> None:
    store = RowStore(3)
    store.append(numbered(0, 10))
    frozen = store.frozen()
    store.append(numbered(10, 1_000))
    assert len(frozen) == 10
    assert np.array_equal(frozen.gather(np.arange(10)), numbered(0, 10))


@given(st.lists(st.tuples(st.sampled_from("awr"), st.sets(st.integers(0, 60), max_size=12)), max_size=12), st.data())
def test_the_directory_finds_what_is_alive(steps: list[tuple[str, set[int]]], data: st.DataObject) -> None:
    directory = SeqDirectory()
    alive: dict[int, int] = {}
    count = 0
    for step, seqs in steps:
        known, found = directory.find(np.array(sorted(seqs), dtype=np.int64))
        if step == "r":
            directory.set_alive(np.unique(known[found]), alive=False)
            alive = {seq: position for seq, position in alive.items() if seq not in seqs}
            continue
        ordered = sorted(seqs)
        for seq, position, is_known in zip(ordered, known.tolist(), found.tolist(), strict=True):
            alive[seq] = position if is_known else -1
        fresh = [seq for seq, is_known in zip(ordered, found.tolist(), strict=True) if not is_known]
        for seq in fresh:
            alive[seq] = count
            count += 1
        directory.set_alive(np.unique(known[found]), alive=True)
        directory.append(np.array(fresh, dtype=np.int64))
    assert directory.live == len(alive)
    assert len(directory) == count
    assert len(directory.dead_positions()) == directory.dead == count - len(alive)
    assert directory.live_in_seq_order().tolist() == [alive[seq] for seq in sorted(alive)]
    allowed = data.draw(st.lists(st.integers(-5, 65), max_size=80))
    expected = sorted(alive[seq] for seq in set(allowed) if seq in alive)
    assert directory.select(np.array(allowed, dtype=np.int64)).tolist() == expected


def test_seqs_appended_after_a_selection_are_selected_too() -> None:
    for first in ([10, 11, 12], [10, 14, 12]):
        directory = SeqDirectory(np.array(first))
        asked = np.arange(30)
        assert directory.select(asked).tolist() == [0, 1, 2]
        directory.append(np.array([13, 20]))
        assert directory.select(asked).tolist() == [0, 1, 2, 3, 4]


def test_seqs_far_apart_are_selected_without_a_table() -> None:
    directory = SeqDirectory(np.array([1, 10**15, 10**16]))
    assert directory.select(np.array([10**16, 1, 5])).tolist() == [0, 2]


def test_a_growing_array_keeps_what_it_had() -> None:
    array = GrowingArray(np.array([1, 2], dtype=np.int64))
    for number in range(3, 3_000):
        array.extend(np.array([number]))
    assert array.values.tolist() == list(range(1, 3_000))


def test_runs_leave_out_parts_without_positions() -> None:
    assert list(runs(np.array([3, 4, 30]), np.array([0, 10, 20]))) == [(0, 0, 2), (2, 2, 3)]
    assert list(runs(np.zeros(0, dtype=np.int64), np.array([0, 10]))) == []


def test_work_in_two_parts_is_done_once_each_without_a_helper() -> None:
    done: list[tuple[int, int]] = []
    in_two_parts(None, 7, lambda start, stop: done.append((start, stop)))
    assert done == [(0, 7)]


def test_work_is_not_left_to_a_helper_that_is_busy() -> None:
    go_on = threading.Event()
    done: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as helper:
        helper.submit(go_on.wait, 5)
        in_two_parts(helper, 9, lambda start, stop: done.append((start, stop)))
        go_on.set()
    assert done == [(0, 5), (5, 9)]


def test_much_work_is_shared_and_little_is_not() -> None:
    by: dict[str, list[tuple[int, int]]] = {}
    helped = threading.Event()

    def work(start: int, stop: int) -> None:
        by.setdefault(threading.current_thread().name[:6], []).append((start, stop))
        if start > 0:
            helped.set()
        elif stop == 4:  # the first half: as long as the helper needs to take the second
            helped.wait()

    with ThreadPoolExecutor(1, thread_name_prefix="helper") as helper:
        in_two_parts(helper, 8, work)
        assert by == {"MainTh": [(0, 4)], "helper": [(4, 8)]}
        by.clear()
        in_two_parts(helper, 3, work)
        assert by == {"MainTh": [(0, 3)]}


def test_kth_largest() -> None:
    assert kth_largest(np.array([3, 1, 2, 3], dtype=np.float32), 2) == 3
    assert kth_largest(np.array([3, 1, 2], dtype=np.float32), 3) == 1
