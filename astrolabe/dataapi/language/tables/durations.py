"""Durations of columns: months, days and nanoseconds, which do not turn into one another.

Four spellings are understood: ``1y2mo3w4d5h6m7s8ms9us10ns``, ``P1Y2M3DT4H5M6S``, ``P2W`` and ``P0001-02-03T04:05:06``,
each with a minus sign before it for going back in time. They are written as ISO 8601 has them: ``P1Y2M3DT4H5M6.5S``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables.problems import ValueProblemError

_SECOND = 1_000_000_000
_UNITS: dict[str, tuple[int, int, int]] = {
    "y": (12, 0, 0),
    "mo": (1, 0, 0),
    "w": (0, 7, 0),
    "d": (0, 1, 0),
    "h": (0, 0, 3600 * _SECOND),
    "m": (0, 0, 60 * _SECOND),
    "s": (0, 0, _SECOND),
    "ms": (0, 0, 1_000_000),
    "us": (0, 0, 1000),
    "µs": (0, 0, 1000),
    "ns": (0, 0, 1),
}
"""Months, days and nanoseconds of each unit, in the order they have to be written in."""

_ORDER = ["y", "mo", "w", "d", "h", "m", "s", "ms", "us", "ns"]
_PART = re.compile(r"(\d+)(mo|ms|us|µs|ns|y|w|d|h|m|s)", re.IGNORECASE | re.ASCII)
_COMPACT = re.compile(rf"(?:{_PART.pattern})+", re.IGNORECASE | re.ASCII)
_ISO = re.compile(
    r"P(?:(?P<y>\d+)Y)?(?:(?P<mo>\d+)M)?(?:(?P<d>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)(?:\.(?P<fraction>\d{1,9}))?S)?)?",
    re.ASCII,
)
_WEEKS = re.compile(r"P(?P<w>\d+)W", re.ASCII)
_LONG = re.compile(r"P(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)T(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)", re.ASCII)
_MOST_MONTHS, _MOST_NANOSECONDS = 2**31 - 1, 2**63 - 1
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration; all three are positive or zero, or all three are negative or zero."""

    months: int
    days: int
    nanoseconds: int


def read_duration(text: str) -> Duration:
    """Read a duration in one of its spellings.

    Raises:
        ValueProblemError: It is none, or a part is too long for 32 bits of months or days, or 64 of nanoseconds.
    """
    negative = text.startswith("-")
    magnitude = _magnitude(text[negative:], text) if len(text) <= _LONGEST else None
    if magnitude is None:
        raise _not_parsed(text)
    sign = -1 if negative else 1
    months, days, nanoseconds = (sign * part for part in magnitude)
    if max(map(abs, (months, days))) > _MOST_MONTHS or abs(nanoseconds) > _MOST_NANOSECONDS:
        raise _not_parsed(text)
    return Duration(months, days, nanoseconds)


def write_duration(duration: Duration) -> str:
    """Return a duration as ISO 8601 has it."""
    months, days, nanoseconds = map(abs, (duration.months, duration.days, duration.nanoseconds))
    negative = min(duration.months, duration.days, duration.nanoseconds) < 0
    date = _written((months // 12, "Y"), (months % 12, "M"), (days, "D"))
    seconds, fraction = divmod(nanoseconds, _SECOND)
    time = _written((seconds // 3600, "H"), (seconds // 60 % 60, "M"))
    if seconds % 60 or fraction:
        digits = f".{fraction:09d}".rstrip("0") if fraction else ""
        time += f"{seconds % 60}{digits}S"
    if not date and not time:
        return "PT0S"
    return f"{'-' if negative else ''}P{date}{f'T{time}' if time else ''}"


def _magnitude(text: str, whole: str) -> tuple[int, int, int] | None:
    """Return months, days and nanoseconds, or None for what is no duration."""
    if not text.startswith("P"):
        return _added(_compact_parts(text, whole)) if _COMPACT.fullmatch(text) else None
    found = _WEEKS.fullmatch(text) or _LONG.fullmatch(text) or _ISO.fullmatch(text)
    if found is None or text.endswith("T") or text == "P":
        return None
    groups = found.groupdict()
    fraction = int((groups.pop("fraction", None) or "").ljust(9, "0"))
    months, days, nanoseconds = _added([(unit, int(count or 0)) for unit, count in groups.items()])
    return months, days, nanoseconds + fraction


def _compact_parts(text: str, whole: str) -> list[tuple[str, int]]:
    """Return units and their counts; every unit may stand once, and the longer before the shorter."""
    parts = [(unit.lower().replace("µs", "us"), int(count)) for count, unit in _PART.findall(text)]
    places = [_ORDER.index(unit) for unit, _ in parts]
    if places != sorted(set(places)):
        problem = f"the units of '{cut(whole)}' must go from long to short, each once"
        raise ValueProblemError(f"Invalid String value for type `DURATION`; {problem}")
    return parts


def _added(parts: list[tuple[str, int]]) -> tuple[int, int, int]:
    months, days, nanoseconds = (sum(count * _UNITS[unit][axis] for unit, count in parts) for axis in range(3))
    return months, days, nanoseconds


def _written(*parts: tuple[int, str]) -> str:
    return "".join(f"{count}{unit}" for count, unit in parts if count)


def _not_parsed(text: str) -> ValueProblemError:
    return ValueProblemError(
        f"Invalid String value for type `DURATION`; problem: Unable to convert '{cut(text)}' to a duration"
    )
