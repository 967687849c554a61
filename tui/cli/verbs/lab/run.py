"""``astrolabe lab``: make embedding providers fail, to try out how a program takes it."""

from __future__ import annotations

from astrolabe.errors import UsageError
from astrolabe.portal.failure_lab import lab_providers
from astrolabe.providers.simulated.rules import EVERY_PROVIDER, TROUBLES, Rule, SimulatedFailure, find_trouble, lasting
from astrolabe.workspace import Workspace
from tui.cli.output import Format, say, write_rows
from tui.cli.session import utf8, workspace_of
from tui.cli.verbs.lab.arguments import ListArguments, OffArguments, OnArguments


async def list_all(args: ListArguments) -> int:
    """List what fails now."""
    async with workspace_of(args) as workspace:
        found = await workspace.lab.rules()
    rows = [
        {
            "provider": one.rule.provider,
            "trouble": one.rule.trouble.value,
            "delay": one.rule.seconds if TROUBLES[one.rule.trouble].delay is not None else None,
            "calls_left": one.rule.calls,
            "set_by": "settings" if one.from_settings else "lab",
        }
        for one in found
    ]
    write_rows(rows, Format(args.format), empty="Nothing is simulated: every provider answers for itself.")
    return 0


async def on(args: OnArguments) -> int:
    """Put a provider into trouble."""
    trouble = find_trouble(args.trouble)
    if trouble is None:
        names = ", ".join(one.value for one in SimulatedFailure)
        raise UsageError(f"There is no trouble '{utf8(args.trouble, 'The trouble')}'.", hint=f"Use one of: {names}.")
    async with workspace_of(args) as workspace:
        rule = Rule(_key(workspace, args.provider), trouble, args.delay, args.calls)
        await workspace.lab.switch_on(rule)
    whom = "Every provider" if rule.provider == EVERY_PROVIDER else rule.provider
    say(f"{whom}: {TROUBLES[trouble].label}, {lasting(rule)}. `astrolabe lab off` ends it.")
    return 0


async def off(args: OffArguments) -> int:
    """Let a provider, or all of them, answer again."""
    async with workspace_of(args) as workspace:
        provider = _key(workspace, args.provider) if args.provider is not None else None
        ended = await workspace.lab.switch_off(provider)
        fixed = [one.rule.provider for one in await workspace.lab.rules() if one.from_settings]
    say(f"Switched off: {', '.join(rule.provider for rule in ended)}." if ended else "Nothing was switched on.")
    if fixed:
        say(f"Still on by the settings of each process: {', '.join(fixed)}.")
    return 0


def _key(workspace: Workspace, given: str) -> str:
    """Return the provider's key in its own spelling; an unknown one stays as it is and is refused later."""
    keys = [*(provider.key for provider in lab_providers(workspace.catalogue)), EVERY_PROVIDER]
    return next((key for key in keys if key.casefold() == given.casefold()), utf8(given, "The provider"))
