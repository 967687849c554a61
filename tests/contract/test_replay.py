"""Our answers beside those of a real server, exchange by exchange, from an empty database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.replay import CONTRACTS, PAGE, decisions, errors_told, known_differences, recorded, replay, table

LEAST_EQUAL = 775
"""Answers of 830 that are equal at least; all others are known, with their reason."""


async def test_commands_on_tables_are_answered_as_a_real_server_does(tmp_path: Path) -> None:
    known = known_differences("tables")
    outcomes = await replay(recorded("tables"), tmp_path / "data")
    differing = {outcome.exchange.name for outcome in outcomes if outcome.differences}
    assert differing == set(known)
    assert "\n".join(table(outcomes, known)) in PAGE.read_text("utf-8"), "`make compat` writes the page anew"
    assert len(outcomes) - len(differing) >= LEAST_EQUAL
    assert errors_told(outcomes) > 300


def test_every_known_difference_has_a_reason_and_an_exchange() -> None:
    known, names = known_differences("tables"), {exchange.name for exchange in recorded("tables")}
    assert known.keys() <= names
    assert set(known.values()) <= set(decisions())


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_page_tells_every_known_difference_with_its_decision(contract: str) -> None:
    rows = {line.split(" | ")[0].strip("| "): line for line in PAGE.read_text("utf-8").splitlines()}
    for name, number in known_differences(contract).items():
        assert f"`{name}`" in rows[str(number)]
        assert decisions()[number] in rows[str(number)]
