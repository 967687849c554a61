"""A proxy before a server that changes some of its answers on the way, as a server that differs would give them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx

from tests.support.waiting import LONGEST_WAIT

Change = Callable[[Any], int | None]
"""Changes an answer in place; a number that it returns is the status in the place of the server's own."""


@contextmanager
def planted(address: str, changes: Mapping[str, Change], seen: list[Mapping[str, str]]) -> Iterator[str]:
    """Lend the address of a proxy to ``address``.

    Args:
        address: Of the server, without a path.
        changes: By command, what is done to its answer.
        seen: Takes the headers of each request.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append(headers)
            passed = {str(name): headers[name] for name in ("token", "content-type") if name in headers}
            answer = httpx.post(address + self.path, content=body, headers=passed, timeout=LONGEST_WAIT)
            status, content = answer.status_code, answer.json()
            change = changes.get(next(iter(json.loads(body)), ""))
            status = (change and change(content)) or status
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
