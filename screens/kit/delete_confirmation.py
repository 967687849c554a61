"""What the dialogs that remove a scope, a credential or an integration say: above all, what will stop."""

from __future__ import annotations

from collections.abc import Sequence

from astrolabe.portal.connection_strings.connection_string import ConnectionString
from astrolabe.portal.credentials.rehearsal import Rehearsal, unread_words
from astrolabe.portal.organization import Credential, Database, Dependent, Integration
from astrolabe.text.cli_equivalents import remove_connection_string, remove_credential, remove_integration, remove_scope
from screens.kit.confirm import DeleteConfirmation

MOST_LISTED = 6
"""Collections named in a dialog; the rehearsal lists all."""

_GO_ON = "Reading and searching with vectors go on."


def scope_danger(credential: Credential, database: Database, rehearsal: Rehearsal) -> DeleteConfirmation:
    """Return what removing a database from a scope says."""
    return DeleteConfirmation(
        heading="Remove scope",
        name=database.name,
        noun="Database name",
        verb="Remove scope",
        consequences=(
            *_stops(rehearsal.within({database.id}), f"No collection in {database.name} uses {credential.name} now."),
            f"{_GO_ON} Adding the database to the scope again brings them back.",
        ),
        equivalents=remove_scope(credential.provider, credential.name, database.name),
    )


def credential_danger(credential: Credential, noun: str, rehearsal: Rehearsal) -> DeleteConfirmation:
    """Return what removing a credential says."""
    return DeleteConfirmation(
        heading="Remove API key",
        name=credential.name,
        noun="API key name",
        verb="Remove key",
        consequences=(
            *_stops(rehearsal, "No collection or column uses it now."),
            f"{_GO_ON} Adding one with the same name and scope brings them back; both are remembered.",
            f"The {noun} is not removed from your account at the provider; delete it there too.",
        ),
        equivalents=remove_credential(credential.provider, credential.name),
    )


def connection_danger(string: ConnectionString, rehearsal: Rehearsal) -> DeleteConfirmation:
    """Return what removing a connection string says."""
    return DeleteConfirmation(
        heading="Remove connection string",
        name=string.name,
        noun="Connection string name",
        verb="Remove",
        consequences=(
            *_stops(rehearsal, "No collection or column uses it now."),
            f"{_GO_ON} One with the identifier {string.identifier}, the same model and databases brings them back.",
            "The key is not removed from your account at the service; delete it there too.",
        ),
        equivalents=remove_connection_string(string.identifier),
    )


def integration_danger(integration: Integration, rehearsal: Rehearsal) -> DeleteConfirmation:
    """Return what removing all credentials of a provider says."""
    names = [credential.name for credential in integration.credentials]
    return DeleteConfirmation(
        heading=f"Remove integration: {integration.provider.label}",
        name=integration.provider.label,
        noun="Integration name",
        verb="Remove integration",
        consequences=(
            f"Removes every {integration.provider.credential_noun}: {listed(names)}.",
            *_stops(rehearsal, "No collection or column uses them now."),
            f"{_GO_ON} They are not removed from your account at the provider.",
        ),
        equivalents=remove_integration(integration.provider.key),
    )


def _stops(rehearsal: Rehearsal, nothing: str) -> tuple[str, ...]:
    """Return what is not known, if anything, and what stops; nothing is said of what could not be read."""
    unknown = unread_words(rehearsal.unknown)
    if rehearsal.stops:
        words = f"This disables $vectorize at once for: {listed(labels(rehearsal.stops))}."
    else:
        words = "No other one uses it now, as far as could be read." if unknown else nothing
    return (unknown, words) if unknown else (words,)


def labels(dependents: Sequence[Dependent]) -> list[str]:
    """Return how collections and columns are listed."""
    return [dependent.label for dependent in dependents]


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence; of many, the first few and a number."""
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
