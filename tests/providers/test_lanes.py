"""Lanes: one for each address and key, bounded, and without the key."""

from __future__ import annotations

import gc

from pydantic import SecretStr

from astrolabe.providers.throttle.lanes import MOST_LANES, Lanes
from astrolabe.providers.throttle.throttle import Lane
from tests.support.fake_time import FakeTime

URL = "https://provider.example/embeddings"


def found(lanes: Lanes, key: str | None, url: str = URL) -> Lane:
    time = FakeTime()
    secret = SecretStr(key) if key is not None else None
    return lanes.find(url, secret, 4, lambda: Lane(start=1, most=4, clock=time.clock, sleep=time.sleep))


def test_one_lane_for_each_address_and_key() -> None:
    lanes = Lanes()
    lane = found(lanes, "one")
    assert found(lanes, "one") is lane
    others = [found(lanes, "two"), found(lanes, None), found(lanes, "one", URL + "/other")]
    assert len({id(lane), *map(id, others)}) == 4


def test_ten_thousand_keys_leave_a_hundred_lanes_and_no_key() -> None:
    lanes = Lanes()
    for number in range(10_000):
        found(lanes, f"sentinel-{number}")
    assert len(lanes) == MOST_LANES
    reached = [str(part) for part in gc.get_referents(lanes.__dict__, *lanes.__dict__.values())]
    assert not any("sentinel" in text for text in reached)


def test_a_lane_in_use_is_not_forgotten() -> None:
    lanes = Lanes()
    used = found(lanes, "used")
    for number in range(2 * MOST_LANES):
        found(lanes, str(number))
    assert found(lanes, "used") is used
    del used
    for number in range(2 * MOST_LANES):
        found(lanes, str(number))
    assert len(lanes) == MOST_LANES
