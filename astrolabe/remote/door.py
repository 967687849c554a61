"""The door to a database on another machine: commands go out over HTTP, and envelopes come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from astrolabe.dataapi.protocol import Json, Response
from astrolabe.dataapi.read_only import READING
from astrolabe.errors import AstrolabeError
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.wire.adapters import Call
from astrolabe.remote import insertions
from astrolabe.remote.address import base_of, url_of
from astrolabe.remote.answers import read_answer
from astrolabe.remote.errors import EndpointError
from astrolabe.remote.failures import INTERRUPTED, UNSURE
from astrolabe.remote.kinds import INSERTS, may_be_sent_twice, name_of, seconds_for
from astrolabe.remote.line import Line
from storage.gil_yield import in_thread
from storage.jsontext import dumps_in_pieces

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_SENT_ON = frozenset({"x-embedding-api-key", "reranking-api-key"})
"""Headers of a command that go with it; everything else is this program's own matter."""


_SENT_BEFORE = "The first {} documents were sent before, and are stored where they were not refused."


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a command goes, and the keys that go with it."""

    keyspace: str | None
    name: str | None
    headers: Mapping[str, str]

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        return tuple(SecretStr(value) for value in self.headers.values())


class RemoteDataApi:
    """A :class:`DataApi` of a database behind an endpoint.

    Reads are tried again after faults of the network. A change is, where it certainly was not carried out, where it
    says the same the second time, or where it was looked first what the first try has left.

    Args:
        line: The line to the endpoint; not closed here.
        address: Of the database.
        catalogue: The providers, to tell of their failures.
    """

    def __init__(self, line: Line, address: str, catalogue: Catalogue) -> None:
        self._line = line
        self._address = address.rstrip("/")
        self._base = base_of(address)
        self._catalogue = catalogue

    @property
    def endpoint(self) -> str:
        """The address that code snippets name for this database."""
        return self._address

    async def execute(
        self,
        command: Json,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Execute one command; see :class:`DataApi`.

        Raises:
            EndpointError: The endpoint was not reached, or did not answer as a Data API.
        """
        sent = {key.lower(): value for key, value in (headers or {}).items() if key.lower() in _SENT_ON}
        target = _Target(keyspace, name, sent)
        if name_of(command) != "insertMany":
            return await self._delivered(command, target)
        parts = list(await in_thread(lambda: list(insertions.parts_of(command))))
        if len(parts) == 1:
            return await self._delivered(command, target)
        return await self._in_parts(command, parts, target)

    async def _in_parts(self, command: Json, parts: list[Json], target: _Target) -> Response:
        """Send an insertion part by part; an ordered one ends with the first that is refused.

        A failure says how many documents were sent before it.
        """
        answers = []
        first = 0
        for part in parts:
            places = range(first, first + len(insertions.documents_of(part)))
            first = places.stop
            try:
                answer = await self._delivered(part, target)
            except AstrolabeError as error:
                if places.start:
                    error.hint = f"{error.hint} {_SENT_BEFORE.format(places.start)}".strip()
                raise
            answers.append((places, answer))
            if answer.errors and (insertions.is_ordered(command) or insertions.failed_as_a_whole(answer)):
                break
        return insertions.merged(command, answers)

    async def _delivered(self, command: Json, target: _Target) -> Response:
        sending = _Sending(self, command, target)
        try:
            return await self._line.tried(sending.attempt, sending.may_repeat)
        except EndpointError as error:
            if error.unsure and not may_be_sent_twice(command) and UNSURE not in error.hint:
                error.hint = f"{error.hint} {UNSURE}".strip()
            raise
        except asyncio.CancelledError as error:
            if name_of(command) not in READING:
                error.add_note(INTERRUPTED)  # whoever ends on it says so
            raise

    async def once(self, command: Json, target: _Target) -> Response:
        """Send a command once and read its answer.

        Raises:
            EndpointError: There is none, or it is none of a Data API.
        """
        content = (await in_thread(dumps_in_pieces, command)).encode()
        url = url_of(self._base, target.keyspace, target.name)
        call = Call(url, _JSON | dict(target.headers), content, auth_header="Token", auth_scheme="")
        reply = await self._line.send(call, seconds=seconds_for(command))

        def clean(words: str) -> str:
            return self._line.token.clean(words, target.secrets)

        return await in_thread(read_answer, reply, self._line.host, self._catalogue, clean)


class _Sending:
    """One command, tried until it is answered; an insertion is looked after between two tries."""

    def __init__(self, door: RemoteDataApi, command: Json, target: _Target) -> None:
        self._door = door
        self._command = command
        self._target = target
        self._lost = False

    async def attempt(self) -> Response:
        """Send the command; after a try that got no answer, only those of its documents that are not stored."""
        if not self._lost or not insertions.have_ids(documents := insertions.documents_of(self._command)):
            return await self._door.once(self._command, self._target)
        found: list[Json] = []
        for question in insertions.questions(documents):
            answer = await self._door.once(question, self._target)
            found += (answer.raise_first().data or {}).get("documents", [])
        stored = insertions.stored_of(documents, found)
        rest = [place for place in range(len(documents)) if place not in stored]
        answers = [(sorted(stored), insertions.stored_response(self._command, stored))] if stored else []
        if rest:
            whole = name_of(self._command) == "insertOne" or not stored
            left = [documents[place] for place in rest]
            command = self._command if whole else insertions.with_documents(self._command, left)
            answer = await self._door.once(command, self._target)
            if insertions.failed_as_a_whole(answer):
                return answer
            answers.append((rest, answer))
        return answers[0][1] if len(answers) == 1 else insertions.merged(self._command, answers)

    async def may_repeat(self, error: EndpointError) -> bool:
        """Return whether the command may be sent again."""
        if not error.unsure or may_be_sent_twice(self._command):
            return True
        if name_of(self._command) not in INSERTS:
            return False
        if insertions.have_ids(insertions.documents_of(self._command)):
            self._lost = True
            return True
        return await self._is_table()

    async def _is_table(self) -> bool:
        """Return whether the target is a table: a row that is inserted again is written over itself."""
        try:
            answer = await self._door.once({"listTables": {}}, _Target(self._target.keyspace, None, {}))
        except EndpointError:
            return False
        return self._target.name in (answer.status.get("tables") or ())
