"""The lines that ``serve`` writes on stderr: one for each request, for people or for programs.

They are written in a thread: a terminal that was stopped, or a pipe that nobody reads, must not hold up the server.
Lines that nobody takes are dropped, and counted.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from astrolabe.serving.comparison import Compared
from astrolabe.serving.masking import masked
from astrolabe.serving.records import SHOWN, Report, RequestRecord
from astrolabe.text.safe_text import display_text
from tui.cli.output import say, to_json
from tui.cli.verbs.serve.comparison_report import comparison_line
from tui.cli.verbs.serve.ink import DIM, NONE, RED, YELLOW, painter
from tui.settings.sections import LogFormat, ServerSettings

_MOST_WAITING = 10_000
_LAST_WORDS = 1.0
"""Seconds that the last lines have at the end."""

_KILO = 1000


@dataclass(slots=True)
class RequestLog:
    """What is told on stderr.

    Attributes:
        request: Writes the line of a request.
        compared: Writes where another server answered it otherwise, if it did.
        last: Returns what is written behind all lines.
    """

    request: Report
    compared: Callable[[Compared], None]
    last: Callable[[], Iterable[str]] = tuple


@contextmanager
def request_log(settings: ServerSettings) -> Iterator[RequestLog]:
    """Lend what writes lines on stderr; at the end, the last ones are waited for."""
    colour = sys.stderr is not None and sys.stderr.isatty() and "NO_COLOR" not in os.environ

    def line(record: RequestRecord) -> str:
        slow = record.milliseconds >= settings.slow_ms
        if settings.log_format is LogFormat.JSON:
            return json_line(record, slow=slow, bodies=settings.log_bodies)
        return text_line(record, slow=slow, bodies=settings.log_bodies, colour=colour)

    lines = _Lines()
    told = RequestLog(
        lambda record: lines.put(lambda: line(record)),
        lambda compared: _tell_compared(lines, compared, settings.log_format, colour=colour),
    )
    try:
        yield told
    finally:
        lines.end()
        for text in told.last():
            say(text)


def text_line(record: RequestRecord, *, slow: bool, bodies: bool = False, colour: bool = False) -> str:
    """Return a line for people: time, database, command, target, documents, code, duration and bytes."""
    documents = NONE if record.documents is None else f"{record.documents} doc{'' if record.documents == 1 else 's'}"
    what = _shown(record.command or f"{record.method} {record.path}")
    outcome = record.error or ("ok" if record.status < 400 else str(record.status))  # noqa: PLR2004 - of HTTP
    paint = painter(colour=colour)
    parts = [
        paint(record.at.astimezone().strftime("%H:%M:%S.%f")[:-3], DIM),
        f"{_shown(record.database or NONE):<12}",
        f"{what:<18}",
        f"{_shown(record.target or NONE):<28}",
        f"{documents:>9}",
        paint(_shown(outcome), "" if outcome == "ok" else RED),
        *([str(record.status)] if record.status != 200 and record.error else []),  # noqa: PLR2004 - of HTTP
        paint(f"{record.milliseconds:.1f} ms", YELLOW if slow else ""),
        f"{_size(record.received)} in, {_size(record.sent)} out",
        *([paint("SLOW", YELLOW)] if slow else []),
    ]
    shown = [f"\n    > {_body(record, 0)}\n    < {_body(record, 1)}"] if bodies else []
    return "  ".join(parts) + "".join(shown)


def json_line(record: RequestRecord, *, slow: bool, bodies: bool = False) -> str:
    """Return a line for programs: one JSON object."""
    fields: dict[str, object] = {
        "time": record.at.isoformat(timespec="milliseconds"),
        "method": record.method,
        "path": record.path,
        "database": record.database or None,
        "command": record.command or None,
        "keyspace": record.keyspace or None,
        "target": record.name or None,
        "documents": record.documents,
        "status": record.status,
        "error": record.error or None,
        "milliseconds": round(record.milliseconds, 1),
        "received": record.received,
        "sent": record.sent,
        "slow": slow,
    }
    if bodies:
        fields |= {"request": _body(record, 0), "answer": _body(record, 1)}
    return to_json(fields)


def _tell_compared(lines: _Lines, compared: Compared, form: LogFormat, *, colour: bool) -> None:
    if compared.differences or compared.failure:
        lines.put(lambda: comparison_line(compared, form, colour=colour))


def _body(record: RequestRecord, side: int) -> str:
    size, body = (record.received, record.sent)[side], record.bodies[side]
    text = masked(body.decode("utf-8", "replace"), record.secrets)
    return display_text(text, limit=SHOWN + 1) + ("…" if size > len(body) else "")


def _shown(text: str) -> str:
    return display_text(text)


def _size(size: int) -> str:
    if size < _KILO:
        return f"{size} B"
    return f"{size / _KILO:.1f} kB" if size < _KILO * _KILO else f"{size / _KILO / _KILO:.1f} MB"


class _Lines:
    """Writes lines in a thread, made there, too."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Callable[[], str] | None] = queue.Queue(_MOST_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="request-log", daemon=True)
        self._thread.start()

    def put(self, line: Callable[[], str]) -> None:
        """Have a line written, or drop it."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def end(self) -> None:
        """Write what waits, for a while."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=_LAST_WORDS)
        self._thread.join(_LAST_WORDS)

    def _write(self) -> None:
        for line in iter(self._waiting.get, None):
            dropped, self._dropped = self._dropped, 0
            missing = f"({dropped} requests could not be told here)\n" if dropped else ""
            with contextlib.suppress(OSError, ValueError):  # nobody is there, or the stream is closed
                _write_through(f"{missing}{line()}\n")


def _write_through(text: str) -> None:
    """Write on stderr without its buffer, whose lock would be held while nobody reads."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        stream.write(text)
        return
    rest = text.encode(stream.encoding, "backslashreplace")
    while rest:
        rest = rest[os.write(descriptor, rest) :]
