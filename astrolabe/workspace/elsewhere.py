"""Going to databases elsewhere: an HTTP client is imported only where somebody does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pydantic import SecretStr

from astrolabe.portal.connections.saved_connection import ConnectionDraft, SavedConnection, saved_as

if TYPE_CHECKING:
    from astrolabe.remote.trial import Trial
    from astrolabe.workspace.remote import RemoteConnection
    from astrolabe.workspace.workspace import Workspace


async def connect(workspace: Workspace, name: str) -> RemoteConnection:
    """Return a connection to databases elsewhere; nothing is sent. It is closed with the workspace.

    Raises:
        NotFoundError: There is none of that name.
        SecretUnreadableError: Its token cannot be read.
        RuleError: A file of certificates cannot be used.
    """
    saved = await workspace.connections.get(name)
    return await _connected(workspace, saved, await workspace.connections.secret(name))


async def try_out(workspace: Workspace, draft: ConnectionDraft) -> Trial:
    """Ask one question through a connection that is not saved yet.

    Raises:
        SecretUnreadableError: Its token cannot be read.
        AstrolabeError: It does not work; says why.
    """
    secret = await workspace.connections.read(draft.secret)
    return await (await _connected(workspace, saved_as(draft), secret)).test()


async def _connected(workspace: Workspace, saved: SavedConnection, secret: SecretStr | None) -> RemoteConnection:
    from astrolabe.workspace.remote import RemoteConnection  # noqa: PLC0415

    found = await asyncio.to_thread(RemoteConnection, saved, secret, workspace)
    workspace.close_too(found.close)
    return found
