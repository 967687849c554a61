"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended; only a problem makes the exit code 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's answer.

    Attributes:
        check: What was looked at.
        state: How it is.
        detail: What is wrong, or what is right.
        fix: What to do.
    """

    check: str
    state: State
    detail: str
    fix: str = ""
