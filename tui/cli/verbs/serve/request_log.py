"""The lines that ``serve`` writes on stderr: one for each request, for people or for programs.

They are written in a thread: a terminal that was stopped, or a pipe that nobody reads, must not hold up the server.
Lines that nobody takes are dropped, and counted.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from astrolabe.providers.wire.redaction import without_key
from astrolabe.serving.records import SHOWN, Report, RequestRecord
from astrolabe.text.safe_text import display_text
from tui.cli.output import to_json
from tui.settings.sections import LogFormat, ServerSettings

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
_NONE = "-"
_MOST_WAITING = 10_000
_LAST_WORDS = 1.0
"""Seconds that the last lines have at the end."""

_MASK = "•••"
_SECRET_MEMBER = re.compile(
    r'("[^"]*(?:api_?-?key|secret|passw|token|authorization)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|$)', re.IGNORECASE
)
_SECRET_FORM = re.compile(r"AstraCS:[\w:-]+|\b(?:sk|pk|hf|nvapi|pa|jina)[-_][\w-]{12,}|\bAIza[\w-]{20,}")
_KILO = 1000


@contextmanager
def request_log(settings: ServerSettings) -> Iterator[Report]:
    """Lend what writes a line for each request on stderr; at the end, the last lines are waited for."""
    colour = sys.stderr is not None and sys.stderr.isatty() and "NO_COLOR" not in os.environ

    def line(record: RequestRecord) -> str:
        slow = record.milliseconds >= settings.slow_ms
        if settings.log_format is LogFormat.JSON:
            return json_line(record, slow=slow, bodies=settings.log_bodies)
        return text_line(record, slow=slow, bodies=settings.log_bodies, colour=colour)

    lines = _Lines()
    try:
        yield lambda record: lines.put(lambda: line(record))
    finally:
        lines.end()


def text_line(record: RequestRecord, *, slow: bool, bodies: bool = False, colour: bool = False) -> str:
    """Return a line for people: time, database, command, target, documents, code, duration and bytes."""
    documents = _NONE if record.documents is None else f"{record.documents} doc{'' if record.documents == 1 else 's'}"
    what = _shown(record.command or f"{record.method} {record.path}")
    outcome = record.error or ("ok" if record.status < 400 else str(record.status))  # noqa: PLR2004 - of HTTP
    paint = _painter(colour=colour)
    parts = [
        paint(record.at.astimezone().strftime("%H:%M:%S.%f")[:-3], _DIM),
        f"{_shown(record.database or _NONE):<12}",
        f"{what:<18}",
        f"{_shown(record.target or _NONE):<28}",
        f"{documents:>9}",
        paint(_shown(outcome), "" if outcome == "ok" else _RED),
        *([str(record.status)] if record.status != 200 and record.error else []),  # noqa: PLR2004 - of HTTP
        paint(f"{record.milliseconds:.1f} ms", _YELLOW if slow else ""),
        f"{_size(record.received)} in, {_size(record.sent)} out",
        *([paint("SLOW", _YELLOW)] if slow else []),
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


def masked(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Return a text without what came as a secret, what stands under a name of secrets, and what looks like one."""
    for secret in secrets:
        text = without_key(text, SecretStr(secret))
    return _SECRET_FORM.sub(_MASK, _SECRET_MEMBER.sub(rf'\1"{_MASK}"', text))


def _body(record: RequestRecord, side: int) -> str:
    size, body = (record.received, record.sent)[side], record.bodies[side]
    text = masked(body.decode("utf-8", "replace"), record.secrets)
    return display_text(text, limit=SHOWN + 1) + ("…" if size > len(body) else "")


def _shown(text: str) -> str:
    return display_text(text)


def _painter(*, colour: bool) -> Callable[[str, str], str]:
    return lambda text, ink: f"{ink}{text}{_PLAIN}" if colour and ink else text


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
