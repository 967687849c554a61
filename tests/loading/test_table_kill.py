"""A load into a table is killed with SIGKILL at random moments; ``make hard`` does it twenty times, with more rows."""

from __future__ import annotations

from pathlib import Path

from tests.loading.table_kills import kill_loads


async def test_a_table_load_that_is_killed_loses_and_doubles_nothing_in_any_index(tmp_path: Path) -> None:
    assert await kill_loads(tmp_path, rows=600, kills=2, seed=20_261_127) >= 1
