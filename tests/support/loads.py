"""Loads that stand still, so that a picture of one comes out the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from astrolabe.errors import LoadError, ProviderError, ProviderFailure
from astrolabe.loading.job import LoadJob
from astrolabe.loading.load_plan import LoadPhase, LoadPlan, LoadProgress, LoadSummary
from screens.kit.app_base import Console
from screens.loading.load_progress import LoadProgressDialog
from storage.loads.ledger import FailedRow
from tests.support.infos import info_of
from tests.support.steps import Step

FILE = Path("articles.csv")

CHECKING = LoadProgress(LoadPhase.CHECKING, done=1800, total=5000, rate=90_000, eta=0.1)
RUNNING = LoadProgress(LoadPhase.LOADING, done=2160, loaded=2148, failed=12, total=5000, rate=312, eta=9.1, elapsed=6.9)
WAITING = LoadProgress(
    LoadPhase.LOADING,
    done=2160,
    loaded=2160,
    total=5000,
    rate=41,
    eta=69,
    elapsed=51,
    waiting="Hugging Face - Dedicated asks to wait 12 s (HTTP 429); attempt 2 of 5.",
)
REFUSED = LoadSummary(
    FILE,
    total=5000,
    loaded=4984,
    already_there=4,
    failed=12,
    not_attempted=0,
    seconds=16.2,
    failures=tuple(
        FailedRow(row, row + 2, reason, "{}")
        for row, reason in (
            (16, "the Vector Field 'text' is missing"),
            (17, "the Vector Field 'text' is empty"),
            (204, "the Vector Field 'text' holds a number, not text"),
            *((row, "the Vector Field 'text' is empty") for row in range(311, 320)),
        )
    ),
    failures_file=Path("~/.local/share/astrolabe/refused/articles-1.jsonl"),
)
STOPPED = LoadSummary(
    FILE, total=5000, loaded=2160, already_there=0, failed=0, not_attempted=2840, seconds=6.9, cancelled=True
)
FAILED = LoadSummary(
    FILE,
    total=5000,
    loaded=2160,
    already_there=0,
    failed=0,
    not_attempted=2840,
    earlier=1200,
    seconds=6.9,
    problem=ProviderError(
        "Hugging Face - Dedicated refused the user access token webstore-prod.",
        provider="huggingfaceDedicated",
        failure=ProviderFailure.AUTHENTICATION,
        hint="Replace the token on the integration's page; its name and scope must stay the same.",
    ),
    notes=("It went on where an earlier load of this file had stopped.",),
)
VANISHED = LoadError("articles.csv is not there any more.", hint="Choose the file again.")


class StillJob(LoadJob):
    """A load that neither runs nor ends: it only shows what it was given."""

    still_running = True

    @property
    def running(self) -> bool:
        """What the picture needs."""
        return self.still_running


def following(state: LoadProgress | LoadSummary | LoadError, *, asked_to_stop: bool = False) -> Step:
    """Return the step that follows a load in this state."""

    async def step(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        database = app.selection.database
        assert database is not None
        client = await app.workspace.client(database)
        info = info_of("articles", dimension=256)
        plan = LoadPlan(FILE, database.id, info, "text")
        job = StillJob(plan, client.collection(info.keyspace, info.name), app.workspace.ledger)
        match state:
            case LoadProgress():
                job.progress = state
            case LoadSummary():
                job.summary = state
            case LoadError():
                job.error = state
        job.still_running = isinstance(state, LoadProgress)
        if asked_to_stop:
            job.cancel()
        await app.push_screen(LoadProgressDialog(job))

    return step
