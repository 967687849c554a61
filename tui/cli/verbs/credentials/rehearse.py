"""``astrolabe credentials rehearse``: what a change of a credential would stop and bring back; nothing is changed."""

from __future__ import annotations

from astrolabe.portal.credentials.rehearsal import Rehearsal, unread_words
from astrolabe.portal.organization import Dependent
from astrolabe.workspace import Workspace
from tui.cli.output import Format, say, write_rows
from tui.cli.process import FAILED
from tui.cli.session import workspace_of
from tui.cli.verbs.credentials.arguments import RehearseArguments

_EFFECTS = {
    "stops": "stops",
    "comes_back": "comes back",
    "goes_on": "goes on",
    "still_stopped": "stays disabled",
}


async def rehearse(args: RehearseArguments) -> int:
    """Print a line for each collection and column concerned; first what could not be read: then the exit code is 1."""
    async with workspace_of(args) as workspace:
        rehearsal = await _rehearsal(workspace, args)
    unknown = unread_words(rehearsal.unknown)
    if unknown:
        say(unknown)
    rows = [
        {"effect": "unknown", "database": one.database.name, "keyspace": "", "collection": ""}
        for one in rehearsal.unknown
    ] + [
        {"effect": words, "database": one.database.name, "keyspace": one.keyspace, "collection": one.name}
        | ({"column": one.column} if one.column else {})
        for member, words in _EFFECTS.items()
        for one in getattr(rehearsal, member)
    ]
    write_rows(rows, Format(args.format), empty="No collection is concerned.")
    return FAILED if unknown else 0


async def _rehearsal(workspace: Workspace, args: RehearseArguments) -> Rehearsal:
    credential = await workspace.integrations.credential(args.provider, args.name)
    added = [(await workspace.databases.find(name)).id for name in args.add_database]
    removed = [(await workspace.databases.find(name)).id for name in args.remove_database]
    if args.replace_with is not None:
        scope = ({database.id for database in credential.databases} | set(added)) - set(removed)
        return await workspace.credential_usage.rehearse_replacement(args.provider, args.name, args.replace_with, scope)
    if added or removed:
        return await workspace.credential_usage.rehearse_scope(args.provider, args.name, add=added, remove=removed)
    return await workspace.credential_usage.rehearse_removal(args.provider, [args.name])


def words_of(rehearsal: Rehearsal) -> list[str]:
    """Return what a change stops as sentences; what is not known is for :func:`unread_words`."""
    if not rehearsal.stops:
        return [f"No collection or column{' that could be read' if rehearsal.unknown else ''} stops."]
    return [f"$vectorize stops for: {_listed(rehearsal.stops)}. Reading and searching with vectors go on."]


def _listed(dependents: tuple[Dependent, ...]) -> str:
    return ", ".join(one.label for one in dependents)
