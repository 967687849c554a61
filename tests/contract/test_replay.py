"""Our answers beside those of a real server, exchange by exchange, from an empty database."""

from __future__ import annotations

from pathlib import Path

from tests.contract.replay import known_differences, recorded, replay

LEAST_EQUAL = 775
"""Answers of 830 that are equal at least; all others are known, with their reason."""


async def test_commands_on_tables_are_answered_as_a_real_server_does(tmp_path: Path) -> None:
    known = known_differences("tables")
    outcomes = await replay(recorded("tables"), tmp_path / "data")
    differing = {outcome.exchange.name for outcome in outcomes if outcome.differences}
    assert differing == set(known)
    assert len(outcomes) - len(differing) >= LEAST_EQUAL


def test_every_known_difference_has_a_reason_and_an_exchange() -> None:
    known, names = known_differences("tables"), {exchange.name for exchange in recorded("tables")}
    assert known.keys() <= names
    assert all(reason.endswith(".") for reason in known.values())
