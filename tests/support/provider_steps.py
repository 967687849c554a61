"""Steps that put a loopback provider in the place of a real one, in the loop of the console that is being drawn."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
from pydantic import SecretStr
from textual.pilot import Pilot

from astrolabe.dataapi.language.provider_errors import provider_error
from astrolabe.errors import DataApiError, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.wire.failures import TransportError, from_answer, from_transport
from astrolabe.providers.wire.transport import Transport
from screens.kit.app_base import Console
from tests.support.headless import strips
from tests.support.provider_server import Answer, ProviderServer
from tests.support.shop import PROVIDER, ROUTE
from tests.support.steps import Step, _hold_workers, press
from tests.support.waiting import LONGEST_WAIT

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
QUOTA = {
    "x-request-id": "req_01JD2Q7Z6E",
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
}
REFUSED = Answer(401, {"error": "Invalid credentials in Authorization header"}, {"x-request-id": "req_01JD2Q7Z6F"})
LOADING = Answer(503, {"error": f"Model {MODEL} is currently loading", "estimated_time": 18.0})
SLOW_DOWN = Answer(429, {"error": "Too many requests"}, {"retry-after": "0", **QUOTA})
ERROR_ID = "0b6f7a52-54b2-4d0c-9d3e-6a8f1c2b7e90"


def vectors(dimension: int) -> Answer:
    """Return an answer with one vector of that dimension and everything else that a provider may send."""
    return Answer(body=[[1.0, *[0.0] * (dimension - 1)]], headers=QUOTA)


def _console(pilot: Pilot[Any]) -> Console:
    assert isinstance(pilot.app, Console)
    return pilot.app


def answering(*answers: Answer) -> Step:
    """Return the step from which on Hugging Face - Serverless gives these answers, and vectors afterwards."""

    async def step(pilot: Pilot[Any]) -> None:
        workspace = _console(pilot).workspace
        server = ProviderServer()
        await server.__aenter__()
        # The console is open already, so what answers is put in its place, and ends with it.
        workspace._closing.push_async_callback(server.__aexit__, None, None, None)
        server.script(*answers)
        workspace.engine._urls[PROVIDER.casefold()] = server.url + ROUTE

    return step


async def no_such_host(pilot: Pilot[Any]) -> None:
    """Let no name be found from now on, as a resolver does that has never heard of it."""

    def unknown(request: httpx.Request) -> httpx.Response:
        problem = httpx.ConnectError("[Errno -2] Name or service not known", request=request)
        raise problem from socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    workspace = _console(pilot).workspace
    client = httpx.AsyncClient(transport=httpx.MockTransport(unknown))
    workspace._closing.push_async_callback(client.aclose)
    # A step comes when the console is open, and a resolver is no option of it.
    workspace.engine._transport = Transport(client)


def embedding(credential: str | None, *texts: str) -> Step:
    """Return the step that embeds texts as a collection with that credential would, whatever becomes of it."""

    async def step(pilot: Pilot[Any]) -> None:
        engine = _console(pilot).workspace.engine
        spec = EmbeddingSpec(PROVIDER, MODEL, 384)
        try:
            await engine.embed(spec, texts, Direction.STORE, SecretStr("hf_made_up"), credential=credential)
        except ProviderError:
            return

    return step


def press_and_hold(key: str, words: str) -> Step:
    """Return the step that presses a key and waits until the screen says so, not for the end of what it sets off."""

    async def step(pilot: Pilot[Any]) -> None:
        await pilot.press(key)
        async with asyncio.timeout(LONGEST_WAIT):
            while words not in _screen(pilot):  # noqa: ASYNC110 - the screen has no event
                await asyncio.sleep(0.01)
        _hold_workers(pilot)
        await press(pilot)

    return step


def _screen(pilot: Pilot[Any]) -> str:
    return "\n".join(strip.text for strip in strips(pilot.app))


def as_the_data_api_says(error: ProviderError) -> DataApiError:
    """Return what a search is told when a provider fails like this."""
    told = provider_error(error)
    told.id = ERROR_ID
    return told


def answered(provider: str, status: int, body: bytes, words: str) -> ProviderError:
    """Return what the engine makes of an answer."""
    info = load_catalogue().get(provider)
    return from_answer(info, status, body, words, retry_after=None, credential="webstore-prod").error


def unknown_endpoint() -> ProviderError:
    """Return what the engine makes of an endpoint that does not exist."""
    url = "https://mtp1x7muf6qyn3yh.us-east-2.aws.endpoints.huggingface.cloud/embeddings"
    trouble = TransportError(ProviderFailure.UNKNOWN_HOST, "no such host", transient=False)
    return from_transport(load_catalogue().get("huggingfaceDedicated"), url, trouble).error
