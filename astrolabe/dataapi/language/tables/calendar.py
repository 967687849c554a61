"""Dates, times and timestamps of columns, far beyond the years that Python's own know, and before the year 1.

A date is a number of days and a timestamp a number of milliseconds, both since 1970-01-01 and in the Gregorian calendar
of all times; a time is a number of nanoseconds since midnight.
"""

from __future__ import annotations

import re

from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables.problems import ValueProblemError

_YEAR = r"(?P<year>\d{4}|[+]\d{5,10}|-\d{4,10})"
_DAY = rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d)"
_SECONDS = r":(?P<second>\d\d)(?:\.(?P<fraction>\d{0,9}))?"
_DATE = re.compile(_DAY, re.ASCII)
_TIME = re.compile(rf"{_CLOCK}(?:{_SECONDS})?", re.ASCII)
_TIMESTAMP = re.compile(
    rf"{_DAY}[Tt]{_CLOCK}{_SECONDS}(?P<zone>[Zz]|(?P<sign>[+-])(?P<zh>\d\d):(?P<zm>\d\d)(?::(?P<zs>\d\d))?)", re.ASCII
)

DAY_MS = 86_400_000
_DAY_NS = 86_400_000_000_000
_SECOND_NS = 1_000_000_000
_EPOCH = 719_468
"""Days from the first of March of the year 0 to 1970-01-01."""

_DAYS_OF_ERA = 146_097
_YEARS_OF_ERA = 400
_MOST_DAYS = 2**31
_MOST_MS = 2**63
_FIVE_DIGITS = 10_000
_LAST_HOUR, _LAST_MINUTE, _LEAP_SECOND, _END_OF_DAY, _FARTHEST_ZONE = 23, 59, 60, 24, 18 * 3600


def read_date(text: str) -> int:
    """Return the days since 1970-01-01 of a text such as ``2024-02-29`` or ``-0044-03-15``.

    Raises:
        ValueProblemError: It is no date, or beyond what 32 bits of days reach.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise _not_parsed("DATE", text, "a date looks like 2024-02-29")
    days = _days(found, "DATE", text)
    if not -_MOST_DAYS <= days < _MOST_DAYS:
        raise _not_parsed("DATE", text, f"dates reach from {write_date(-_MOST_DAYS)} to {write_date(_MOST_DAYS - 1)}")
    return days


def write_date(days: int) -> str:
    """Return a date as ISO 8601 has it; years beyond 9999 have a sign."""
    era, day_of_era = divmod(days + _EPOCH, _DAYS_OF_ERA)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9  # noqa: PLR2004 - months from March on
    year = year_of_era + era * _YEARS_OF_ERA + (month <= 2)  # noqa: PLR2004 - January and February
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    sign = "-" if year < 0 else "+" if year >= _FIVE_DIGITS else ""
    return f"{sign}{abs(year):04d}-{month:02d}-{day:02d}"


def read_time(text: str) -> int:
    """Return the nanoseconds since midnight of a text such as ``12:34`` or ``12:34:56.789``.

    Raises:
        ValueProblemError: It is no time of a day.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise _not_parsed("TIME", text, "a time looks like 12:34:56.789")
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    _check_clock("TIME", text, hour, minute, second)
    return ((hour * 60 + minute) * 60 + second) * _SECOND_NS + _nanoseconds(found["fraction"])


def write_time(nanoseconds: int) -> str:
    """Return a time with its seconds, and three, six or nine digits of them, only where there are any."""
    seconds, rest = divmod(nanoseconds, _SECOND_NS)
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    if second or rest:
        text += f":{second:02d}"
    return text + _fraction(rest)


def read_timestamp(text: str) -> int:
    """Return the milliseconds since 1970-01-01T00:00Z of a text such as ``2024-02-29T12:34:56.789Z``.

    An offset such as ``+02:00`` may stand for the ``Z``; what is finer than a millisecond is cut off.

    Raises:
        ValueProblemError: It is no timestamp, or beyond what 64 bits of milliseconds reach.
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise _not_parsed("TIMESTAMP", text, "a timestamp looks like 2024-02-29T12:34:56Z")
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"])
    if (hour, minute, second) == (_LAST_HOUR, _LAST_MINUTE, _LEAP_SECOND):
        second -= 1
    end_of_day = (hour, minute, second, _nanoseconds(found["fraction"])) == (_END_OF_DAY, 0, 0, 0)
    if not end_of_day:
        _check_clock("TIMESTAMP", text, hour, minute, second)
    seconds = (hour * 60 + minute) * 60 + second - _offset(found, text)
    milliseconds = _days(found, "TIMESTAMP", text) * DAY_MS + seconds * 1000 + _nanoseconds(found["fraction"]) // 10**6
    return check_milliseconds(milliseconds, text)


def check_milliseconds(milliseconds: int, given: object) -> int:
    """Return milliseconds that 64 bits can hold.

    Raises:
        ValueProblemError: They cannot.
    """
    if not -_MOST_MS <= milliseconds < _MOST_MS:
        reach = f"{write_timestamp(-_MOST_MS)} to {write_timestamp(_MOST_MS - 1)}"
        raise _not_parsed("TIMESTAMP", str(given), f"timestamps reach from {reach}")
    return milliseconds


def write_timestamp(milliseconds: int) -> str:
    """Return a timestamp in UTC, with three digits of its seconds only where there are any."""
    days, rest = divmod(milliseconds, DAY_MS)
    seconds, fraction = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"
    return f"{write_date(days)}T{clock}{_fraction(fraction * 10**6)}Z"


def _days(found: re.Match[str], kind: str, text: str) -> int:
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    if found["year"].startswith("-") and year == 0:
        raise _not_parsed(kind, text, "there is no year -0")
    if not 1 <= month <= 12:  # noqa: PLR2004 - a year
        raise _not_parsed(kind, text, f"there is no month {month}")
    if not 1 <= day <= _days_of_month(year, month):
        raise _not_parsed(kind, text, f"the month has no day {day}")
    shifted_year = year - (month <= 2)  # noqa: PLR2004 - the year begins in March
    era, year_of_era = divmod(shifted_year, _YEARS_OF_ERA)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * _DAYS_OF_ERA + day_of_era - _EPOCH


def _days_of_month(year: int, month: int) -> int:
    if month == 2:  # noqa: PLR2004 - February
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % _YEARS_OF_ERA == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


def _check_clock(kind: str, text: str, hour: int, minute: int, second: int) -> None:
    for value, most, name in ((hour, 23, "hour"), (minute, 59, "minute"), (second, 59, "second")):
        if value > most:
            raise _not_parsed(kind, text, f"there is no {name} {value}")


def _offset(found: re.Match[str], text: str) -> int:
    """Return the seconds that the local time is ahead of UTC."""
    if found["sign"] is None:
        return 0
    hours, minutes, seconds = int(found["zh"]), int(found["zm"]), int(found["zs"] or 0)
    offset = hours * 3600 + minutes * 60 + seconds
    if minutes > _LAST_MINUTE or seconds > _LAST_MINUTE or offset > _FARTHEST_ZONE:
        raise _not_parsed("TIMESTAMP", text, f"there is no offset {found['zone']}")
    return -offset if found["sign"] == "-" else offset


def _nanoseconds(fraction: str | None) -> int:
    return int((fraction or "").ljust(9, "0"))


def _fraction(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    digits = f"{nanoseconds:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f".{digits}"


def _not_parsed(kind: str, text: str, problem: str) -> ValueProblemError:
    return ValueProblemError(f"Invalid String value for type `{kind}`; '{cut(text)}' could not be parsed: {problem}")
