"""The narrow waist: everything that touches a database's contents is a Data API command.

A command is a JSON object with one key, such as ``{"find": {...}}``, executed against a keyspace and a collection or
table. ``LocalDataApi`` executes it on the embedded engine, the HTTP server hands each request body to a door,
``RecordingDataApi`` feeds the activity log, and ``ReadOnlyDataApi`` lets nothing be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from astrolabe.errors import DataApiError

JsonValue = Any
"""Any JSON value: str, bool, None, int, float, Decimal, list or dict."""

Json = dict[str, JsonValue]
"""A JSON object: str, bool, None, int, float, Decimal, list and dict inside."""


@dataclass(frozen=True, slots=True)
class Response:
    """The envelope of an answer: ``data``, ``status`` and ``errors``, each left out when it has nothing to say."""

    data: Json | None = None
    status: Json = field(default_factory=dict)
    errors: tuple[DataApiError, ...] = ()

    def to_json(self) -> Json:
        """Return the wire form; never has an ``errors`` key when there are none."""
        body: Json = {}
        if self.data is not None and not self.errors:
            body["data"] = self.data
        if self.status:
            body["status"] = self.status
        if self.errors:
            body["errors"] = [error.to_object() for error in self.errors]
        return body

    def raise_first(self) -> Response:
        """Raise the first error, if any; else return self."""
        if self.errors:
            raise self.errors[0]
        return self


class DataApi(Protocol):
    """A door to one database."""

    @property
    def endpoint(self) -> str:
        """The address that code snippets name for this database, such as ``http://127.0.0.1:8181``."""
        ...

    async def execute(
        self,
        command: Json,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Execute one command.

        Args:
            command: An object with exactly one key, the command's name.
            keyspace: None for general commands.
            name: Collection or table; None for keyspace commands.
            headers: Only ``x-embedding-api-key`` and ``reranking-api-key`` matter here, and ``Token`` where it may be
                sent on to a reranker; never logged.

        Returns:
            The envelope. Errors of the command are in it; nothing documented is raised.
        """
        ...
