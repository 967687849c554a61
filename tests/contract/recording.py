"""Exchanges that were recorded from a real server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import simplejson

from astrolabe.dataapi.compare import Answer
from astrolabe.dataapi.protocol import JsonValue


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    Attributes:
        name: What it is called in tables.
        path: What it was posted to.
        request: The JSON that was sent; a string is the body itself.
        answer: What came back.
    """

    name: str
    path: str
    request: JsonValue
    answer: Answer

    @property
    def command(self) -> str:
        """The command's name, or ``(raw)`` for a body that is no command."""
        known = isinstance(self.request, Mapping) and len(self.request) == 1
        return str(next(iter(self.request))) if known else "(raw)"


def read_exchanges(lines: Iterable[str]) -> Iterator[Exchange]:
    """Yield the exchanges of a recording: a JSON object a line, with name, path, request, status and response.

    A recorded request may have ``NaN`` and the like, which JSON does not know.

    Raises:
        ValueError, KeyError: A line is something else.
    """
    for line in lines:
        found = simplejson.loads(line, use_decimal=True, allow_nan=True)
        answer = Answer(int(found["status"]), found["response"])
        yield Exchange(found["name"], found["path"], found["request"], answer)
