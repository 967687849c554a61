"""Our answers beside those of a real server, exchange by exchange, from an empty database."""

from __future__ import annotations

from pathlib import Path

from tests.contract.replay import known_differences, recorded, replay

SCHEMA = {
    "alterTable",
    "alterType",
    "createIndex",
    "createTable",
    "createTextIndex",
    "createType",
    "createVectorIndex",
    "dropIndex",
    "dropTable",
    "dropType",
    "listIndexes",
    "listTables",
    "listTypes",
}
"""The commands whose answers have to be equal; the others are on their way."""


async def test_schema_commands_of_tables_are_answered_as_a_real_server_does(tmp_path: Path) -> None:
    known = known_differences("tables")
    outcomes = await replay(recorded("tables"), tmp_path / "data")
    compared = [outcome for outcome in outcomes if outcome.exchange.command in SCHEMA]
    differing = {outcome.exchange.name for outcome in compared if outcome.differences}
    assert differing == {name for name in known if name in {outcome.exchange.name for outcome in compared}}
    assert len(compared) > 280


def test_every_known_difference_has_a_reason_and_an_exchange() -> None:
    known, names = known_differences("tables"), {exchange.name for exchange in recorded("tables")}
    assert known.keys() <= names
    assert all(reason.endswith(".") for reason in known.values())
