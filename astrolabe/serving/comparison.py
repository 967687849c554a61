"""Sends what was answered here to another server, too, and tells where the two answers differ.

One request after another, in the order in which they were answered here: what the next one finds depends on what those
before it have written. Ids and page states that this server made up are sent to the other one in its own spelling.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import SecretStr

from astrolabe.dataapi.compare import Answer, Comparer, Difference
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import UsageError
from astrolabe.providers.catalogue.address import AddressError, check, host_of
from astrolabe.providers.wire.adapters import Call
from astrolabe.providers.wire.failures import TransportError
from astrolabe.remote.address import base_of, url_of
from astrolabe.serving.addresses import Target
from astrolabe.serving.authorization import KEY_HEADERS
from astrolabe.serving.masking import masked_at
from astrolabe.text.safe_text import display_text
from storage.gil_yield import in_thread
from storage.jsontext import dumps, loads_request

PASSED_ON = ("content-type", *KEY_HEADERS)
"""Headers of a request that the other server gets, too: what it answers depends on them."""

_MOST_WAITING = 32
_MOST_BYTES = 32 * 1024 * 1024
_SECONDS = 60.0
_LARGEST_ANSWER = 64 * 1024 * 1024
_LONGEST = 200
_MOST_DIFFERENCES = 200
"""Different ones that are remembered for the end; the others are counted."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """One difference, fit to be shown.

    Attributes:
        place: Such as ``errors[0].errorCode``.
        here: What this server answered there.
        there: What the other one did.
    """

    place: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{self.place}: {self.here} here, {self.there} there"


@dataclass(frozen=True, slots=True)
class Compared:
    """One request that both servers were sent. Its texts are masked and fit to be shown.

    Attributes:
        command: The command's name; empty for what is no command.
        target: Keyspace and name with a dot between.
        at: When the other server had answered, in UTC.
        differences: Where the answers differ; empty when they say the same.
        failure: Why the other server gave no answer; empty when it did.
    """

    command: str
    target: str
    at: datetime
    differences: Sequence[Found] = ()
    failure: str = ""


@dataclass(slots=True)
class Summary:
    """What came of a run.

    Attributes:
        equal: Requests with answers that say the same.
        differing: Requests with others.
        unanswered: Requests that the other server did not answer, or was not sent any more.
        differences: By command and difference, how often it was met.
        more: How often differences were met that are not among them.
    """

    equal: int = 0
    differing: int = 0
    unanswered: int = 0
    differences: dict[tuple[str, Found], int] = field(default_factory=dict)
    more: int = 0

    def add(self, compared: Compared) -> None:
        """Count a request."""
        if compared.failure:
            self.unanswered += 1
        elif not compared.differences:
            self.equal += 1
        else:
            self.differing += 1
        for found in compared.differences:
            key = compared.command, found
            if key in self.differences or len(self.differences) < _MOST_DIFFERENCES:
                self.differences[key] = self.differences.get(key, 0) + 1
            else:
                self.more += 1


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered here.

    Attributes:
        target: What it was addressed to.
        headers: Of the request, with names in small letters.
        body: As it came.
        status: Of the answer.
        content_type: Of the answer.
        content: The answer's body.
        secrets: What must not be shown of the request.
    """

    target: Target
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    content_type: str
    content: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class Comparison:
    """The other server, and what was found of it.

    Args:
        database: Id of the database here whose requests are compared.
        address: Of one of its databases: without a path, ``/v1`` is added, or ``/api/json/v1`` for Astra DB.
        token: Its token; None sends none.
        allow_plain_http: Whether the token may go to another machine without TLS.
        report: Is told of every request; must not block.

    Attributes:
        database: The id.
        host: Of the other server, for messages.
        summary: What was found until now.

    Raises:
        UsageError: The address is none, or would show the token to the network.
    """

    def __init__(
        self,
        database: str,
        address: str,
        token: SecretStr | None,
        *,
        allow_plain_http: bool = False,
        report: Callable[[Compared], None] = lambda _compared: None,
    ) -> None:
        try:
            check(address, allow_plain_http=allow_plain_http)
        except AddressError as error:
            raise UsageError(
                "The address to compare with is not a web address, or it is not encrypted and not on this machine.",
                hint="It has to start with https:// (or http:// for this machine).",
            ) from error
        # Imported where somebody compares: a server starts without the time that an HTTP client takes.
        from astrolabe.providers.wire.transport import Transport  # noqa: PLC0415

        self.database = database
        self.summary = Summary()
        self.host = host_of(address)
        self._base = base_of(address)
        self._token = token
        self._report = report
        self._transport = Transport()
        self._comparer = Comparer()
        self._waiting: list[Answered] = []
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._running: asyncio.Task[None] | None = None
        self._leaving = False
        self._closed = False

    def start(self) -> None:
        """Begin to send."""
        self._running = asyncio.create_task(self._run(), name="comparison")

    async def offer(self, answered: Answered) -> None:
        """Have a request sent; waits while too many of them wait, since leaving one out would change what follows."""
        async with self._turn, self._changed:  # a lock keeps the order of those who come; a condition does not
            await self._changed.wait_for(self._has_room)
            self._waiting.append(answered)
            self._changed.notify_all()

    def miss(self, target: Target) -> None:
        """Count a request that may have written here and is not sent there: its client left before it was answered."""
        missed = Compared("", _name_of(target), datetime.now(UTC), failure="its client left, so it was not sent there")
        self.summary.add(missed)
        self._tell(missed)

    async def hold_nobody(self) -> None:
        """Let no request wait for room any more: their clients are owed an answer before the server ends."""
        async with self._changed:
            self._leaving = True
            self._changed.notify_all()

    def _has_room(self) -> bool:
        size = sum(len(answered.body) + len(answered.content) for answered in self._waiting)
        return self._leaving or (len(self._waiting) < _MOST_WAITING and size < _MOST_BYTES)

    async def stop(self, seconds: float) -> None:
        """Send what waits, but no longer than that, and close."""
        async with self._changed:
            self._leaving = self._closed = True
            self._changed.notify_all()
        running, self._running = self._running, None
        if running is not None:
            await asyncio.wait([running], timeout=seconds)
            running.cancel()
            await asyncio.wait([running])
        self.summary.unanswered += len(self._waiting)
        self._waiting.clear()
        await self._transport.close()

    async def _run(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                answered = self._waiting[0]
            try:
                compared = await self._compared(answered)
            except Exception:  # a request that cannot be compared must not end the comparison of the others
                log.exception("A request could not be compared.")
                compared = _about(answered, "", failure="it could not be compared; the log file says more")
            self.summary.add(compared)
            self._tell(compared)
            async with self._changed:
                del self._waiting[0]
                self._changed.notify_all()

    def _tell(self, compared: Compared) -> None:
        if compared.differences or compared.failure:
            places = ", ".join(found.place for found in compared.differences) or compared.failure
            log.info("%s on %s differs from %s: %s", compared.command, compared.target or "-", self.host, places)
        self._report(compared)

    async def _compared(self, answered: Answered) -> Compared:
        request, content = await in_thread(self._translated, answered.body)
        command = next(iter(request), "") if isinstance(request, dict) and len(request) == 1 else ""
        headers = {name: answered.headers[name] for name in PASSED_ON if name in answered.headers}
        call = Call(self._url(answered.target), headers, content, auth_header="Token", auth_scheme="")
        try:
            reply = await self._transport.post(call, self._token, seconds=_SECONDS, most_bytes=_LARGEST_ANSWER)
        except TransportError as error:
            return _about(answered, command, failure=f"{self.host} did not answer: {error}")
        here = await in_thread(Answer.read, answered.status, answered.content_type, answered.content)
        there = await in_thread(Answer.read, reply.status, reply.content_type, reply.body)
        differences = await in_thread(self._comparer.compare, request, here, there)
        return _about(answered, command, differences, self._secrets(answered))

    def _translated(self, body: bytes) -> tuple[JsonValue, bytes]:
        """Return what a body says, and the body as the other server has to get it."""
        try:
            request = loads_request(body.decode())
        except (ValueError, RecursionError):  # what is no command goes there as it is
            return body.decode("utf-8", "replace"), body
        translated = self._comparer.translate(request)
        return request, body if translated == request else dumps(translated).encode()

    def _secrets(self, answered: Answered) -> tuple[str, ...]:
        own = (self._token.get_secret_value(),) if self._token is not None else ()
        return (*own, *answered.secrets)

    def _url(self, target: Target) -> str:
        return url_of(self._base, target.keyspace, target.name)


def _about(
    answered: Answered,
    command: str,
    differences: Sequence[Difference] = (),
    secrets: Sequence[str] = (),
    *,
    failure: str = "",
) -> Compared:
    return Compared(
        display_text(command, limit=_LONGEST),
        _name_of(answered.target),
        datetime.now(UTC),
        [_shown(difference, secrets) for difference in differences],
        failure,
    )


def _name_of(target: Target) -> str:
    return display_text(".".join(part for part in (target.keyspace, target.name) if part), limit=_LONGEST)


def _shown(difference: Difference, secrets: Sequence[str]) -> Found:
    here, there = (
        display_text(masked_at(difference.place, text, secrets), limit=_LONGEST)
        for text in (difference.expected, difference.found)
    )
    return Found(display_text(masked_at("", difference.place, secrets), limit=_LONGEST), here, there)
