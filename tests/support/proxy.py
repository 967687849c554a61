"""A proxy on the loopback that records what it is shown, and leads every tunnel to one place.

async with ProxyServer(target="127.0.0.1:8443") as proxy:
    ...
assert proxy.heads[0].startswith("CONNECT provider.test:443")
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class ProxyServer:
    """The proxy; see the module.

    Attributes:
        url: ``http://127.0.0.1:port``, once started.
        heads: The first line and headers of each request.
        status: What it answers; 200 opens the tunnel.
    """

    def __init__(self, target: str = "", *, status: int = 200) -> None:
        self.url = ""
        self.heads: list[str] = []
        self.status = status
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if self.status == 200 and self.heads[-1].startswith("CONNECT "):
                await self._tunnel(reader, writer)
            else:
                writer.write(f"HTTP/1.1 {self.status} Words\r\ncontent-length: 3\r\n\r\nno.".encode())
                await writer.drain()
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()
        self._tasks.discard(task)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._target.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            back.close()
            with suppress(ConnectionError):
                await back.wait_closed()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        target.write(chunk)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()
