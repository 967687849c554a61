"""Trying a connection out: one question that changes nothing, and what its answer tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from astrolabe.dataapi.protocol import Response
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.wire.adapters import Call, Reply
from astrolabe.remote.address import base_of
from astrolabe.remote.answers import read_answer
from astrolabe.remote.line import Line

_SECONDS = 15.0
_QUESTION = b'{"findKeyspaces":{}}'


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found.

    Attributes:
        seconds: From the question to the last byte of the answer.
        encrypted: Whether it went over TLS.
        skew: Seconds by which the clock there is ahead of this machine's; None where it did not tell the time.
        server: What the server calls itself; empty where it does not.
        found: How many keyspaces (or databases) it has shown.
    """

    seconds: float
    encrypted: bool
    skew: float | None
    server: str
    found: int


async def ask(line: Line, address: str, catalogue: Catalogue) -> Trial:
    """Ask a Data API for its keyspaces.

    Raises:
        EndpointError: It cannot be reached, or did not answer as a Data API.
        DataApiError: It refused the token or the question.
    """
    call = Call(base_of(address), {"Content-Type": "application/json"}, _QUESTION, auth_header="Token", auth_scheme="")
    reply = await line.send(call, seconds=_SECONDS)
    answer: Response = read_answer(reply, line.host, catalogue, line.token.clean).raise_first()
    return trial_of(reply, address, len(answer.status.get("keyspaces") or ()))


def trial_of(reply: Reply, address: str, found: int) -> Trial:
    """Return what an answer tells beside its words."""
    return Trial(
        seconds=reply.seconds,
        encrypted=urlsplit(address).scheme == "https",
        skew=_skew(reply.headers.get("date", "")),
        server=reply.headers.get("server", ""),
        found=found,
    )


def _skew(date: str) -> float | None:
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    told = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    return (told - datetime.now(UTC)).total_seconds()
