"""The recorded exchanges about collections: each is answered as the real server did, or is known to differ."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.replay import PAGE, Outcome, errors_told, known_differences, recorded, replay, table

EQUAL_AT_LEAST = 985


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    folder: Path = tmp_path_factory.mktemp("contract") / "data"
    return await replay(recorded("collections"), folder)


def test_what_differs_is_known(outcomes: list[Outcome]) -> None:
    known = known_differences("collections")
    unknown = [
        f"{outcome.exchange.name}: {difference}"
        for outcome in outcomes
        if outcome.exchange.name not in known
        for difference in outcome.differences
    ]
    assert unknown == []


def test_the_page_has_the_table(outcomes: list[Outcome]) -> None:
    assert "\n".join(table(outcomes, known_differences("collections"))) in PAGE.read_text("utf-8")


def test_what_is_known_still_differs(outcomes: list[Outcome]) -> None:
    differing = {outcome.exchange.name for outcome in outcomes if outcome.differences}
    assert sorted(set(known_differences("collections")) - differing) == []


def test_most_is_equal(outcomes: list[Outcome]) -> None:
    assert sum(not outcome.differences for outcome in outcomes) >= EQUAL_AT_LEAST


def test_the_log_has_the_code_of_every_error(outcomes: list[Outcome]) -> None:
    assert errors_told(outcomes) > 300
