"""Every provider against everything that can go wrong: code, message, console, attempts, and no key anywhere."""

from __future__ import annotations

import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest

from astrolabe.dataapi.language.provider_errors import provider_error, read_provider_error
from astrolabe.errors import DataApiError, Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.throttle.retry import EngineLimits
from screens.kit.error_dialog import describe
from tests.providers.setup import KEY, SUBJECTS, Bench, Subject, urls_at
from tests.support.provider_server import Answer, ProviderServer
from tests.support.waiting import LONGEST_WAIT

SAID = "the provider's own words"
ONCE, FOUR, SEVEN, EIGHT = 1, 4, 7, 8
LABELS = {provider.key: provider.label for provider in load_catalogue().providers}

CLIENT, SERVER = "EMBEDDING_PROVIDER_CLIENT_ERROR", "EMBEDDING_PROVIDER_SERVER_ERROR"
LIMITED, TIMEOUT = "EMBEDDING_PROVIDER_RATE_LIMITED", "EMBEDDING_PROVIDER_TIMEOUT"
UNEXPECTED, UNAVAILABLE = "EMBEDDING_PROVIDER_UNEXPECTED_RESPONSE", "EMBEDDING_PROVIDER_UNAVAILABLE"
TITLES = {
    CLIENT: "The Embedding Provider returned a HTTP client error",
    SERVER: "The Embedding Provider returned a HTTP server error",
    LIMITED: "Embedding provider rate limited the request",
    TIMEOUT: "The Embedding Provider request timed out",
    UNEXPECTED: "The Embedding Provider returned an unexpected response",
    UNAVAILABLE: "The Embedding Provider is unavailable",
}
SENTENCES = {
    CLIENT: "Provider '{key}' returned a HTTP client error with HTTP {status}; error message: {said}",
    SERVER: "Provider '{key}' returned a HTTP server error with HTTP {status}; error message: {said}",
    LIMITED: "Provider '{key}' rate limited the request with HTTP {status}; error message: {said}",
    TIMEOUT: (
        "The request to the embedding provider timed out.\nProvider: {key}\nHTTP status: {status}\n"
        "Error message: {said}\nThe request is safe to retry."
    ),
    UNEXPECTED: (
        "The embedding provider returned an unexpected response. Underlying problem: provider '{key}': {message}"
    ),
    UNAVAILABLE: "Provider '{key}' is unavailable. {message}",
}
GAVE_UP = "<CLIENT SOCKET TIMEOUT>"

ADVICE = {
    ProviderFailure.AUTHENTICATION: "is wrong, expired or was revoked",
    ProviderFailure.BILLING: "no credit or quota left",
    ProviderFailure.PERMISSION: "may not do this",
    ProviderFailure.NOT_FOUND: "no such model or address",
    ProviderFailure.TIMEOUT: "safe to try again",
    ProviderFailure.TOO_LONG: "Shorten the text",
    ProviderFailure.BAD_REQUEST: "Its words say why",
    ProviderFailure.RATE_LIMITED: "Wait a little, or raise the limit",
    ProviderFailure.SERVER: "a problem of its own",
    ProviderFailure.LOADING: "still loading the model",
    ProviderFailure.UNREACHABLE: "that a server listens there",
    ProviderFailure.BAD_RESPONSE: "may not be an embedding model",
}
"""What the hint says to do, for each kind of failure …"""
OWN_ADVICE = {
    ("azureOpenAI", ProviderFailure.AUTHENTICATION): "belongs to another resource",
    ("azureOpenAI", ProviderFailure.NOT_FOUND): "no such deployment",
    ("huggingface", ProviderFailure.PERMISSION): "calls to Inference Providers",
    ("huggingface", ProviderFailure.NOT_FOUND): "does not serve this model",
    ("huggingface", ProviderFailure.BILLING): "monthly credits",
    ("huggingfaceDedicated", ProviderFailure.NOT_FOUND): "no embeddings route",
    ("huggingfaceDedicated", ProviderFailure.SERVER): "may be paused",
    ("huggingfaceDedicated", ProviderFailure.BAD_RESPONSE): "Compare the collection's dimension",
    ("jinaAI", ProviderFailure.BILLING): "no tokens left",
    ("voyageAI", ProviderFailure.RATE_LIMITED): "three requests a minute",
}
"""… and where a provider's own case is better known."""


def said(status: int, text: str = SAID, **headers: str) -> Callable[[Subject], Answer]:
    """An error answer in the provider's own shape."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda subject: Answer(status, subject.error_body(text), names)


def in_envelope(row: str) -> Callable[[Subject], Answer]:
    """A successful answer with one vector, written as JSON, in the provider's envelope."""

    def answer(subject: Subject) -> Answer:
        vector = row.replace("…", ",".join(["0.5"] * (subject.dimension - 1)))
        bare = subject.provider == "huggingface"
        body = f"[{vector}]" if bare else f'{{"data": [{{"index": 0, "embedding": {vector}}}]}}'
        return Answer(200, body, {"content-type": "application/json"})

    return answer


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
    """One thing that goes wrong, on every attempt, and what has to become of it.

    ``answer`` is None where nobody listens. ``problem`` is a part of the console's message.
    """

    answer: Callable[[Subject], Answer] | None
    failure: ProviderFailure
    owner: Owner
    attempts: int
    code: str
    status: int | None = None
    words: str = ""
    problem: str = ""


def bad(answer: Callable[[Subject], Answer], problem: str, *, status: int | None = 200, words: str = "") -> Case:
    """An answer that came and cannot be used."""
    return Case(answer, ProviderFailure.BAD_RESPONSE, Owner.PROVIDER, ONCE, UNEXPECTED, status, words, problem)


def refused(status: int, failure: ProviderFailure, words: str = SAID, *, code: str = CLIENT) -> Case:
    """An answer that says no, for a reason that the user can mend."""
    return Case(said(status, words), failure, Owner.REQUEST, ONCE, code, status, words)


CASES = {
    "401": refused(401, ProviderFailure.AUTHENTICATION),
    "402": refused(402, ProviderFailure.BILLING),
    "403": refused(403, ProviderFailure.PERMISSION),
    "404": refused(404, ProviderFailure.NOT_FOUND),
    "408": Case(said(408), ProviderFailure.TIMEOUT, Owner.PROVIDER, FOUR, TIMEOUT, 408, SAID),
    "413": refused(413, ProviderFailure.TOO_LONG),
    "422": refused(422, ProviderFailure.BAD_REQUEST),
    "424": Case(said(424), ProviderFailure.SERVER, Owner.PROVIDER, ONCE, CLIENT, 424, SAID),
    # Waits of 1, 2, 4, 8, 16 and 32 seconds; the next would end after the two minutes that a call may take.
    "429": Case(said(429), ProviderFailure.RATE_LIMITED, Owner.PROVIDER, SEVEN, LIMITED, 429, SAID),
    "429 with Retry-After": Case(
        said(429, retry_after="7"), ProviderFailure.RATE_LIMITED, Owner.PROVIDER, EIGHT, LIMITED, 429, SAID
    ),
    "429 that asks for too long": Case(
        said(429, retry_after="61"), ProviderFailure.RATE_LIMITED, Owner.PROVIDER, ONCE, LIMITED, 429, SAID
    ),
    "429 out of money": refused(429, ProviderFailure.BILLING, "insufficient_quota", code=LIMITED),
    "500": Case(said(500), ProviderFailure.SERVER, Owner.PROVIDER, FOUR, SERVER, 500, SAID),
    "503 loading": Case(
        said(503, "Model x is currently loading"),
        ProviderFailure.LOADING,
        Owner.PROVIDER,
        EIGHT,
        SERVER,
        503,
        "Model x is currently loading",
    ),
    "504": Case(said(504), ProviderFailure.TIMEOUT, Owner.PROVIDER, FOUR, TIMEOUT, 504, SAID),
    "timeout": Case(
        lambda _: Answer(fault="hang"), ProviderFailure.TIMEOUT, Owner.PROVIDER, FOUR, TIMEOUT, problem="in time"
    ),
    "connection refused": Case(
        None, ProviderFailure.UNREACHABLE, Owner.NETWORK, ONCE, UNAVAILABLE, problem="the connection was refused"
    ),
    "closed": Case(
        lambda _: Answer(fault="close"),
        ProviderFailure.UNREACHABLE,
        Owner.NETWORK,
        FOUR,
        UNAVAILABLE,
        problem="the connection broke off",
    ),
    "reset halfway": Case(
        lambda _: Answer(fault="reset"),
        ProviderFailure.UNREACHABLE,
        Owner.NETWORK,
        FOUR,
        UNAVAILABLE,
        problem="the connection broke off",
    ),
    "redirect": bad(
        lambda _: Answer(302, "", {"location": "https://elsewhere.example/"}), "which is not followed", status=302
    ),
    "bad JSON": bad(raw('{"data": [{'), "is not valid JSON", words='{"data": [{'),
    "HTML": bad(raw("<html>", "text/html"), "is not JSON but text/html", words="<html>"),
    "empty body": bad(raw(""), "has no body"),
    "error inside a 200": bad(said(200), f"It said: {SAID}", words=SAID),
    "wrong count": bad(vectors([1.0], [1.0]), "has 2 embeddings for 1 texts"),
    "wrong dimension": bad(vectors([1.0, 2.0]), "has vectors of 2 dimensions where"),
    "NaN": bad(in_envelope("[NaN,…]"), "has a number that is not finite in vector 1"),
    "infinity": bad(in_envelope("[1e999,…]"), "has a number that is not finite in vector 1"),
    "texts for numbers": bad(in_envelope('["a"]'), "something else than lists of numbers"),
    "endless body": bad(lambda _: Answer(fault="endless"), "is larger than", status=None),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_failure_of_each_provider_is_told_apart(
    server: ProviderServer, subject: Subject, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    limits = EngineLimits(call_seconds=0.1 if name == "timeout" else LONGEST_WAIT)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        bench = Bench(server, limits=limits, urls=urls_at(server.url if case.answer is not None else nobody))
        if case.answer is not None:
            server.always(case.answer(subject))
        error = await bench.fail(subject)
    await bench.close()

    translated = provider_error(error)
    assert error.attempts == case.attempts
    if name == "timeout":  # an attempt may be given up before the server has read it
        assert len(server.requests) <= case.attempts
    else:
        assert len(server.requests) == (case.attempts if case.answer is not None else 0)
    check_kind(case, subject, error)
    check_for_programs(case, subject, error, translated)
    check_for_people(case, subject, error, translated)
    check_over_http(error, translated)
    check_no_key(error, translated, caplog)


def words_of(case: Case, subject: Subject) -> str:
    """Mistral's 401 says one thing, whatever its body says."""
    return "Unauthorized" if (subject.provider, case.status) == ("mistral", 401) else case.words


def check_kind(case: Case, subject: Subject, error: ProviderError) -> None:
    assert (error.failure, error.owner, error.status) == (case.failure, case.owner, case.status)
    assert (error.provider, error.words) == (subject.provider, words_of(case, subject))


def check_for_programs(case: Case, subject: Subject, error: ProviderError, translated: DataApiError) -> None:
    """The Data API: the documented code, title and message, with the provider's words as upstream shows them."""
    words = words_of(case, subject)
    bare = subject.provider == "upstageAI" or words == "Unauthorized"
    quoted = words if bare else f'"{words}"'
    status: object = case.status
    if case.code == TIMEOUT and status is None:
        status, quoted = GAVE_UP, f"{GAVE_UP} {error.message}"
    sentence = SENTENCES[case.code].format(key=subject.provider, status=status, said=quoted, message=error.message)
    assert (translated.code, translated.title, translated.message) == (case.code, TITLES[case.code], sentence)
    assert (translated.family.value, translated.scope) == ("SERVER", "EMBEDDING_PROVIDER")


def check_for_people(case: Case, subject: Subject, error: ProviderError, translated: DataApiError) -> None:
    """The console: who and what failed, what was said, what to do, and what a report needs."""
    advice = OWN_ADVICE.get((subject.provider, case.failure)) or ADVICE[case.failure]
    if case.problem.startswith("has vectors of 2"):
        advice = "The model gives 2 dimensions"
    assert LABELS[subject.provider] in error.message
    assert case.problem in error.message
    assert words_of(case, subject) in error.message
    if case.failure in {ProviderFailure.AUTHENTICATION, ProviderFailure.PERMISSION, ProviderFailure.BILLING}:
        assert "'my-key'" in error.message
    assert advice in error.hint
    assert error.title == f"The embedding provider failed: {case.failure.value}"
    phrase = f", HTTP {case.status}" if case.status else ""
    tail = f"Provider: {subject.provider}{phrase}, {case.attempts} attempt(s), {case.failure.value}"
    quote = [f"The provider said: {error.words}"] if error.words and error.words not in error.message else []
    meaning = [f"Most likely: {error.meaning}"] if error.meaning else []
    told = [error.message, *quote, *meaning, f"What to do: {error.step}"]
    assert error.hint == " ".join(part for part in (error.meaning, error.step) if part)
    assert describe(error) == "\n\n".join([*told, tail])
    code = f"Code: {case.code} (SERVER/EMBEDDING_PROVIDER)\nError id: {translated.id}"
    assert describe(translated) == "\n\n".join([*told, f"{code}\n{tail}"])
    assert translated.owner is case.owner


def check_over_http(error: ProviderError, translated: DataApiError) -> None:
    """An answer that came over HTTP is taken apart again: who has to act, what was said, and what to do."""
    received = DataApiError.from_object(json.loads(json.dumps(translated.to_object())))
    read = read_provider_error(received, load_catalogue())
    assert read is not None
    told = (
        ProviderFailure.TOO_LONG if read.failure is ProviderFailure.TOO_MANY else read.failure
    )  # of one text, the same
    assert (read.provider, told, read.owner) == (error.provider, error.failure, error.owner)
    assert read.words == (error.words if "rror message: " in translated.message and error.status is not None else "")
    assert read.hint


def check_no_key(error: ProviderError, translated: DataApiError, caplog: pytest.LogCaptureFixture) -> None:
    told = [caplog.text, repr(translated.to_object())]
    for each in (error, translated):
        told += [str(each), repr(each), each.hint, describe(each), repr(vars(each)), *traceback.format_exception(each)]
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


def test_the_matrix_has_every_provider_and_every_failure() -> None:
    catalogue = load_catalogue()
    assert set(SUBJECTS) == {one.key for one in catalogue.providers if catalogue.wire(one.key) is not None}
    asked = [401, 402, 403, 404, 408, 413, 422, 429, 500, 503]
    assert {HTTPStatus(status) for status in asked} <= {case.status for case in CASES.values()}
    assert {case.failure for case in CASES.values()} == set(ADVICE)


_NUMBERED = [key for key, subject in SUBJECTS.items() if key != "huggingface" and subject.batch > 1]
"""Providers that number the vectors of an answer; the others give bare arrays, or one vector."""


@pytest.mark.parametrize(
    ("indexes", "problem"),
    [((0, 0), "doubled"), ((0, 2), "out of range"), ((0, None), "is missing"), ((0, True), "is missing")],
)
@pytest.mark.parametrize("subject", _NUMBERED, indirect=True)
async def test_an_order_that_is_not_clear_is_refused(
    bench: Bench, server: ProviderServer, subject: Subject, indexes: tuple[object, ...], problem: str
) -> None:
    row = [0.5] * subject.dimension
    server.always(Answer(body={"data": [{"index": index, "embedding": row} for index in indexes]}))
    error = await bench.fail(subject, ["one", "two"])
    assert error.failure is ProviderFailure.BAD_RESPONSE
    assert problem in error.message
    assert len(server.requests) == 1


async def test_a_redirect_does_not_carry_texts_or_key_to_another_host(
    bench: Bench, server: ProviderServer, subject: Subject
) -> None:
    async with ProviderServer() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            server.script(Answer(status, "", {"location": f"{elsewhere.url}/v1/embeddings"}))
            error = await bench.fail(subject)
            assert error.failure is ProviderFailure.BAD_RESPONSE
        assert elsewhere.requests == []
        assert elsewhere.visits == []
    assert len(server.requests) == 5
