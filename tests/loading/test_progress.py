"""What a load tells while it runs."""

from __future__ import annotations

from pathlib import Path

from astrolabe.loading.load_plan import LoadPhase, LoadProgress
from astrolabe.loading.progress import ProgressMeter
from storage.loads.ledger import LoadKey, LoadRecord, LoadState, Settled
from tests.support.fake_time import FakeTime


def record(**counts: int) -> LoadRecord:
    key = LoadKey("db", "ks", "docs", "", "digest")
    fields = {"next_row": 0, "loaded": 0, "already_there": 0, "failed": 0, **counts}
    return LoadRecord(1, key, Path("a.csv"), 1, LoadState.RUNNING, **fields, started_at=0, changed_at=0)


def test_reports_come_ten_times_a_second_at_most_and_the_last_one_always() -> None:
    time, heard = FakeTime(), list[LoadProgress]()
    meter = ProgressMeter(heard.append, time.clock)
    now = record()
    meter.begin(1000, now)
    for _ in range(100):
        time.now += 0.01
        now = now.after(Settled(10, 9, 0, ()))
        meter.settled(now)
    assert 8 <= len(heard) <= 12
    meter.finish()
    assert (heard[-1].done, heard[-1].loaded, heard[-1].total) == (1000, 900, 1000)


def test_rate_and_time_left_follow_the_last_seconds() -> None:
    time, heard = FakeTime(), list[LoadProgress]()
    meter = ProgressMeter(heard.append, time.clock)
    now = record()
    meter.begin(10_000, now)
    for rows in [10] * 20 + [100] * 20:
        time.now += 1
        now = now.after(Settled(rows, rows, 0))
        meter.settled(now)
    assert 95 < heard[-1].rate < 105
    assert heard[-1].eta is not None
    assert 70 < heard[-1].eta < 85
    assert heard[-1].elapsed == 40


def test_rows_of_an_earlier_run_count_as_done_and_not_as_speed() -> None:
    time, heard = FakeTime(), list[LoadProgress]()
    meter = ProgressMeter(heard.append, time.clock)
    now = record(next_row=5000, loaded=4990, already_there=4, failed=6)
    meter.begin(6000, now)
    time.now += 1
    meter.settled(now.after(Settled(50, 50, 0)))
    assert (heard[-1].done, heard[-1].loaded, heard[-1].failed, heard[-1].rate) == (5050, 5040, 6, 50)


def test_checking_estimates_the_total_from_the_bytes() -> None:
    time, heard = FakeTime(), list[LoadProgress]()
    meter = ProgressMeter(heard.append, time.clock)
    meter.checked(500, position=10_000, size=40_000)
    assert (heard[-1].phase, heard[-1].done, heard[-1].total) == (LoadPhase.CHECKING, 500, 2000)


def test_a_wait_is_told_at_once_and_ends_with_the_next_batch() -> None:
    time, heard = FakeTime(), list[LoadProgress]()
    meter = ProgressMeter(heard.append, time.clock)
    meter.begin(100, record())
    meter.waiting(20, "the model is being loaded")
    assert heard[-1].waiting == "the model is being loaded (next try in 20 s)"
    time.now += 20
    meter.settled(record(next_row=10, loaded=10))
    assert heard[-1].waiting == ""


def test_a_load_without_a_listener_is_silent() -> None:
    meter = ProgressMeter(None)
    meter.begin(10, record())
    meter.finish()
    assert meter.elapsed >= 0
