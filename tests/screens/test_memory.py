"""What the console keeps of the pages and dialogs that were open: nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.kept_objects import ROUNDS

FEW = 20
"""Objects that a round may leave, on average.

The smallest widget has hundreds. What is left is what the screens that are open hold anyway, at one moment or at the
next: a message in a queue, the places of a page's widgets, a list that grew. It comes to some dozens, however
many rounds there are.
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return what each of the rounds has kept."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "ASTROLABE_"))},
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    counting = [sys.executable, "-m", "tests.support.kept_objects"]
    ended = subprocess.run(counting, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, dict[str, Any]] = json.loads(ended.stdout)
    return answer


@pytest.mark.parametrize("name", ROUNDS)
def test_the_console_keeps_nothing_of_what_was_open(name: str, kept: dict[str, dict[str, Any]]) -> None:
    assert kept[name]["widgets"] == {}
    assert kept[name]["objects"] < FEW
