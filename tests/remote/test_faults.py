"""What can go wrong between this machine and an endpoint: each ends in an error that says who can mend it and how."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from astrolabe.errors import AstrolabeError, Owner, ProviderFailure
from astrolabe.providers.wire.adapters import Call, Reply
from astrolabe.providers.wire.failures import TransportError
from astrolabe.providers.wire.transport import Transport
from astrolabe.remote.door import RemoteDataApi
from astrolabe.remote.errors import EndpointError, EndpointFailure
from astrolabe.remote.line import Line
from astrolabe.remote.token import Token
from tests.support.fake_time import FakeTime
from tests.support.provider_server import Answer
from tests.support.remote import CATALOGUE, TOKEN, beside, scripted

FIND: dict[str, Any] = {"find": {}}
OK = Answer(200, {"status": {"ok": 1}})
FOUND = Answer(200, {"data": {"documents": [], "nextPageState": None}})
PAGE = "<html><head><title>Sign in</title><style>b {}</style></head><body><h1>Please sign in</h1></body></html>"
HTML = {"content-type": "text/html"}
HUGE = gzip.compress(b'{"data": {"documents": ["' + b"x" * 20_000_000 + b'"]}}')

FAULTS = {
    "401 without words": (Answer(401, b""), EndpointFailure.TOKEN, Owner.REQUEST),
    "403": (Answer(403, PAGE, HTML), EndpointFailure.FORBIDDEN, Owner.REQUEST),
    "404": (Answer(404, b""), EndpointFailure.ADDRESS, Owner.REQUEST),
    "405": (Answer(405, b""), EndpointFailure.ADDRESS, Owner.REQUEST),
    "413": (Answer(413, b""), EndpointFailure.REQUEST_TOO_LARGE, Owner.REQUEST),
    "415": (Answer(415, b""), EndpointFailure.NO_DATA_API, Owner.ENGINE),
    "429": (Answer(429, {"message": "slow down"}), EndpointFailure.RATE_LIMITED, Owner.REQUEST),
    "500": (Answer(500, PAGE, HTML), EndpointFailure.SERVER, Owner.ENGINE),
    "503": (Answer(503, b"upstream connect error"), EndpointFailure.UNAVAILABLE, Owner.ENGINE),
    "a redirect": (Answer(307, b"", {"location": "http://127.0.0.1:1/v1"}), EndpointFailure.REDIRECT, Owner.REQUEST),
    "a sign-in page": (Answer(200, PAGE, HTML), EndpointFailure.NO_DATA_API, Owner.NETWORK),
    "another JSON": (Answer(200, {"hello": 1}), EndpointFailure.NO_DATA_API, Owner.ENGINE),
    "half of a JSON": (Answer(200, b'{"data": {"docu'), EndpointFailure.NO_DATA_API, Owner.ENGINE),
    "a cut answer": (Answer(fault="reset"), EndpointFailure.BROKEN, Owner.NETWORK),
    "no answer": (Answer(fault="close"), EndpointFailure.BROKEN, Owner.NETWORK),
    "half a gzip": (
        Answer(200, gzip.compress(b'{"data": {}}')[:-9], {"content-encoding": "gzip"}),
        EndpointFailure.BROKEN,
        Owner.NETWORK,
    ),
    "20 MB": (Answer(200, HUGE, {"content-encoding": "gzip"}), EndpointFailure.ANSWER_TOO_LARGE, Owner.REQUEST),
    "without end": (Answer(fault="endless"), EndpointFailure.ANSWER_TOO_LARGE, Owner.REQUEST),
}


def told(error: AstrolabeError) -> str:
    """Everything that may be shown of an error and of what led to it."""
    texts: list[str] = []
    one: BaseException | None = error
    while one is not None:
        texts += [str(one), repr(one), repr(vars(one))]
        one = one.__cause__ or one.__context__
    return " ".join(texts)


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_has_an_owner_and_advice(fault: str) -> None:
    answer, failure, owner = FAULTS[fault]
    async with scripted() as endpoint:
        endpoint.server.always(answer)
        with pytest.raises(EndpointError) as caught:
            await endpoint.api.execute(FIND, keyspace="k", name="c")
    error = caught.value
    assert (error.failure, error.owner) == (failure, owner)
    assert error.hint
    assert "127.0.0.1" in error.message
    assert TOKEN not in told(error)
    assert "<" not in error.message


async def test_nobody_listening_is_told_as_such() -> None:
    time = FakeTime()
    line = Line("http://127.0.0.1:1", Token.of(SecretStr(TOKEN)), clock=time.clock, sleep=time.sleep)
    with pytest.raises(EndpointError) as caught:
        await RemoteDataApi(line, "http://127.0.0.1:1", CATALOGUE).execute({"updateOne": {}}, keyspace="k", name="c")
    await line.close()
    assert caught.value.failure is EndpointFailure.UNREACHABLE
    assert not caught.value.unsure


async def test_the_token_goes_to_the_endpoint_alone() -> None:
    async with scripted() as endpoint, scripted() as other:
        endpoint.server.always(Answer(308, b"", {"location": f"{other.server.url}/v1/k/c"}))
        with pytest.raises(EndpointError):
            await endpoint.api.execute(FIND, keyspace="k", name="c")
        [request] = endpoint.server.requests
        assert request.headers["token"] == TOKEN
        assert request.path == "/v1/k/c"
        assert other.server.requests == []


async def test_an_error_that_says_the_token_back_is_cleaned() -> None:
    echo = {"message": f"bad token {TOKEN} / {base64.b64encode(TOKEN.encode()).decode()}", "errorCode": "X"}
    async with scripted() as endpoint:
        endpoint.server.script(Answer(401, {"errors": [echo]}), Answer(401, f"bad token {TOKEN}"))
        response = await endpoint.api.execute(FIND)
        assert TOKEN[12:] not in str(response.to_json())
        assert response.errors[0].hint
        with pytest.raises(EndpointError) as caught:
            await endpoint.api.execute(FIND)
    assert TOKEN[12:] not in told(caught.value)


async def test_a_user_and_a_password_become_the_token_that_clients_build() -> None:
    async with scripted(secret="s3cret-pässword", user="cassandra") as endpoint:
        endpoint.server.script(Answer(401, {"errors": [{"message": "no entry for s3cret-pässword", "errorCode": "X"}]}))
        response = await endpoint.api.execute(FIND)
        [request] = endpoint.server.requests
    kind, user, password = request.headers["token"].split(":")
    assert (kind, base64.b64decode(user), base64.b64decode(password).decode()) == (
        "Cassandra",
        b"cassandra",
        "s3cret-pässword",
    )
    assert "s3cret" not in response.errors[0].message


async def test_reads_are_tried_again() -> None:
    async with scripted() as endpoint:
        endpoint.server.script(Answer(fault="reset"), Answer(502, b""), FOUND)
        response = await endpoint.api.execute(FIND, keyspace="k", name="c")
        assert response.data == {"documents": [], "nextPageState": None}
        assert len(endpoint.server.requests) == 3


async def test_a_storm_of_429_is_waited_out_as_long_as_is_asked_for() -> None:
    storm = [Answer(429, b"", {"retry-after": "7"})] * 4
    async with scripted() as endpoint:
        endpoint.server.script(*storm, OK)
        before = endpoint.time.now
        await endpoint.api.execute({"updateOne": {"filter": {}, "update": {}}}, keyspace="k", name="c")
        assert endpoint.time.now - before == 28
        assert len(endpoint.server.requests) == 5


@pytest.mark.parametrize("fault", ["reset", "close"])
async def test_a_change_that_got_no_answer_is_not_repeated_and_says_so(fault: str) -> None:
    async with scripted() as endpoint:
        endpoint.server.script(Answer(fault=fault), OK)
        with pytest.raises(EndpointError, match="broke off") as caught:
            await endpoint.api.execute({"updateOne": {"update": {"$inc": {"n": 1}}}}, keyspace="k", name="c")
        assert len(endpoint.server.requests) == 1
        assert "carried out nevertheless" in caught.value.hint


async def test_a_schema_change_that_says_the_same_twice_is_repeated() -> None:
    async with scripted() as endpoint:
        endpoint.server.script(Answer(fault="close"), OK, Answer(fault="close"), OK)
        await endpoint.api.execute({"createCollection": {"name": "c"}}, keyspace="k")
        await endpoint.api.execute(
            {"createTable": {"name": "t", "definition": {}, "options": {"ifNotExists": True}}}, keyspace="k"
        )
        endpoint.server.script(Answer(fault="close"), OK)
        with pytest.raises(EndpointError):
            await endpoint.api.execute({"createTable": {"name": "t", "definition": {}}}, keyspace="k")


async def test_an_insertion_is_repeated_without_what_the_lost_one_has_stored() -> None:
    documents = [{"_id": "a", "n": 1.0}, {"_id": "b", "n": 2}, {"_id": "c", "$vectorize": "x"}]
    there = [{"_id": "a", "n": 1}, {"_id": "b", "n": "other"}]
    taken = {"message": "There is one.", "errorCode": "DOCUMENT_ALREADY_EXISTS", "scope": "DOCUMENT"}
    rest = [{"_id": "b", "status": "ERROR", "errorsIdx": 0}, {"_id": "c", "status": "OK"}]
    async with scripted() as endpoint:
        endpoint.server.script(
            Answer(fault="reset"),
            Answer(200, {"data": {"documents": there, "nextPageState": None}}),
            Answer(200, {"status": {"documentResponses": rest}, "errors": [taken]}),
        )
        command = {"insertMany": {"documents": documents, "options": {"returnDocumentResponses": True}}}
        response = await endpoint.api.execute(command, keyspace="k", name="c")
        sent = endpoint.server.requests[-1].json["insertMany"]
    assert [one["_id"] for one in sent["documents"]] == ["b", "c"]
    assert response.status["documentResponses"] == [{"_id": "a", "status": "OK"}, *rest]
    assert [error.code for error in response.errors] == ["DOCUMENT_ALREADY_EXISTS"]


async def test_an_insertion_that_was_stored_whole_is_not_sent_again() -> None:
    async with scripted() as endpoint:
        endpoint.server.script(Answer(fault="close"), Answer(200, {"data": {"documents": [{"_id": 1, "a": "x"}]}}))
        response = await endpoint.api.execute({"insertOne": {"document": {"_id": 1, "a": "x"}}}, keyspace="k", name="c")
        assert response.to_json() == {"status": {"insertedIds": [1]}}
        assert len(endpoint.server.requests) == 2


async def test_documents_without_ids_are_sent_once_and_rows_again() -> None:
    command = {"insertMany": {"documents": [{"n": 1}]}}
    names = Answer(200, {"status": {"tables": ["rows"]}})
    async with scripted() as endpoint:
        endpoint.server.script(Answer(fault="close"), names)
        with pytest.raises(EndpointError):
            await endpoint.api.execute(command, keyspace="k", name="docs")
        endpoint.server.script(Answer(fault="close"), names, OK)
        assert (await endpoint.api.execute(command, keyspace="k", name="rows")).status == {"ok": 1}


async def test_a_large_insertion_goes_in_parts_with_one_answer() -> None:
    text = "x" * 5_000_000
    documents = [{"_id": n, "t": text} for n in range(5)]
    answers = [Answer(200, {"status": {"insertedIds": ids}}) for ids in ([0, 1], [2, 3], [4])]
    async with scripted() as endpoint:
        endpoint.server.script(*answers)
        response = await endpoint.api.execute({"insertMany": {"documents": documents}}, keyspace="k", name="c")
        assert response.to_json() == {"status": {"insertedIds": [0, 1, 2, 3, 4]}}
        assert [len(request.json["insertMany"]["documents"]) for request in endpoint.server.requests] == [2, 2, 1]


async def test_a_failure_after_the_first_part_says_what_was_sent_before() -> None:
    documents = [{"t": "x" * 7_000_000}] * 2
    async with scripted() as endpoint:
        endpoint.server.script(Answer(200, {"status": {"insertedIds": [1]}}), Answer(401, b""))
        with pytest.raises(EndpointError) as caught:
            await endpoint.api.execute({"insertMany": {"documents": documents}}, keyspace="k", name="c")
    assert "first 1 documents were sent before" in caught.value.hint


async def test_a_server_error_is_tried_three_times() -> None:
    async with scripted() as endpoint:
        endpoint.server.always(Answer(500, b""))
        with pytest.raises(EndpointError):
            await endpoint.api.execute(FIND, keyspace="k", name="c")
        assert len(endpoint.server.requests) == 3


async def test_keys_for_providers_go_along_and_nothing_else() -> None:
    headers = {"X-Embedding-Api-Key": "sk-Hq2Lr7Nd5Vb3Kq8", "Cookie": "a=b", "Token": "another"}
    async with scripted() as endpoint:
        endpoint.server.script(Answer(200, {"errors": [{"message": "bad key sk-Hq2Lr7Nd5Vb3Kq8", "errorCode": "X"}]}))
        response = await endpoint.api.execute(FIND, keyspace="k", name="c", headers=headers)
        [request] = endpoint.server.requests
    assert request.headers["x-embedding-api-key"] == "sk-Hq2Lr7Nd5Vb3Kq8"
    assert request.headers["token"] == TOKEN
    assert "cookie" not in request.headers
    assert "Vb3Kq8" not in response.errors[0].message


@pytest.mark.parametrize(("command", "noted"), [(FIND, 0), ({"updateOne": {}}, 1)])
async def test_a_cancelled_command_ends_at_once_and_a_change_notes_it(command: dict[str, Any], noted: int) -> None:
    async with scripted() as endpoint:
        endpoint.server.always(Answer(fault="hang"))
        task = asyncio.create_task(endpoint.api.execute(command, keyspace="k", name="c"))
        await endpoint.server.arrived.wait()
        task.cancel()
        async with asyncio.timeout(60):
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
    assert len(getattr(caught.value, "__notes__", ())) == noted


async def test_numbers_keep_their_digits_and_page_states_are_kept() -> None:
    body = b'{"data": {"documents": [{"n": 12345678901234567890.123456789}], "nextPageState": "s=="}}'
    async with scripted() as endpoint:
        endpoint.server.script(Answer(200, body), OK)
        response = await endpoint.api.execute(FIND, keyspace="k", name="c")
        assert response.data is not None
        assert str(response.data["documents"][0]["n"]) == "12345678901234567890.123456789"
        await endpoint.api.execute({"find": {"options": {"pageState": response.data["nextPageState"]}}})
        assert json.loads(endpoint.server.requests[1].body)["find"]["options"]["pageState"] == "s=="


async def test_a_lost_answer_of_a_server_that_stored_the_documents_stores_none_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    post = Transport.post
    lost = iter([True, False])

    async def losing(
        self: Transport, call: Call, secret: SecretStr | None, *, seconds: float, most_bytes: int
    ) -> Reply:
        reply = await post(self, call, secret, seconds=seconds, most_bytes=most_bytes)
        if b'"insertMany"' in call.content and next(lost, False):
            raise TransportError(ProviderFailure.UNREACHABLE, "the connection broke off", transient=True)
        return reply

    async with beside(tmp_path / "data") as both:
        await both.there.execute({"createCollection": {"name": "docs"}}, keyspace="default_keyspace")
        monkeypatch.setattr(Transport, "post", losing)
        command = {"insertMany": {"documents": [{"_id": n, "v": n / 2} for n in range(100)]}}
        response = await both.there.execute(command, keyspace="default_keyspace", name="docs")
        assert response.to_json() == {"status": {"insertedIds": list(range(100))}}
