"""What the headers of an answer say beside its body: how much of a quota is left, and which request it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.providers.throttle.throttle import duration

_QUOTA = re.compile(r"(?:x-)?ratelimit-(limit|remaining|reset)(?:-([a-z0-9-]+))?")
_RETRY = ("retry-after", "retry-after-ms")
_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "nvcf-reqid", "x-amzn-requestid")
_MOST = 12
"""Headers that are kept; no provider sends as many."""

_LONGEST = 200
"""Characters kept of one of them."""


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left of one of an account's quotas, as the last answer said.

    Attributes:
        what: What is counted, in the provider's word: ``requests``, ``tokens`` … or ``requests`` where it has none.
        remaining: How many are left.
        limit: How many there are, or None.
        resets_in: Seconds from that answer until it is full again, or None.
    """

    what: str
    remaining: int
    limit: int | None = None
    resets_in: float | None = None


def quota_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are about quotas and waiting; foreign text.

    Args:
        headers: Of the answer, names in lower case.
    """
    names = [name for name in headers if _QUOTA.fullmatch(name) or name in _RETRY]
    return {name: headers[name][:_LONGEST] for name in sorted(names)[:_MOST]}


def request_id(headers: Mapping[str, str]) -> str:
    """Return the provider's number of the request, which its support asks for; empty when there is none."""
    found = (headers[name] for name in _REQUEST_IDS if headers.get(name))
    return next(found, "")[:_LONGEST]


def headroom(headers: Mapping[str, str]) -> tuple[Headroom, ...]:
    """Return what is left of each quota that the headers name, in the order of their names."""
    groups: dict[str, dict[str, str]] = {}
    for name, value in quota_headers(headers).items():
        match = _QUOTA.fullmatch(name)
        if match is not None:
            groups.setdefault(match[2] or "", {})[match[1]] = value
    found = (_headroom(what or "requests", members) for what, members in groups.items())
    return tuple(one for one in found if one is not None)


def requests_left(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """Return how many requests may still be sent, and in how many seconds the count begins anew; None if unknown."""
    found = [(one.remaining, one.resets_in) for one in headroom(headers) if one.what.startswith("req")]
    known = [(left, seconds) for left, seconds in found if seconds]
    return min(known, key=lambda one: one[0] / one[1], default=None)


def _headroom(what: str, members: Mapping[str, str]) -> Headroom | None:
    remaining = _whole(members.get("remaining", ""))
    if remaining is None:
        return None
    reset = members.get("reset", "")
    return Headroom(what, remaining, _whole(members.get("limit", "")), duration(reset) if reset.strip() else None)


def _whole(text: str) -> int | None:
    cleaned = text.partition(",")[0].strip()  # some servers name several limits, the tightest first
    return int(cleaned) if cleaned.isascii() and cleaned.isdigit() and len(cleaned) < 16 else None  # noqa: PLR2004
