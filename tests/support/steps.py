"""What a user does, one step at a time, and waiting until each step's consequences are on the screen."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from textual import events
from textual._queue import Queue
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.serving.traffic import Traffic
from screens.kit.app_base import Console
from screens.kit.dialog import Dialog
from screens.kit.documents_pane import DocumentsPane
from screens.search.page import SearchPage
from tests.support.console import shop
from tests.support.waiting import LONGEST_WAIT

Step = str | Callable[[Pilot[Any]], Awaitable[None]]
"""A key to press, or something to do."""

QUIET_TURNS = 6
"""How many turns of the event loop in a row nothing may stir on the screen."""

PATIENT_TURNS = 20
"""Turns after which whatever stirs is at work elsewhere, such as in a thread, and is not asked at every turn."""

HELD = "held"
"""Name of work that is kept from ending, so that it can be seen under way; nobody waits for it."""


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until the console has nothing left to do.

    The framework's own wait watches the processor's time, which is slow here and says little on a busy machine, and
    sends every part of the screen a message to answer. This one looks at what each part has before it, and whether it
    waits for more.
    """
    app, quiet, stirring = pilot.app, 0, 0
    async with asyncio.timeout(LONGEST_WAIT):
        while quiet < QUIET_TURNS and app._exception is None:
            if _is_busy(app):
                quiet = 0
                await asyncio.sleep(0.005)
            elif _stirs(app):
                quiet, stirring = 0, stirring + 1
                await asyncio.sleep(0.001 if stirring > PATIENT_TURNS else 0)
            else:
                quiet, stirring = quiet + 1, 0
                app.screen._on_timer_update()  # draw now; the next frame would be due in a sixtieth of a second
                await asyncio.sleep(0)


def _stirs(app: App[Any]) -> bool:
    """Return whether something on the screen has anything to do, or is doing it."""
    if app.screen._callbacks:
        return True
    nodes = (app, *app.screen.walk_children(with_self=True))
    return any(_has_work(node) or (isinstance(node, DocumentsPane) and node._following is not None) for node in nodes)


def _has_work(node: MessagePump) -> bool:
    """Return whether something has a message or a callback before it, or has not come back for the next one."""
    queue: Queue[Message | None] = node._message_queue
    waiting = any(not waiter.done() for waiter in queue.ready_event._waiters)
    return bool(node._next_callbacks) or not queue.empty() or not (waiting or node._closed)


def _is_busy(app: App[Any]) -> bool:
    """Return whether something is at work that no message tells of yet."""
    at_work = any(not worker.is_finished and worker.name != HELD for worker in app.workers)
    kept = isinstance(app, Console) and bool(app._held)
    resizing = app._resize_timer is not None  # it waits for a moment: another size may follow
    return at_work or kept or resizing


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one right after the other, as a paste or a fast typist would, and wait for what comes of them."""
    for key in keys:
        pilot.app.post_message(key_event(key))
    await settle(pilot)


def key_event(key: str) -> events.Key:
    """Return what the terminal sends for a key."""
    name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
    try:
        char = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
    except KeyError:
        return events.Key(name, key if len(key) == 1 else None)
    return events.Key(name, char)


async def take(pilot: Pilot[Any], step: Step) -> None:
    """Carry out one step and wait for what comes of it."""
    if isinstance(step, str):
        await press(pilot, step)
    else:
        await step(pilot)
        await settle(pilot)


async def play(pilot: Pilot[Any], steps: Sequence[Step]) -> None:
    """Carry out the steps, waiting after each until its consequences are on the screen."""
    await settle(pilot)
    for step in steps:
        await take(pilot, step)
    await pilot.pause()


def typed(text: str) -> tuple[str, ...]:
    """Return the keys that type ``text``."""
    names = {" ": "space", "_": "underscore", "-": "minus", "/": "slash", ".": "full_stop", "$": "dollar_sign"}
    return tuple(names.get(char, char) for char in text)


def text(words: str) -> Step:
    """Return the step that pastes ``words`` into what has the focus, which is typing in a moment."""

    async def step(pilot: Pilot[Any]) -> None:
        pilot.app.post_message(events.Paste(words))

    return step


def choose(start_of_label: str) -> Step:
    """Return the step that opens the focused drop-down and takes the option that begins like this."""

    async def step(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        await press(pilot, *start_of_label)
        await press(pilot, "enter")

    return step


async def some_commands(pilot: Pilot[Any]) -> None:
    """Send commands to the shop that end in different ways, one after the other."""
    app = pilot.app
    assert isinstance(app, Console)
    client = await app.workspace.client(await shop(app.workspace))
    articles = client.collection(DEFAULT_KEYSPACE, "articles")
    await articles.find(filter={"price": {"$lt": 100}})
    await articles.insert_many([{"_id": "a5", "title": "Wool blanket"}, {"_id": "a4", "title": "Kettle"}])
    await articles.count()
    with suppress(DataApiError):
        await client.collection(DEFAULT_KEYSPACE, "notes").find()
    await articles.find(sort={"$vectorize": "a seat for the garden"}, limit=3)


async def loaded(pilot: Pilot[Any]) -> None:
    """Wait for the end of the load."""
    assert isinstance(pilot.app, Console)
    job = pilot.app.load_job
    assert job is not None
    async with asyncio.timeout(LONGEST_WAIT):
        await job.wait()


async def submit_without_end(pilot: Pilot[Any]) -> None:
    """Submit the dialog, and keep what it asks for from ever being done."""
    dialog = pilot.app.screen
    assert isinstance(dialog, Dialog)

    async def never(_draft: object) -> None:
        _hold_workers(pilot)
        await asyncio.Event().wait()

    dialog.perform = never
    await press(pilot, "ctrl+s")


async def search_without_end(pilot: Pilot[Any]) -> None:
    """Search, and keep the answer from ever coming."""
    page = pilot.app.screen
    assert isinstance(page, SearchPage)
    assert page.client is not None

    async def never(_planned: object) -> None:
        _hold_workers(pilot)
        await asyncio.Event().wait()

    page.client.run = never  # type: ignore[method-assign,assignment]
    await press(pilot, "enter")


async def reranked_search(pilot: Pilot[Any]) -> None:
    """Search, and let a reranking model have scored what was found: it prefers the documents found last."""
    page = pilot.app.screen
    assert isinstance(page, SearchPage)
    assert page.client is not None
    run = page.client.run

    async def scored(planned: PlannedCommand) -> Response:
        answer = await run(planned)
        data, status = dict(answer.data or {}), dict(answer.status)
        scores = [one["scores"] for one in reversed(status["documentResponses"])]
        places = range(len(scores), 0, -1)
        data["documents"] = data["documents"][::-1]
        status["documentResponses"] = [
            {"scores": {**one, "$rerank": place / 7}} for one, place in zip(scores, places, strict=True)
        ]
        del status["warnings"]
        return Response(data, status)

    page.client.run = scored  # type: ignore[method-assign]
    await press(pilot, "enter")


def _hold_workers(pilot: Pilot[Any]) -> None:
    for worker in pilot.app.workers:
        if not worker.is_finished:
            worker.name = HELD


def failing_with(error: AstrolabeError) -> Step:
    """Return the step that submits the dialog and lets it fail with ``error``."""

    async def step(pilot: Pilot[Any]) -> None:
        dialog = pilot.app.screen
        assert isinstance(dialog, Dialog)

        async def fail(_draft: object) -> None:
            raise error

        dialog.perform = fail
        await press(pilot, "ctrl+s")

    return step


def reporting(error: BaseException) -> Step:
    """Return the step that lets background work fail with ``error``."""

    async def step(pilot: Pilot[Any]) -> None:
        assert isinstance(pilot.app, Console)
        pilot.app.report(error)

    return step


class _StillServer:
    """Looks like a running server with the usual address, whatever listens there on this machine."""

    running = True
    address = "http://127.0.0.1:8181"
    traffic = Traffic(1204, 3, "UNAUTHENTICATED_REQUEST: The token that was given is not one of this server's.")

    async def stop(self) -> None:
        """Do nothing."""


async def serving(pilot: Pilot[Any]) -> None:
    """Show the console as it is while its server runs."""
    app = pilot.app
    assert isinstance(app, Console)
    # A real one would show another port in every picture, or find the usual one taken.
    app.server._server = _StillServer()  # type: ignore[assignment]
    app.server.since = app.environment.now()
    app._show_server()
    await press(pilot, "f5")
