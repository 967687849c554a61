"""A loopback server that answers about AI connection strings as RavenDB does, and records what it is asked.

``GET`` and ``PUT /databases/<name>/admin/connection-strings``; every other database is missing.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "7.2.1"


@dataclass
class Raven:
    """What the server holds and saw.

    Attributes:
        url: Its address.
        database: The one database it has.
        strings: AI connection strings by name, as JSON.
        requests: Method, path and parsed body of each request, and the subject of the client's certificate.
        headers: Of each request, names in lower case.
        extra: Further headers of every answer.
        failure: Status and body that every request gets instead.
    """

    database: str = "Orders"
    url: str = ""
    strings: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    certificates: list[object] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    failure: tuple[int, bytes, dict[str, str]] | None = None


class _QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that have seen enough."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Let it pass; the client's side is what a test looks at."""


@contextmanager
def raven_server(raven: Raven, tls: ssl.SSLContext | None = None) -> Iterator[Raven]:
    """Run the server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (
                {"Raven-Server-Version": VERSION, "Content-Type": "application/json"} | raven.extra | headers
            ).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle_request(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body: Any = json.loads(self.rfile.read(length)) if length else None
            raven.requests.append((self.command, self.path, body))
            raven.headers.append({name.lower(): value for name, value in self.headers.items()})
            if isinstance(self.connection, ssl.SSLSocket):
                raven.certificates.append(self.connection.getpeercert())
            if raven.failure is not None:
                self.answer(*raven.failure)
            elif not self.path.startswith(f"/databases/{raven.database}/admin/connection-strings"):
                self.answer(404, b"", {"Database-Missing": "x"})
            elif self.command == "GET":
                self.answer(
                    200, json.dumps({"AiConnectionStrings": raven.strings, "SqlConnectionStrings": {}}).encode(), {}
                )
            else:
                raven.strings[body["Name"]] = body
                self.answer(200, b'{"RaftCommandIndex": 7}', {})

        do_GET = do_PUT = do_POST = handle_request  # noqa: N815 - the library's names

    server = _QuietServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    raven.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield raven
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
