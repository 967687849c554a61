"""What can be set of the failure lab."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from astrolabe.portal.failure_lab import calls_problems, delay_problems
from astrolabe.providers.simulated.rules import SimulatedFailure, find_trouble


class SimulatedFailureSettings(BaseModel):
    """What the failure lab answers in a provider's place; a text alone is the trouble."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trouble: SimulatedFailure
    """Name or HTTP status: ``rate-limited`` or ``429``."""
    delay: float | None = None
    """Seconds, for troubles with a time."""
    calls: int | None = None
    """How many calls of each process are answered so; None for all."""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: object) -> object:
        return {"trouble": _known(value)} if isinstance(value, str | int) else value

    @field_validator("trouble", mode="before")
    @classmethod
    def _known_trouble(cls, value: object) -> object:
        return _known(value)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for problem in (*delay_problems(self.trouble, self.delay), *calls_problems(self.calls)):
            raise ValueError(problem)
        return self


def _known(word: object) -> SimulatedFailure:
    found = find_trouble(str(word))
    if found is None:
        raise ValueError(f"there is no such trouble. There are: {', '.join(SimulatedFailure)}")
    return found
