"""What is relied on of libraries beyond their documented part: a release without it fails here, not with a user."""

from __future__ import annotations

import inspect
import re
import sqlite3
from typing import Any

import aiosqlite
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


async def test_aiosqlite_runs_any_function_on_the_thread_of_its_connection() -> None:
    async with aiosqlite.connect(":memory:") as connection:
        assert list(inspect.signature(connection._execute).parameters) == ["fn", "args", "kwargs"]
        assert isinstance(connection._conn, sqlite3.Connection)
        execute: Any = connection._execute
        assert await execute(lambda number: number + 1, 1) == 2


def test_uvicorn_has_the_parts_that_the_server_replaces() -> None:
    made = inspect.signature(H11Protocol.__init__).parameters
    assert list(made) == ["self", "config", "server_state", "app_state", "_loop"]
    for name in ("connection_made", "connection_lost", "data_received", "pause_writing", "resume_writing"):
        assert callable(getattr(H11Protocol, name)), name
    attributes = set(re.findall(r"self\.(\w+)", inspect.getsource(H11Protocol)))
    assert {"conn", "transport", "app", "loop", "flow"} <= attributes
    for name in ("startup", "shutdown", "capture_signals", "main_loop"):
        assert callable(getattr(uvicorn.Server, name)), name
