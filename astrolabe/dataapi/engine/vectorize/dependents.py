"""Which collections and table columns of a database vectorize with a stored credential: read from their definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from astrolabe.dataapi.language.service import read_service
from astrolabe.portal.organization import Database, Dependent
from storage.shapes import Container, ContainerKind


def dependents_of(database: Database, containers: Iterable[Container]) -> list[Dependent]:
    """Return them by keyspace and name, a table's columns in their order."""
    return [dependent for container in containers for dependent in _of_container(database, container)]


def _of_container(database: Database, container: Container) -> list[Dependent]:
    if container.kind is ContainerKind.COLLECTION:
        candidates: list[tuple[str | None, Any]] = [(None, container.definition.get("vector"))]
    else:
        columns = container.definition.get("columns")
        candidates = list(columns.items()) if isinstance(columns, Mapping) else []
    found = []
    for column, spec in candidates:
        service = spec.get("service") if isinstance(spec, Mapping) else None
        if isinstance(service, Mapping):
            read = read_service(service)
            if read.credential_name:
                dimension = int(spec.get("dimension") or 0)
                found.append(Dependent(database, container.keyspace, container.name, read, dimension, column))
    return found
