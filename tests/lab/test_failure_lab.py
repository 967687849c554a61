"""Switching failures on and off: counted once across programs, seen by all of them, noted in the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from astrolabe.errors import NotFoundError, RuleError
from astrolabe.portal.failure_lab import LOOK_EVERY, FailureLab
from astrolabe.providers.simulated.rules import EVERY_PROVIDER, Rule, SimulatedFailure
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage.errors import ReadOnlyError
from tests.support.fake_time import FakeTime


@pytest_asyncio.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data", user="ada")) as opened:
        yield opened


def program(workspace: Workspace, *settings: Rule, read_only: bool = False, time: FakeTime | None = None) -> FailureLab:
    """Another program on the same data folder."""
    clock = (time or FakeTime()).clock
    return FailureLab(
        workspace._catalog,
        workspace.catalogue,
        workspace.integrations._trail,
        settings=settings,
        read_only=read_only,
        clock=clock,
    )


async def taken(lab: FailureLab, provider: str, most: int = 20) -> int:
    """Return how many calls fail before one is sent."""
    for number in range(most):
        if await lab.take(provider) is None:
            return number
    return most


async def test_a_rule_without_a_number_holds_until_it_is_switched_off(workspace: Workspace) -> None:
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING))
    assert await taken(workspace.lab, "openai") == 20
    assert await workspace.lab.switch_off("openai") == [Rule("openai", SimulatedFailure.BILLING)]
    assert await taken(workspace.lab, "openai") == 0


async def test_the_calls_of_all_programs_are_counted_once(workspace: Workspace) -> None:
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING, calls=12))
    programs = [program(workspace) for _ in range(4)]
    counts = await asyncio.gather(*(taken(lab, "openai") for lab in programs))
    assert sum(counts) == 12
    assert await workspace.lab.rules() == []


async def test_looking_counts_nothing(workspace: Workspace) -> None:
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING, calls=1))
    assert all([await workspace.lab.active("openai") for _ in range(5)])
    assert await taken(workspace.lab, "openai") == 1
    assert not await workspace.lab.active("openai")


async def test_another_program_notices_within_a_moment_and_asks_no_more_often(workspace: Workspace) -> None:
    time = FakeTime()
    other = program(workspace, time=time)
    assert not await other.active("openai")
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING))
    assert not await other.active("openai")
    await time.sleep(LOOK_EVERY)
    assert await other.active("openai")


async def test_a_providers_own_trouble_comes_before_that_of_all(workspace: Workspace) -> None:
    await workspace.lab.switch_on(Rule(EVERY_PROVIDER, SimulatedFailure.TIMEOUT))
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING, calls=1))
    found = [await workspace.lab.take("openai") for _ in range(2)]
    assert [rule and rule.trouble for rule in found] == [SimulatedFailure.BILLING, SimulatedFailure.TIMEOUT]


async def test_the_limit_of_collections_leaves_embedding_alone_and_the_other_way_round(workspace: Workspace) -> None:
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.COLLECTION_LIMIT))
    await workspace.lab.switch_on(Rule(EVERY_PROVIDER, SimulatedFailure.BILLING))
    embedding, creating = await workspace.lab.take("openai"), await workspace.lab.take("openai", creating=True)
    assert embedding is not None
    assert embedding.trouble is SimulatedFailure.BILLING
    assert creating is not None
    assert creating.trouble is SimulatedFailure.COLLECTION_LIMIT
    assert await workspace.lab.take("mistral", creating=True) is None


async def test_settings_hold_for_their_own_process_and_give_way_to_what_is_switched_on(workspace: Workspace) -> None:
    lab = program(workspace, Rule("openai", SimulatedFailure.TIMEOUT, calls=2))
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING, calls=1))
    found = [await lab.take("openai") for _ in range(4)]
    assert [rule and rule.trouble for rule in found] == [
        SimulatedFailure.BILLING,
        SimulatedFailure.TIMEOUT,
        SimulatedFailure.TIMEOUT,
        None,
    ]
    assert not await workspace.lab.active("openai")


async def test_what_the_settings_switched_on_cannot_be_switched_off_here(workspace: Workspace) -> None:
    lab = program(workspace, Rule("openai", SimulatedFailure.TIMEOUT))
    with pytest.raises(NotFoundError, match="settings of this process"):
        await lab.switch_off("openai")
    assert await lab.switch_off() == []
    assert [one.from_settings for one in await lab.rules()] == [True]


async def test_a_program_that_may_only_read_counts_for_itself(workspace: Workspace, tmp_path: Path) -> None:
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.BILLING, calls=2))
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data", read_only=True)) as reader:
        assert await taken(reader.lab, "openai") == 2
        with pytest.raises(ReadOnlyError):
            await reader.lab.switch_on(Rule("openai", SimulatedFailure.BILLING))
        with pytest.raises(ReadOnlyError):
            await reader.lab.switch_off()
    assert await taken(workspace.lab, "openai") == 2


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule("opena", SimulatedFailure.BILLING), "provider"),
        (Rule("openai", SimulatedFailure.BILLING, delay=1), "delay"),
        (Rule("openai", SimulatedFailure.RATE_LIMITED, delay=-1), "delay"),
        (Rule("openai", SimulatedFailure.RATE_LIMITED, delay=float("nan")), "delay"),
        (Rule("openai", SimulatedFailure.RATE_LIMITED, calls=0), "calls"),
    ],
)
async def test_what_means_nothing_is_refused(workspace: Workspace, rule: Rule, field: str) -> None:
    with pytest.raises(RuleError) as caught:
        await workspace.lab.switch_on(rule)
    assert caught.value.field == field
    assert await workspace.lab.rules() == []


async def test_the_audit_trail_says_who_did_it(workspace: Workspace) -> None:
    await workspace.lab.switch_on(Rule("openai", SimulatedFailure.RATE_LIMITED, delay=5, calls=3))
    await workspace.lab.switch_off()
    off, on = await workspace.audit.page()
    assert (on.user, on.action, on.subject) == ("ada", "lab.on", "openai: rate-limited")
    assert dict(on.detail) == {
        "name": "openai: rate-limited",
        "provider": "openai",
        "trouble": "rate-limited",
        "delay": "5",
        "calls": "3",
    }
    assert (off.action, off.subject) == ("lab.off", "openai")


async def test_a_trouble_of_a_newer_program_is_passed_over(workspace: Workspace) -> None:
    stored = '{"openai": {"trouble": "on-fire"}, "mistral": {"trouble": "billing", "delay": null, "calls": null}}'
    await workspace.put_setting("failure_lab", stored)
    assert [one.rule for one in await workspace.lab.rules()] == [Rule("mistral", SimulatedFailure.BILLING)]
