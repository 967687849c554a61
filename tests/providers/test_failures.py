"""Every provider against everything that can go wrong: kind, owner, attempts, words, and no key anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.delivery import EngineLimits
from astrolabe.providers.model import Direction
from tests.providers.setup import KEY, SUBJECTS, Bench, Subject
from tests.support.provider_server import Answer, ProviderServer

SAID = "the provider's own words"
ONCE, FOUR, EIGHT = 1, 4, 8


def said(status: int, text: str = SAID, **headers: str) -> Callable[[Subject], Answer]:
    """An error answer in the provider's own shape."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda subject: Answer(status, subject.error_body(text), names)


def vectors(*rows: list[Any]) -> Callable[[Subject], Answer]:
    """A successful answer with these vectors, in the provider's envelope."""

    def answer(subject: Subject) -> Answer:
        if subject.provider == "huggingface":
            return Answer(body=list(rows))
        return Answer(body={"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]})

    return answer


def raw(body: str, content_type: str = "application/json") -> Callable[[Subject], Answer]:
    return lambda _: Answer(200, body, {"content-type": content_type})


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong, on every attempt, and what has to become of it."""

    answer: Callable[[Subject], Answer]
    failure: ProviderFailure
    owner: Owner
    attempts: int
    status: int | None = None
    words: str = ""


CASES = {
    "401": Case(said(401), ProviderFailure.AUTHENTICATION, Owner.REQUEST, ONCE, 401, SAID),
    "402": Case(said(402), ProviderFailure.BILLING, Owner.REQUEST, ONCE, 402, SAID),
    "403": Case(said(403), ProviderFailure.PERMISSION, Owner.REQUEST, ONCE, 403, SAID),
    "404": Case(said(404), ProviderFailure.NOT_FOUND, Owner.REQUEST, ONCE, 404, SAID),
    "408": Case(said(408), ProviderFailure.TIMEOUT, Owner.PROVIDER, FOUR, 408, SAID),
    "413": Case(said(413), ProviderFailure.TOO_LONG, Owner.REQUEST, ONCE, 413, SAID),
    "422": Case(said(422), ProviderFailure.BAD_REQUEST, Owner.REQUEST, ONCE, 422, SAID),
    "424": Case(said(424), ProviderFailure.SERVER, Owner.PROVIDER, ONCE, 424, SAID),
    "429 with Retry-After": Case(
        said(429, retry_after="7"), ProviderFailure.RATE_LIMITED, Owner.PROVIDER, EIGHT, 429, SAID
    ),
    "429 that asks for too long": Case(
        said(429, retry_after="61"), ProviderFailure.RATE_LIMITED, Owner.PROVIDER, ONCE, 429, SAID
    ),
    "429 out of money": Case(
        said(429, "insufficient_quota"), ProviderFailure.BILLING, Owner.REQUEST, ONCE, 429, "insufficient_quota"
    ),
    "500": Case(said(500), ProviderFailure.SERVER, Owner.PROVIDER, FOUR, 500, SAID),
    "503 loading": Case(
        said(503, "Model x is currently loading"),
        ProviderFailure.LOADING,
        Owner.PROVIDER,
        EIGHT,
        503,
        "Model x is currently loading",
    ),
    "504": Case(said(504), ProviderFailure.TIMEOUT, Owner.PROVIDER, FOUR, 504, SAID),
    "redirect": Case(
        lambda _: Answer(302, "", {"location": "https://elsewhere.example/"}),
        ProviderFailure.BAD_RESPONSE,
        Owner.PROVIDER,
        ONCE,
        302,
    ),
    "timeout": Case(lambda _: Answer(fault="hang"), ProviderFailure.TIMEOUT, Owner.PROVIDER, FOUR),
    "closed": Case(lambda _: Answer(fault="close"), ProviderFailure.UNREACHABLE, Owner.NETWORK, FOUR),
    "reset halfway": Case(lambda _: Answer(fault="reset"), ProviderFailure.UNREACHABLE, Owner.NETWORK, FOUR),
    "bad JSON": Case(raw('{"data": [{'), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, 200, '{"data": [{'),
    "HTML": Case(raw("<html>", "text/html"), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, 200, "<html>"),
    "empty body": Case(raw(""), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, 200),
    "error inside a 200": Case(said(200), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, 200, SAID),
    "wrong count": Case(vectors([1.0], [1.0]), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, 200),
    "wrong dimension": Case(vectors([1.0, 2.0]), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, 200),
    "endless body": Case(lambda _: Answer(fault="endless"), ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_failure_of_each_provider_is_told_apart(
    server: ProviderServer, subject: Subject, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    server.always(case.answer(subject))
    bench = Bench(server, limits=EngineLimits(call_seconds=0.2 if name == "timeout" else 5))

    error = await bench.fail(subject)
    await bench.close()

    assert error.failure is case.failure
    assert error.owner is case.owner
    assert error.attempts == len(server.requests) == case.attempts
    assert error.status == case.status
    if subject.provider == "mistral" and name == "401":
        assert error.words == "Unauthorized"
    elif subject.provider != "upstageAI" or name != "wrong count":
        assert error.words == case.words
    assert error.provider == subject.provider
    assert error.hint
    assert subject_label(subject) in error.message
    assert_no_key(error, caplog)


def subject_label(subject: Subject) -> str:
    return {
        "azureOpenAI": "Azure OpenAI",
        "huggingfaceDedicated": "Hugging Face - Dedicated",
        "huggingface": "Hugging Face - Serverless",
        "jinaAI": "Jina AI",
        "mistral": "Mistral AI",
        "nvidia": "NVIDIA",
        "openai": "OpenAI",
        "upstageAI": "Upstage",
        "voyageAI": "Voyage AI",
    }[subject.provider]


def assert_no_key(error: ProviderError, caplog: pytest.LogCaptureFixture) -> None:
    told = [str(error), repr(error), error.hint, error.words, repr(vars(error)), caplog.text]
    told += traceback.format_exception(error)
    told += [repr(value) for value in _locals(error)]
    assert not [text for text in told if KEY in text]


def _locals(error: BaseException) -> Iterator[object]:
    """Everything that a crash report with local variables would show of our own frames."""
    current: BaseException | None = error
    while current is not None:
        for frame, _ in traceback.walk_tb(current.__traceback__):
            if "tests" not in frame.f_code.co_filename:
                yield from frame.f_locals.values()
        current = current.__cause__ or current.__context__


async def test_numbers_that_are_not_finite_are_refused(bench: Bench, server: ProviderServer, subject: Subject) -> None:
    row = ["NaN", *["0.5"] * (subject.dimension - 1)]
    body = f"[[{','.join(row)}]]"
    if subject.provider != "huggingface":
        body = f'{{"data": [{{"index": 0, "embedding": {body[1:-1]}}}]}}'
    server.always(Answer(200, body, {"content-type": "application/json"}))

    error = await bench.fail(subject)

    assert error.failure is ProviderFailure.BAD_RESPONSE
    assert "not finite in vector 1" in error.message


async def test_a_provider_that_quotes_the_key_back_does_not_spread_it(
    bench: Bench, server: ProviderServer, subject: Subject
) -> None:
    server.always(Answer(400, subject.error_body(f"Incorrect API key provided: {KEY}.")))
    error = await bench.fail(subject)
    assert error.words == "Incorrect API key provided: •••."
    assert KEY not in str(error)


@pytest.mark.parametrize("key", ["hf_abc\ndef", "schlüssel", "\x1b[31m"])
async def test_a_key_that_no_header_can_carry_is_refused_before_it_leaves(
    bench: Bench, server: ProviderServer, key: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        await bench.engine.embed(SUBJECTS["openai"].spec, ["x"], Direction.STORE, SecretStr(key))
    assert caught.value.failure is ProviderFailure.AUTHENTICATION
    assert key not in str(caught.value)
    assert server.requests == []


async def test_refused_credentials_are_named(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(401, b""))
    error = await bench.fail(SUBJECTS["huggingfaceDedicated"])
    assert "user access token 'my-key'" in error.message


async def test_an_unknown_host_points_at_the_parameters_that_make_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    bench.engine._urls.clear()
    error = await bench.fail(SUBJECTS["huggingfaceDedicated"])

    assert error.failure is ProviderFailure.UNKNOWN_HOST
    assert error.owner is Owner.REQUEST
    assert error.attempts == 1
    assert "abc.us-east-2.aws.endpoints.huggingface.cloud" in error.message
    assert "misspelt" in error.hint


async def test_a_closed_port_is_refused_at_once(bench: Bench) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bench.engine._urls["openai"] = f"http://127.0.0.1:{closed.getsockname()[1]}/v1/embeddings"
        error = await bench.fail(SUBJECTS["openai"])
    assert error.failure is ProviderFailure.UNREACHABLE
    assert error.owner is Owner.NETWORK
    assert error.attempts == 1
    assert "refused" in error.message


async def test_a_server_without_tls_behind_https_is_a_tls_failure(bench: Bench) -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        bench.engine._urls["openai"] = f"https://127.0.0.1:{port}/v1/embeddings"
        error = await bench.fail(SUBJECTS["openai"])
    assert error.failure is ProviderFailure.TLS
    assert error.attempts == 1


async def test_a_redirect_does_not_carry_the_key_to_another_host(bench: Bench, server: ProviderServer) -> None:
    async with ProviderServer() as elsewhere:
        server.always(Answer(307, "", {"location": f"{elsewhere.url}/v1/embeddings"}))
        error = await bench.fail(SUBJECTS["openai"])
        assert elsewhere.requests == []
    assert "redirect" in error.message


async def test_serverless_billing_and_permission_say_what_to_do(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(402, {"error": "You have exceeded your monthly included credits"}))
    assert "credits" in (await bench.fail(SUBJECTS["huggingface"])).hint
    server.script(Answer(403, {"error": "no permission"}))
    assert "Inference Providers" in (await bench.fail(SUBJECTS["huggingface"])).hint


async def test_jina_says_no_balance_with_a_403(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(403, {"detail": "No balance", "code": "AUTHZ_INSUFFICIENT_BALANCE"}))
    assert (await bench.fail(SUBJECTS["jinaAI"])).failure is ProviderFailure.BILLING


async def test_a_dedicated_endpoint_that_starts_is_waited_for_but_an_unhealthy_one_is_not_called_loading(
    bench: Bench, server: ProviderServer
) -> None:
    subject = SUBJECTS["huggingfaceDedicated"]
    server.always(Answer(503, b""))
    assert (await bench.fail(subject)).failure is ProviderFailure.LOADING
    server.always(Answer(503, {"message": "unhealthy", "type": "Unhealthy"}))
    assert (await bench.fail(subject)).failure is ProviderFailure.SERVER


async def test_a_dimension_that_differs_says_which_one_the_model_gives(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(body={"data": [{"index": 0, "embedding": [0.6, 0.8]}]}))
    error = await bench.fail(SUBJECTS["huggingfaceDedicated"])
    assert "vectors of 2 dimensions where 48 are expected" in error.message
    assert "2 dimensions" in error.hint


async def test_long_words_are_cut(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(400, json.dumps({"message": "x" * 100_000}), {"content-type": "application/json"}))
    error = await bench.fail(SUBJECTS["huggingfaceDedicated"])
    assert len(error.words) == 2000
    assert len(error.message) < 500


async def test_without_any_key_nothing_is_sent(bench: Bench, server: ProviderServer) -> None:
    with pytest.raises(ProviderError) as caught:
        await bench.engine.embed(SUBJECTS["openai"].spec, ["x"], Direction.STORE, None)
    assert caught.value.failure is ProviderFailure.NO_KEY
    assert caught.value.owner is Owner.REQUEST
    assert server.requests == []


async def test_a_model_that_is_no_longer_in_the_catalogue_is_unavailable(bench: Bench, server: ProviderServer) -> None:
    error = await bench.fail(replace(SUBJECTS["openai"], model="gone"))
    assert error.failure is ProviderFailure.UNAVAILABLE
    assert "'gone'" in error.message
    assert server.requests == []


async def test_a_blank_text_is_refused_by_number(bench: Bench, server: ProviderServer) -> None:
    error = await bench.fail(SUBJECTS["openai"], ["fine", " \n"])
    assert error.failure is ProviderFailure.BAD_REQUEST
    assert "Text 2 of 2 is empty" in error.message
    assert server.requests == []
