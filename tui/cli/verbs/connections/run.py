"""``astrolabe connections``: places elsewhere that have databases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from astrolabe.errors import UsageError
from astrolabe.portal.connections.saved_connection import (
    ASTRA_ADDRESS,
    ConnectionDraft,
    ConnectionKind,
    SavedConnection,
)
from astrolabe.portal.connections.saved_connections import THIS_MACHINE
from astrolabe.remote.trial import Trial
from astrolabe.workspace.elsewhere import connect, try_out
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, say, write_rows
from tui.cli.session import workspace_of
from tui.cli.verbs.connections.arguments import (
    AddArguments,
    ListArguments,
    RemoveArguments,
    TestArguments,
    UseArguments,
)
from tui.cli.verbs.credentials.run import reference_of, secret_of

_USUAL_PLACES = ("ASTRA_DB_APPLICATION_TOKEN", "ASTRA_DB_API_ENDPOINT")
_SKEW_TOLD = 5.0
"""Seconds by which two clocks may differ before that is worth a word: dates are told in whole seconds."""


async def list_all(args: ListArguments) -> int:
    """List the connections, the one that is used with a mark."""
    async with workspace_of(args) as workspace:
        chosen = await workspace.connections.chosen()
        rows = [_row(one, used=one.name == chosen) for one in await workspace.connections.list()]
    write_rows(rows, Format(args.format), empty=f"There is no connection yet. {_offer()}".strip())
    return 0


async def add(args: AddArguments) -> int:
    """Add a connection after it was tried out."""
    draft = await _draft(args)
    async with workspace_of(args) as workspace:
        await workspace.connections.check(draft, replace=args.replace)
        trial = None if args.no_test else await try_out(workspace, draft)
        saved = await workspace.connections.add(draft, replace=args.replace)
    if trial is not None:
        _tell(saved.name, trial, saved.kind)
    say(f"The connection {saved.name} was {'saved' if trial is not None else 'saved without a test'}.")
    write_rows([_row(saved, used=False)], Format(args.format))
    return 0


async def test(args: TestArguments) -> int:
    """Ask one question through a connection."""
    async with workspace_of(args) as workspace:
        saved = await workspace.connections.get(args.name)
        trial = await (await connect(workspace, args.name)).test()
    _tell(saved.name, trial, saved.kind)
    write_rows([_found(trial, saved.kind)], Format(args.format))
    return 0


async def use(args: UseArguments) -> int:
    """Have verbs work through a connection when none is named."""
    name = None if args.name == THIS_MACHINE else args.name
    async with workspace_of(args) as workspace:
        await workspace.connections.choose(name)
    where = "on the databases of this machine" if name is None else f"through the connection {name}"
    say(f"Verbs work {where} now, unless --connection names another.")
    return 0


async def remove(args: RemoveArguments) -> int:
    """Remove a connection, after its name was typed or ``--yes`` was given."""
    async with workspace_of(args) as workspace:
        saved = await workspace.connections.get(args.name)
        lost = "Its token is forgotten. The databases that it leads to stay as they are."
        await confirm_name(saved.name, "connection", [lost], yes=args.yes)
        was_used = await workspace.connections.chosen() == saved.name
        await workspace.connections.remove(saved.name)
    say(f"The connection {saved.name} was removed.")
    if was_used:
        say("It was the one in use: verbs work on the databases of this machine now.")
    return 0


async def _draft(args: AddArguments) -> ConnectionDraft:
    """Return what was asked for; the secret is asked for last."""
    if args.address is None and not args.astra:
        raise UsageError("Say where it leads: --address URL, or --astra.", hint=_offer())
    if args.data_address is not None and not args.astra:
        raise UsageError("--data-address is for --astra: an endpoint's own address is --address.")
    if args.no_token and (args.user is not None or reference_of(args) is not None or args.secret_stdin):
        raise UsageError("--no-token excludes --user and the --secret options.")
    noun = "password" if args.user else "token"
    secret = None if args.no_token else await secret_of(args, noun, f"{noun.capitalize()} of {args.name}")
    return ConnectionDraft(
        name=args.name,
        kind=ConnectionKind.ASTRA if args.astra else ConnectionKind.ENDPOINT,
        address=args.address or ASTRA_ADDRESS,
        secret=secret,
        user=args.user or "",
        data_address=args.data_address or "",
        ca_file=_whole(args.ca_file),
        client_certificate=_whole(args.client_certificate),
        production=args.production,
        read_only=args.may_only_read,
    )


def _offer() -> str:
    """Return what the clients' usual places would give, by name: what stands there is read when it is asked for."""
    named = [name for name in _USUAL_PLACES if os.environ.get(name)]
    if not named:
        return ""
    return f"This shell has {' and '.join(named)}: --secret-env ASTRA_DB_APPLICATION_TOKEN takes the token from there."


def _whole(path: Path | None) -> str:
    return "" if path is None else str(path.expanduser().absolute())


def _tell(name: str, trial: Trial, kind: ConnectionKind) -> None:
    what = "databases" if kind is ConnectionKind.ASTRA else "keyspaces"
    secure = "over TLS" if trial.encrypted else "without TLS"
    say(f"{name} answered in {trial.seconds * 1000:.0f} ms {secure}; the token is accepted, {trial.found} {what}.")
    if trial.skew is not None and abs(trial.skew) > _SKEW_TOLD:
        say(f"Its clock is {abs(trial.skew):.0f} seconds {'ahead' if trial.skew > 0 else 'behind'} of this machine's.")


def _found(trial: Trial, kind: ConnectionKind) -> dict[str, Any]:
    return {
        "milliseconds": round(trial.seconds * 1000),
        "tls": trial.encrypted,
        "clock_skew_seconds": None if trial.skew is None else round(trial.skew),
        "server": trial.server or None,
        "databases" if kind is ConnectionKind.ASTRA else "keyspaces": trial.found,
    }


def _row(saved: SavedConnection, *, used: bool) -> dict[str, Any]:
    return {
        "name": saved.name,
        "kind": saved.kind.value,
        "address": saved.address,
        "user": saved.user or None,
        "token": saved.masked or None,
        "production": saved.production,
        "read_only": saved.read_only,
        "used": used,
    }
