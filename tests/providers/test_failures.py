"""Failures that only some providers have, keys that must not get about, and what is refused before it is sent."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace

import pytest
from pydantic import SecretStr

from astrolabe.dataapi.language.provider_errors import provider_error
from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.provider_info import Direction
from tests.providers.setup import KEY, SUBJECTS, Bench, Subject, urls_at
from tests.support.provider_server import Answer, ProviderServer


async def test_a_provider_that_quotes_the_key_back_does_not_spread_it(
    bench: Bench, server: ProviderServer, subject: Subject
) -> None:
    server.always(Answer(400, subject.error_body(f"Incorrect API key provided: {KEY}.")))
    error = await bench.fail(subject)
    assert error.words == "Incorrect API key provided: •••."
    assert KEY not in str(error)


async def test_a_provider_that_sends_the_key_back_as_the_kind_of_its_answer_does_not_spread_it(
    bench: Bench, server: ProviderServer
) -> None:
    server.always(Answer(200, "x", {"content-type": f"text/{KEY}"}))
    error = await bench.fail(SUBJECTS["openai"])
    assert "is not JSON but text/•••" in error.message


@pytest.mark.parametrize("key", ["hf_abc\ndef", "schlüssel", "\x1b[31m"])
async def test_a_key_that_no_header_can_carry_is_refused_before_it_leaves(
    bench: Bench, server: ProviderServer, key: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        await bench.engine.embed(SUBJECTS["openai"].spec, ["x"], Direction.STORE, SecretStr(key))
    assert caught.value.failure is ProviderFailure.AUTHENTICATION
    assert key not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_model_that_its_provider_has_ended_is_said_to_be(
    bench: Bench, server: ProviderServer, status: int
) -> None:
    server.script(Answer(status, SUBJECTS["upstageAI"].error_body("no such model")))
    error = await bench.fail(SUBJECTS["upstageAI"])
    assert "The provider ends this model on 2026-12-31." in error.hint
    assert error.meaning in error.hint
    assert error.failure is (ProviderFailure.BAD_REQUEST if status == 400 else ProviderFailure.NOT_FOUND)


async def test_refused_credentials_are_named(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(401, b""))
    error = await bench.fail(SUBJECTS["huggingfaceDedicated"])
    assert "user access token 'my-key'" in error.message


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_a_name_that_is_not_found_is_the_network_whoever_the_provider_is(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    bench = Bench(server, urls=urls_at("https://nowhere.test:8443"))
    error = await bench.fail(SUBJECTS[subject])
    await bench.close()

    assert error.failure is ProviderFailure.UNKNOWN_HOST
    assert error.owner is Owner.NETWORK
    assert provider_error(error).title == "The provider's host was not found"
    assert error.attempts == 1
    assert "nowhere.test:8443" in error.message
    assert "misspelt" in error.hint


async def test_a_closed_port_is_refused_at_once(server: ProviderServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bench = Bench(server, urls=urls_at(f"http://127.0.0.1:{closed.getsockname()[1]}"))
        error = await bench.fail(SUBJECTS["openai"])
    await bench.close()
    assert error.failure is ProviderFailure.UNREACHABLE
    assert error.owner is Owner.NETWORK
    assert error.attempts == 1
    assert "refused" in error.message


async def test_a_server_without_tls_behind_https_is_a_tls_failure(server: ProviderServer) -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        bench = Bench(server, urls=urls_at(f"https://127.0.0.1:{port}"))
        error = await bench.fail(SUBJECTS["openai"])
    await bench.close()
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
