"""A few of the kills of ``make hard``: those of work that no other test kills."""

from __future__ import annotations

from tests.hard.kills import main


def test_killed_updates_deletions_index_saves_and_rotations_lose_nothing_and_leave_searches_right() -> None:
    kinds = ["update", "delete", "save", "rotate"]
    assert main(["--seed", "11", "--kills", "4", "--kinds", *kinds, "--rows", "200"]) == 0


def test_nothing_comes_back_when_every_document_has_been_deleted() -> None:
    assert main(["--seed", "3", "--kills", "3", "--kinds", "delete", "--rows", "40"]) == 0
