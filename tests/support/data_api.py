"""A Data API that answers from a script and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astrolabe.dataapi.protocol import Json, Response


@dataclass(frozen=True)
class Call:
    """One command as it reached the Data API."""

    command: Json
    keyspace: str | None
    name: str | None
    headers: Mapping[str, str] | None


class ScriptedDataApi:
    """Answers the given responses in turn (an exception is raised instead); the last one is repeated."""

    endpoint = "http://127.0.0.1:8181"

    def __init__(self, *answers: Response | BaseException) -> None:
        self._answers: Sequence[Response | BaseException] = answers
        self.calls: list[Call] = []

    async def execute(
        self,
        command: Json,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Answer the next response of the script."""
        self.calls.append(Call(command, keyspace, name, headers))
        answer = self._answers[min(len(self.calls), len(self._answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer
