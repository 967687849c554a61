"""Long work that lets other threads have their turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.sqlite.gil_yield import in_turns


def test_every_value_comes_in_order() -> None:
    assert list(in_turns(iter(range(1000)))) == list(range(1000))


def test_nothing_is_taken_before_it_is_wanted() -> None:
    taken: list[int] = []

    def values() -> Iterator[int]:
        for number in range(3):
            taken.append(number)
            yield number

    assert next(in_turns(values())) == 0
    assert taken == [0]


def test_work_longer_than_a_turn_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[str] = []
    monkeypatch.setattr("storage.sqlite.gil_yield._TURN", -1)
    monkeypatch.setattr("storage.sqlite.gil_yield.give_way", lambda: pauses.append("pause"))
    assert list(in_turns("abc")) == ["a", "b", "c"]
    assert len(pauses) == 3
