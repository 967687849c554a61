"""How many collections and indexes a database may have; both are settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from astrolabe.dataapi.engine.collection_definition import indexes_used
from astrolabe.dataapi.language.allowances import CommandLimits, setting_of
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError
from storage.shapes import Container, ContainerKind


@dataclass(frozen=True, slots=True)
class DatabaseLimits:
    """What one database may hold, over all its keyspaces.

    Attributes:
        collections: Collections at most.
        indexes: Indexes of all collections and tables together.
        reserved: Indexes that must be free for a new collection, whatever it will use.
        commands: What one command may bring and ask for.
    """

    collections: int = 10
    indexes: int = 100
    reserved: int = 10
    commands: CommandLimits = field(default_factory=CommandLimits)


def check_limits(containers: Sequence[Container], limits: DatabaseLimits) -> None:
    """Refuse one more collection when the database is full.

    Args:
        containers: The collections and tables of all keyspaces.
        limits: What the database may hold.

    Raises:
        DataApiError: ``TOO_MANY_COLLECTIONS`` or ``TOO_MANY_INDEXES_FOR_COLLECTION``.
    """
    collections = sum(container.kind is ContainerKind.COLLECTION for container in containers)
    if collections >= limits.collections:
        raise too_many_collections(limits, collections)
    used = sum(map(indexes_used, containers))
    if used + limits.reserved > limits.indexes:
        raise data_api_error(
            "TOO_MANY_INDEXES_FOR_COLLECTION",
            f"A collection needs {limits.reserved} indexes; {used} of the database's {limits.indexes} are in use.\n"
            f"{_way_out('Delete a collection, a table or an index', 'indexes')}",
        )


def check_index_limit(containers: Sequence[Container], limits: DatabaseLimits) -> None:
    """Refuse one more index of a table when the database is full.

    Args:
        containers: The collections and tables of all keyspaces.
        limits: What the database may hold.

    Raises:
        DataApiError: ``INVALID_DATABASE_QUERY``, which is what the database behind the API answers.
    """
    used = sum(map(indexes_used, containers))
    if used >= limits.indexes:
        raise data_api_error(
            "INVALID_DATABASE_QUERY",
            f"The database may have {limits.indexes} indexes over all keyspaces and has {used}.\n"
            f"{_way_out('Drop an index, or delete a collection or a table', 'indexes')}",
        )


def too_many_collections(limits: DatabaseLimits, found: int) -> DataApiError:
    """Make the error of one collection more than a database may have."""
    return data_api_error(
        "TOO_MANY_COLLECTIONS",
        f"The database may have {limits.collections} collections over all keyspaces and has {found}.\n"
        f"{_way_out('Delete one', 'collections')}",
    )


def _way_out(less: str, setting: str) -> str:
    return f"{less}, use another database, or allow more: {setting_of(setting)}."
