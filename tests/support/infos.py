"""Collections as the client describes them, for tests that need no server."""

from __future__ import annotations

from typing import Any

from astrolabe.dataapi.client.target_info import TargetInfo, collection_info
from astrolabe.dataapi.language.service import service_json
from astrolabe.portal.organization import ServiceConfig


def info_of(
    name: str = "c", *, dimension: int | None = None, service: ServiceConfig | None = None, **options: object
) -> TargetInfo:
    """Return a collection of the default keyspace with vectors of that dimension and further options."""
    if dimension is not None:
        vector: dict[str, Any] = {"dimension": dimension, "metric": "cosine"}
        options["vector"] = vector | ({"service": service_json(service)} if service else {})
    return collection_info("default_keyspace", {"name": name, "options": options})
