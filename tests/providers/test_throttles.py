"""Throttles: one for each address and key, bounded, and without the key."""

from __future__ import annotations

import gc

from pydantic import SecretStr

from astrolabe.providers.throttle.throttle import Throttle
from astrolabe.providers.throttle.throttles import MOST_THROTTLES, Throttles
from tests.support.fake_time import FakeTime

URL = "https://provider.example/embeddings"


def found(throttles: Throttles, key: str | None, url: str = URL) -> Throttle:
    time = FakeTime()
    secret = SecretStr(key) if key is not None else None
    return throttles.find(url, secret, 4, lambda: Throttle(start=1, most=4, clock=time.clock, sleep=time.sleep))


def test_one_throttle_for_each_address_and_key() -> None:
    throttles = Throttles()
    throttle = found(throttles, "one")
    assert found(throttles, "one") is throttle
    others = [found(throttles, "two"), found(throttles, None), found(throttles, "one", URL + "/other")]
    assert len({id(throttle), *map(id, others)}) == 4


def test_ten_thousand_keys_leave_a_hundred_throttles_and_no_key() -> None:
    throttles = Throttles()
    for number in range(10_000):
        found(throttles, f"sentinel-{number}")
    assert len(throttles) == MOST_THROTTLES
    reached = [str(part) for part in gc.get_referents(throttles.__dict__, *throttles.__dict__.values())]
    assert not any("sentinel" in text for text in reached)


def test_a_throttle_in_use_is_not_forgotten() -> None:
    throttles = Throttles()
    used = found(throttles, "used")
    for number in range(2 * MOST_THROTTLES):
        found(throttles, str(number))
    assert found(throttles, "used") is used
    del used
    for number in range(2 * MOST_THROTTLES):
        found(throttles, str(number))
    assert len(throttles) == MOST_THROTTLES
