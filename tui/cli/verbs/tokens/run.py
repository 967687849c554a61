"""``astrolabe tokens``: application tokens of programs that use the server."""

from __future__ import annotations

from tui.cli.output import Format, emit, say, write_rows
from tui.cli.session import workspace_of
from tui.cli.verbs.tokens.arguments import CreateArguments, ListArguments, RevokeArguments


async def create(args: CreateArguments) -> int:
    """Create a token; it alone is printed on stdout."""
    async with workspace_of(args) as workspace:
        scope = args.database or None
        token, secret = await workspace.tokens.create(args.name, read_only=args.may_only_read, databases=scope)
    emit([secret.get_secret_value()])
    say(f"This is the token {token.name}. Keep it: it is not stored and cannot be shown again.")
    return 0


async def list_all(args: ListArguments) -> int:
    """List the tokens, without their secrets."""
    async with workspace_of(args) as workspace:
        tokens = await workspace.tokens.list()
        names = {database.id: database.name for database in await workspace.databases.list()}
    rows = [
        {
            "name": token.name,
            "id": token.id,
            "created_at": token.created_at.isoformat(timespec="seconds"),
            "read_only": token.read_only,
            "databases": "all" if token.databases is None else token.scope(names),
        }
        for token in tokens
    ]
    write_rows(rows, Format(args.format), empty="There is no application token yet.")
    return 0


async def revoke(args: RevokeArguments) -> int:
    """Revoke a token."""
    async with workspace_of(args) as workspace:
        token = await workspace.tokens.revoke(args.name)
    say(f"The token {token.name} ({token.id}) is refused from now on.")
    return 0
