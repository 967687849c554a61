"""Requests that are nearly right get documented answers; ``make fuzz`` sends many more of them."""

from __future__ import annotations

from tests.serving.fuzz import fuzz
from tests.support.served import Served


def test_two_thousand_mutated_requests_get_documented_answers(server: Served) -> None:
    codes = fuzz(server, 2_000, seed=20261120)
    assert codes["ok"] > 200
    assert len(codes) > 20
