"""Many databases with few descriptors, where the limit cannot be raised."""

from __future__ import annotations

import sys

import pytest

from tests.hard.databases import main


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_many_databases_work_in_shell_server_and_console_with_a_hundred_descriptors(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(["--count", "25", "--limit", "100"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "opened",
        "25 collections read, 0 databases unknown",
        "a command in each",
        "a request to each, 0 refused",
        "the console's places",
    ]
