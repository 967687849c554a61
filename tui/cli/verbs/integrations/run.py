"""``astrolabe integrations``: what embedding providers there are, and removing one from the organization."""

from __future__ import annotations

from astrolabe.portal.credentials.rehearsal import unread_words
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, say, write_rows
from tui.cli.session import workspace_of
from tui.cli.verbs.credentials.rehearse import words_of
from tui.cli.verbs.integrations.arguments import ListArguments, RemoveArguments


async def list_all(args: ListArguments) -> int:
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


async def remove(args: RemoveArguments) -> int:
    """Remove all credentials of a provider, after its key was typed or ``--yes`` was given."""
    async with workspace_of(args) as workspace:
        integration = await workspace.integrations.get(args.provider)
        versions = {credential.name: credential.version for credential in integration.credentials}
        rehearsal = await workspace.credential_usage.rehearse_removal(args.provider, list(versions))
        provider = integration.provider
        lost = (
            f"Removes all credentials of {provider.label}: {', '.join(versions) or 'there is none'}.",
            *words_of(rehearsal),
            "They are not removed from your account at the provider.",
        )
        await confirm_name(provider.key, "provider", lost, yes=args.yes, unknown=unread_words(rehearsal.unknown))
        count = await workspace.integrations.remove_integration(provider.key, versions=versions)
    say(f"{count} credentials of {provider.label} were removed; the integration is inactive.")
    return 0
