"""The listening socket: it accepts no more connections than the process can have open beside its files.

A process that has run out of descriptors can neither answer nor open a database. asyncio stops accepting for a second
then, and says nothing to whoever waits. Here a connection too many is accepted, told so, and closed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from dataclasses import dataclass
from typing import Any

from astrolabe.errors import AstrolabeError, Owner
from astrolabe.serving.replies import turned_away

BACKLOG = 1024
"""Connections that wait in the system until they are accepted."""

_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}


class ServerError(AstrolabeError):
    """The server cannot be started."""

    default_owner = Owner.MACHINE

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The server cannot be started"


@dataclass(slots=True)
class Places:
    """Room for connections, which several listening sockets may share.

    Attributes:
        most: Connections that may be open at once; further ones are answered with 503 and closed.
        opened: Those that are open.
    """

    most: int
    opened: int = 0


class BoundedListener(socket.socket):
    """A listening socket.

    Attributes:
        places: Room for its connections.
    """

    def __init__(self, family: int, kind: int, protocol: int, *, places: Places) -> None:
        super().__init__(family, kind, protocol)
        self.places = places
        self._spare = _spare_descriptor()

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; one too many is turned away, and it is as if there had been none.

        Raises:
            BlockingIOError: There is none to be had.
        """
        try:
            connection, address = super().accept()
        except OSError as error:
            if error.errno in _OUT_OF_DESCRIPTORS:
                self._turn_away_without_descriptors()
                raise BlockingIOError from error
            raise
        if self.places.opened >= self.places.most:
            _turn_away(connection)
            raise BlockingIOError
        return _Accepted(self.places, connection), address

    def close(self) -> None:
        """Close it; connections that were accepted stay open."""
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
        super().close()

    def _turn_away_without_descriptors(self) -> None:
        """Give up the descriptor that was kept for this, so that the one who waits can be told."""
        if self._spare is None:
            return
        os.close(self._spare)
        with contextlib.suppress(OSError):
            _turn_away(super().accept()[0])
        self._spare = _spare_descriptor()


class _Accepted(socket.socket):
    """An accepted connection, which is counted until it is closed."""

    def __init__(self, places: Places, connection: socket.socket) -> None:
        super().__init__(connection.family, connection.type, connection.proto, fileno=connection.detach())
        self._places: Places | None = places
        places.opened += 1

    def close(self) -> None:
        """Close it."""
        if self._places is not None:
            self._places.opened -= 1
            self._places = None
        super().close()


def listen(host: str, port: int, places: Places) -> BoundedListener:
    """Return a socket that is bound to a host and port, 0 for a free one.

    Raises:
        ServerError: The address is taken or not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = BoundedListener(family, kind, protocol, places=places)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.setblocking(False)  # noqa: FBT003 - the signature is the library's
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> ServerError:
    hint = "Another program may be there already. Port 0 takes a free one."
    if error.errno in {errno.EACCES, errno.EPERM}:
        hint = "Ports below 1024 are for administrators on most systems; another port needs no such right."
    return ServerError(
        f"Nothing can listen on {host} port {port}: {error.strerror or 'the name is not known'}.", hint=hint
    )


def _turn_away(connection: socket.socket) -> None:
    """Answer without having read the request; what has come of it is taken, so that the answer is not lost."""
    with connection, contextlib.suppress(OSError):
        connection.setblocking(False)  # noqa: FBT003 - the signature is the library's
        connection.send(turned_away())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1 << 16)


def _spare_descriptor() -> int | None:
    try:
        return os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return None
