"""Secrets that are not stored: a credential names an environment variable, a file or a command, read at each use.

What they say is never cached, so a secret changed at its source is in use at once. Messages name the source and never
what came out of it; a command's error output is dropped, because it could hold the secret.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from storage.errors import SecretUnreadableError
from storage.secrets.ownership import Guard, without_waiting

COMMAND_TIME_LIMIT = 15.0
"""Seconds that a command may take to print the secret."""

SIZE_LIMIT = 65_536
"""Bytes that a file or a command's output may have; a secret is far shorter."""


class ReferenceKind(StrEnum):
    """Where a secret is read from."""

    ENVIRONMENT = "environment"
    FILE = "file"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where to read a secret from; holds no secret.

    Attributes:
        kind: Environment variable, file or command.
        target: The variable's name, the file's path (``~`` allowed), or the command line (run without a shell).
    """

    kind: ReferenceKind
    target: str

    @property
    def label(self) -> str:
        """How it is shown: ``$HF_TOKEN``, ``file /run/secrets/hf`` or ``command pass show hf``."""
        if self.kind is ReferenceKind.ENVIRONMENT:
            return f"${self.target}"
        return f"{self.kind.value} {self.target}"


class ReferenceReader:
    """Reads what references point to.

    Args:
        environment: The variables to read; those of the process when None.
        time_limit: Seconds that a command may take.
        guard: Refuses references that somebody else may have written; by default all are followed.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        time_limit: float = COMMAND_TIME_LIMIT,
        guard: Guard | None = None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._time_limit = time_limit
        self._guard = guard

    async def read(self, reference: SecretReference) -> SecretStr:
        """Return the secret, without the white space around it; of a command's output, the first line.

        Raises:
            SecretUnreadableError: The source is missing, empty, too large, not text, or failed; or somebody else may
                have named it.
        """
        if self._guard is not None:
            noun = "environment variable" if reference.kind is ReferenceKind.ENVIRONMENT else reference.kind.value
            await asyncio.to_thread(self._guard, f"{noun} '{reference.target}'")
        match reference.kind:
            case ReferenceKind.ENVIRONMENT:
                return self._variable(reference.target)
            case ReferenceKind.FILE:
                return await asyncio.to_thread(_file, Path(reference.target))
            case ReferenceKind.COMMAND:
                return await self._command(reference.target)

    def _variable(self, name: str) -> SecretStr:
        if name not in self._environment:
            raise SecretUnreadableError(
                f"The environment variable {name} is not set.",
                hint=f"Set {name} before you start the program.",
            )
        return _not_empty(SecretStr(self._environment[name].strip()), f"The environment variable {name}")

    async def _command(self, command: str) -> SecretStr:
        hint = "Run the command in a shell to see what it says."
        try:
            async with asyncio.timeout(self._time_limit):
                code, output = await _run(shlex.split(command))
        except TimeoutError as error:
            raise SecretUnreadableError(
                f"The command '{command}' did not end within {self._time_limit:g} seconds and was stopped.",
                hint="It must print the secret without asking anything. " + hint,
            ) from error
        except (OSError, ValueError) as error:
            raise SecretUnreadableError(f"The command '{command}' cannot be run: {error}.", hint=hint) from error
        if code != 0:
            raise SecretUnreadableError(f"The command '{command}' failed with exit code {code}.", hint=hint)
        what = f"The output of the command '{command}'"
        first_line, _, _ = _text(output, what).get_secret_value().partition("\n")
        return _not_empty(SecretStr(first_line.strip()), what)


async def _run(arguments: list[str]) -> tuple[int, bytes]:
    """Run a command and return its exit code and output; a command that is given up is killed with its children.

    A session of its own keeps it from the terminal: it can neither draw over the screen nor read the keys.
    """
    if not arguments:
        raise ValueError("it is empty")
    transport, output = await asyncio.get_running_loop().subprocess_exec(
        _Output,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await output.complete.wait()
        # A command that prints too much is killed below, and its output refused by the caller.
        return transport.get_returncode() or 0, bytes(output.data)
    finally:
        if transport.get_returncode() is None:
            with suppress(ProcessLookupError):
                os.killpg(transport.get_pid(), signal.SIGKILL)
            await output.exited.wait()
        transport.close()


class _Output(asyncio.SubprocessProtocol):
    """Collects what a command prints, up to a little more than :data:`SIZE_LIMIT`."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.complete = asyncio.Event()
        self.exited = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - the protocol's signature
        """Collect; what comes after too much is dropped."""
        if len(self.data) <= SIZE_LIMIT:
            self.data += data
        if len(self.data) > SIZE_LIMIT:
            self.complete.set()

    def process_exited(self) -> None:
        """Note that there is an exit code."""
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Note that the process has ended and its output is complete."""
        self.complete.set()


def _file(path: Path) -> SecretStr:
    hint = "Check the path and its permissions."
    try:
        with open(path.expanduser(), "rb", opener=without_waiting) as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                raise SecretUnreadableError(f"{path} is not a regular file.", path=path, hint=hint)
            content = source.read(SIZE_LIMIT + 1)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: no home folder; ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SecretUnreadableError(f"The file {path} cannot be read: {reason}.", path=path, hint=hint) from error
    return _not_empty(_text(content, f"The file {path}"), f"The file {path}")


def _text(content: bytes, what: str) -> SecretStr:
    if len(content) > SIZE_LIMIT:
        raise SecretUnreadableError(f"{what} has more than {SIZE_LIMIT} bytes; that is not a secret.")
    text = _decoded(content)
    if text is None:
        raise SecretUnreadableError(f"{what} is not text in UTF-8.")
    return text


def _decoded(content: bytes) -> SecretStr | None:
    """Return the text, or None; the decoder's own error carries the bytes, so it must not leave this function."""
    try:
        return SecretStr(content.decode("utf-8").strip())
    except UnicodeDecodeError:
        return None


def _not_empty(secret: SecretStr, what: str) -> SecretStr:
    if not secret.get_secret_value():
        raise SecretUnreadableError(f"{what} is empty.", hint="Put the secret there.")
    return secret
