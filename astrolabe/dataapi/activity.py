"""The activity log: every command sent, where, how long it took and how it ended; never a secret."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from astrolabe.dataapi.client.client import EMBEDDING_KEY_HEADER
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import DataApi, Json, JsonValue, Response
from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.providers.rerank.catalogue import RERANKING_KEY_HEADER

LOG_SIZE = 500
"""How many entries the log keeps; the oldest go first."""

SHOWN_ELEMENTS = 3
"""Elements kept of a long list of documents or of a vector."""

SHORT_LIST = 8
"""Lists of plain values up to this length are kept whole."""

SHOWN_MEMBERS = 500
"""Members of objects and elements of lists that are kept of a command together."""

SHOWN_TEXT = 500
"""Characters kept of one text."""

SHOWN_CHARACTERS = 8000
"""Characters kept of all texts of a command together, about; the log's size in memory is this times its entries."""

DEEPEST = 20
"""Levels kept of a nested value; commands that are valid have fewer."""

MASK = "••••"
"""What stands for a header's value."""

_KEY_HEADERS = frozenset({EMBEDDING_KEY_HEADER, RERANKING_KEY_HEADER})
"""The headers that matter to a command; a request over HTTP has any number of others."""


class Outcome(StrEnum):
    """How a command ended."""

    OK = "ok"
    PARTIAL = "partial"
    ERROR = "error"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One command that was sent.

    Attributes:
        at: When it was sent, with a time zone.
        database: The database's name.
        planned: A display copy: long lists, vectors and texts are cut short.
        milliseconds: How long the answer took.
        outcome: How it ended.
        error_code: Code of the first error, if any.
        detail: What came back, in a few words, or the first error's message.
        headers: Names of the headers that mattered, each with a mask in place of its value.
        endpoint: The address that code snippets of this command name.
        simulated: Whether the failure lab made the error.
    """

    at: datetime
    database: str
    planned: PlannedCommand
    milliseconds: float
    outcome: Outcome
    error_code: str | None = None
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""
    simulated: bool = False


Listener = Callable[[ActivityEntry], None]
"""Called with each new entry, in the event loop; must not raise."""


class ActivityLog:
    """The last commands, oldest first, and those who want to hear of new ones."""

    def __init__(self, size: int = LOG_SIZE) -> None:
        self._entries: deque[ActivityEntry] = deque(maxlen=size)
        self._listeners: list[Listener] = []

    @property
    def entries(self) -> tuple[ActivityEntry, ...]:
        """The entries kept, oldest first."""
        return tuple(self._entries)

    def add(self, entry: ActivityEntry) -> None:
        """Keep an entry and tell the listeners."""
        self._entries.append(entry)
        for listener in tuple(self._listeners):
            listener(entry)

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each new entry until the function returned here is called."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            """End the subscription; harmless when it has ended."""
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe


class RecordingDataApi:
    """A :class:`DataApi` that writes every command it passes on into an activity log."""

    def __init__(
        self,
        inner: DataApi,
        log: ActivityLog,
        database_name: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._inner = inner
        self._log = log
        self._database = database_name
        self._now = now
        self._clock = clock

    @property
    def endpoint(self) -> str:
        """The address of the inner one."""
        return self._inner.endpoint

    async def execute(
        self,
        command: Json,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Execute the command on the inner one and record how it went, also when it was cancelled or raised."""
        started, at = self._clock(), self._now()
        planned = display_copy(PlannedCommand(command, keyspace, name))
        outcome, code, detail = Outcome.CANCELLED, None, ""
        simulated = False
        try:
            response = await self._inner.execute(command, keyspace=keyspace, name=name, headers=headers)
            outcome, code, detail = _verdict(response)
            simulated = any(error.simulated for error in response.errors)
        except AstrolabeError as error:
            outcome, detail = Outcome.ERROR, error.message
            code = error.code if isinstance(error, DataApiError) else None
            raise
        finally:
            self._log.add(
                ActivityEntry(
                    at=at,
                    database=self._database,
                    planned=planned,
                    milliseconds=(self._clock() - started) * 1000,
                    outcome=outcome,
                    error_code=code,
                    detail=detail,
                    headers={name: MASK for name in headers or {} if name.lower() in _KEY_HEADERS},
                    endpoint=self._inner.endpoint,
                    simulated=simulated,
                )
            )
        return response


def display_copy(planned: PlannedCommand) -> PlannedCommand:
    """Return a copy that is short enough to keep and show: long lists, vectors and texts are cut, and say so."""
    shortened = _Shortener().shortened(planned.command, DEEPEST)
    return replace(planned, command=shortened if isinstance(shortened, dict) else {})


class _Shortener:
    """Shortens one command; of all its parts together it keeps so many values and characters, and no more."""

    def __init__(self) -> None:
        self._left = SHOWN_MEMBERS
        self._characters = SHOWN_CHARACTERS

    def shortened(self, value: JsonValue, levels: int) -> JsonValue:
        """Return a value that can be kept."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict | list) and levels == 0:
            return "…"
        if isinstance(value, dict):
            return self._object(value, levels)
        return self._list(value, levels) if isinstance(value, list) else value

    def _object(self, value: Json, levels: int) -> Json:
        shown: Json = {}
        for member, inner in value.items():
            if self._left == 0:
                shown["…"] = f"{len(value) - len(shown)} more"
                break
            self._left -= 1
            shown[self._text(member)] = self.shortened(inner, levels - 1)
        return shown

    def _list(self, values: Sequence[JsonValue], levels: int) -> list[JsonValue]:
        nested = any(isinstance(value, dict | list) for value in values[: SHORT_LIST + 1])
        keep = len(values) if len(values) <= (SHOWN_ELEMENTS if nested else SHORT_LIST) else SHOWN_ELEMENTS
        keep = min(keep, self._left)
        self._left -= keep
        shown = [self.shortened(value, levels - 1) for value in values[:keep]]
        return shown if keep == len(values) else [*shown, f"… {len(values) - keep} more"]

    def _text(self, text: str) -> str:
        """Return the beginning of a text; the last texts of many long ones are only counted."""
        kept = min(SHOWN_TEXT, self._characters)
        self._characters -= min(len(text), kept)
        return text if len(text) <= kept else f"{text[:kept]}… {len(text) - kept} more characters"


def _verdict(response: Response) -> tuple[Outcome, str | None, str]:
    """Say how an answer reads: outcome, first error's code, a few words."""
    if response.errors:
        first = response.errors[0]
        partial = any(response.status.get(member) for member in ("insertedIds", "deletedCount", "matchedCount"))
        return (Outcome.PARTIAL if partial or _some_inserted(response) else Outcome.ERROR), first.code, first.message
    return Outcome.OK, None, _summary(response)


def _some_inserted(response: Response) -> bool:
    return any(entry.get("status") == "OK" for entry in response.status.get("documentResponses", ()))


def _summary(response: Response) -> str:
    if response.data is not None and "documents" in response.data:
        return f"{len(response.data['documents'])} documents"
    if response.data is not None:
        return "1 document" if response.data.get("document") is not None else "no document"
    status = response.status
    for member in ("documentResponses", "insertedIds"):
        if member in status:
            return f"{len(status[member])} inserted"
    counted = ("matchedCount", "modifiedCount", "deletedCount", "count")
    words = [f"{member} {status[member]}" for member in counted if member in status]
    listed = ("keyspaces", "collections", "tables", "embeddingProviders")
    words += [f"{len(status[member])} {member}" for member in listed if member in status]
    return ", ".join(words) or ("ok" if "ok" in status else "")
