"""A door to a database through which nothing can be changed."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import DataApi, JsonValue, Response

READING = frozenset(
    {
        "countDocuments",
        "estimatedDocumentCount",
        "find",
        "findAndRerank",
        "findCollections",
        "findEmbeddingProviders",
        "findKeyspaces",
        "findNamespaces",
        "findOne",
        "findRerankingProviders",
        "listIndexes",
        "listTables",
        "listTypes",
    }
)
"""The commands that change nothing; every other one is refused."""


class ReadOnlyDataApi:
    """Passes reading commands on and refuses all others, whatever asks for them.

    Args:
        inner: The door behind it.
        why: What is said before the names of the refused commands.
        hint: What to do about it.
    """

    def __init__(
        self,
        inner: DataApi,
        why: str = "The program runs in read-only mode",
        hint: str = "Start it without --read-only (setting read_only) to make changes.",
    ) -> None:
        self._inner = inner
        self._why = why
        self._hint = hint

    @property
    def endpoint(self) -> str:
        """The address of the inner one."""
        return self._inner.endpoint

    async def execute(
        self,
        command: JsonValue,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Execute a reading command; answer every other one with an error."""
        changing = sorted(command.keys() - READING) if isinstance(command, dict) else []
        if changing:
            refusal = data_api_error(
                "UNAUTHORIZED_ACCESS",
                f"{self._why}, so {', '.join(changing)} is refused.",
                hint=self._hint,
            )
            return Response(errors=(refusal,))
        return await self._inner.execute(command, keyspace=keyspace, name=name, headers=headers)
