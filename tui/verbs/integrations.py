"""``astrolabe integrations``: what embedding providers there are."""

from __future__ import annotations

from argparse import Namespace

from tui.output import Format, write_rows
from tui.session import workspace_of


async def list_all(args: Namespace) -> int:
    """List the embedding providers in the portal's order."""
    async with workspace_of(args) as workspace:
        integrations = await workspace.integrations.list()
    rows = [
        {
            "provider": integration.provider.key,
            "label": integration.provider.label,
            "status": "active" if integration.active else "inactive",
            "hosting": integration.provider.hosting.value,
            "credentials": len(integration.credentials),
            "models": len(integration.provider.models),
        }
        for integration in integrations
    ]
    write_rows(rows, Format(args.format))
    return 0
