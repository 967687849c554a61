"""A RavenDB server, asked for its AI connection strings and given ours, through RavenDB's own Python client.

The client is an optional extra and blocks, so it is imported when it is needed and runs in a thread. What it lacks is
added in :mod:`raven_transport`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pydantic import SecretStr

from astrolabe.errors import AstrolabeError, Owner, UsageError
from astrolabe.portal.connection_strings.raven_transport import NoAnswerError, prepare, single_adapter
from astrolabe.providers.catalogue.address import AddressError, check, host_of
from astrolabe.providers.wire.environment import EnvironmentProblem, Proxies, authorities
from astrolabe.providers.wire.foreign_json import read_json
from astrolabe.providers.wire.redaction import without_key

if TYPE_CHECKING:
    from ravendb import DocumentStore

INSTALL_LINE = "pip install 'astrolabe-tui[ravendb]'"
"""What brings RavenDB's client."""

_LONGEST_WORDS = 400
_PFX = frozenset({".pfx", ".p12"})
_ResultT = TypeVar("_ResultT")


@dataclass(frozen=True, slots=True)
class RavenPlace:
    """A database of a RavenDB server.

    Attributes:
        url: Address of the server.
        database: Name of the database there.
        certificate: Client certificate with its key, for a secured server: a PEM file, or a PFX file without password.
        authority: Certificate of the authority that signed the server's own, where that is a private one (PEM).
    """

    url: str
    database: str
    certificate: Path | None = None
    authority: Path | None = None


def why_unavailable() -> str:
    """Return why a RavenDB server cannot be asked, and how to change that; empty when it can."""
    if importlib.util.find_spec("ravendb") is None:
        return f"RavenDB's Python client is not installed. Run: {INSTALL_LINE}"
    return ""


class RavenServer:
    """Reads and writes the AI connection strings of one database.

    Args:
        place: Which database.
        allow_plain_http: Whether a server on another machine may be spoken to without TLS.

    Raises:
        AstrolabeError: The client is not installed.
        UsageError: The address or the certificate cannot be used.
    """

    def __init__(self, place: RavenPlace, *, allow_plain_http: bool = False) -> None:
        reason = why_unavailable()
        if reason:
            raise AstrolabeError(
                f"A RavenDB server cannot be asked: {reason.partition(' Run:')[0]}",
                hint=f"Run: {INSTALL_LINE}. Export and import as files work without it.",
                owner=Owner.MACHINE,
            )
        _check_place(place, allow_plain_http=allow_plain_http)
        self._place = place

    async def strings(self) -> dict[str, Mapping[str, Any]]:
        """Return the AI connection strings of the database in their JSON form, secrets included, by name.

        Raises:
            AstrolabeError: The server refused, failed, or could not be reached.
        """
        return await self._run(_get, ())

    async def put(self, document: Mapping[str, Any], secret: SecretStr | None) -> None:
        """Save one AI connection string in the database, in place of one of the same name.

        Args:
            document: Its JSON form.
            secret: The secret in it, which no error may repeat.

        Raises:
            AstrolabeError: The server refused, failed, or could not be reached.
        """

        def put(store: DocumentStore) -> None:
            _put(store, document)

        await self._run(put, (secret,) if secret is not None else ())

    async def _run(self, work: Callable[[DocumentStore], _ResultT], secrets: tuple[SecretStr, ...]) -> _ResultT:
        return await asyncio.to_thread(self._within_store, work, secrets)

    def _within_store(self, work: Callable[[DocumentStore], _ResultT], secrets: tuple[SecretStr, ...]) -> _ResultT:
        # RavenDB's client raises errors of its own, of the HTTP library below it, and what follows from odd answers.
        from ravendb.exceptions import exceptions  # noqa: PLC0415

        self._check_environment()
        usual = (RuntimeError, ValueError, KeyError, TypeError, AttributeError, OSError)
        known: tuple[type[Exception], ...] = (NoAnswerError, *_classes(exceptions), *usual)
        try:
            with _store(self._place) as store:
                return work(store)
        except known as error:
            failed = self._failed(error, secrets)
        # Raised here, so that the client's own error, which holds the whole request, is not even its context.
        raise failed

    def _check_environment(self) -> None:
        try:
            Proxies().of(self._place.url)
            authorities()
        except EnvironmentProblem as problem:
            raise AstrolabeError(
                f"RavenDB at {host_of(self._place.url)} cannot be asked: {problem}.",
                hint="Correct that variable of the environment or unset it.",
                owner=Owner.MACHINE,
            ) from problem

    def _failed(self, error: Exception, secrets: tuple[SecretStr, ...]) -> AstrolabeError:
        words = " ".join(str(error).split())
        for secret in secrets:
            words = without_key(words, secret)
        words = words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"
        kind = error.kind if isinstance(error, NoAnswerError) else type(error).__name__
        return AstrolabeError(
            f"RavenDB at {host_of(self._place.url)}, database {self._place.database}: {kind}: {words or 'no details'}",
            hint=_HINTS.get(kind, "Check the address, the database's name and, for a secured server, the certificate."),
            owner=Owner.NETWORK if isinstance(error, NoAnswerError) else Owner.REQUEST,
        )


def _classes(module: ModuleType) -> tuple[type[Exception], ...]:
    """Return the errors that a module defines; the client's have no root of their own."""
    return tuple(one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Exception))


_HINTS = {
    "AuthorizationException": "The server wants a client certificate that may administrate this database.",
    "SSLError": "The certificate of one side is not accepted by the other; name the private authority if there is one.",
    "ProxyError": "HTTPS_PROXY or ALL_PROXY names the proxy (407: with NAME:PASSWORD@), NO_PROXY leaves hosts out.",
    "DatabaseDoesNotExistException": "Check the database's name; capital letters do not count, hyphens do.",
}


def _check_place(place: RavenPlace, *, allow_plain_http: bool) -> None:
    try:
        check(place.url, allow_plain_http=allow_plain_http)
    except AddressError as error:
        words = error.message.replace("The provider's address", "The RavenDB server's address")
        raise UsageError(words, hint="Use https://, or http:// for this machine.") from error
    if not place.database.strip() or not place.database.isprintable() or "/" in place.database:
        raise UsageError("That is no name of a RavenDB database.", hint="Give the name as RavenDB's Studio shows it.")
    for path in (place.certificate, place.authority):
        if path is not None and not path.is_file():
            raise UsageError(f"There is no certificate file {path}.", hint="Check the path.")


@contextmanager
def _store(place: RavenPlace) -> Iterator[DocumentStore]:
    from ravendb import DocumentStore  # noqa: PLC0415

    with _pem(place.certificate) as certificate:
        store = DocumentStore(place.url, place.database)
        # One server was named, and only that one is given what may be secret.
        store.conventions.disable_topology_updates = True
        if certificate is not None:
            store.certificate_pem_path = str(certificate)
        authority = place.authority or authorities()
        if authority is not None:
            store.trust_store_path = str(authority)
        try:
            store.initialize()
            with closing(single_adapter()) as adapter:
                prepare(store.get_request_executor().http_session, adapter, Proxies().of(place.url))
                yield store
        finally:
            store.close()


@contextmanager
def _pem(certificate: Path | None) -> Iterator[Path | None]:
    """Lend a certificate as the PEM file that the client wants; one made from a PFX file is removed afterwards."""
    if certificate is None or certificate.suffix.lower() not in _PFX:
        yield certificate
        return
    content = _pem_of(certificate)
    if content is None:
        raise AstrolabeError(
            f"The certificate {certificate} cannot be read: it is no PFX file, or it has a password.",
            hint="Make a PEM file of it: openssl pkcs12 -in FILE.pfx -out FILE.pem -nodes",
            owner=Owner.REQUEST,
        )
    with tempfile.TemporaryDirectory(prefix="astrolabe-raven-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_bytes(content)
        yield path


def _pem_of(certificate: Path) -> bytes | None:
    """Return key and certificates of a PFX file as PEM, or None."""
    try:
        key, leaf, others = pkcs12.load_key_and_certificates(certificate.read_bytes(), None)
    except (ValueError, OSError):
        return None
    if key is None or leaf is None:
        return None
    parts = [leaf.public_bytes(Encoding.PEM), *(one.public_bytes(Encoding.PEM) for one in others)]
    return b"".join([*parts, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())])


def _get(store: DocumentStore) -> dict[str, Mapping[str, Any]]:
    """Return the strings as the server wrote them: the client's own classes refuse some that a server may hold."""
    from ravendb.documents.operations.connection_string.get_connection_string_operation import (  # noqa: PLC0415
        GetConnectionStringsOperation,
    )

    class Command(GetConnectionStringsOperation.GetConnectionStringsCommand):  # type: ignore[misc]
        """Keeps the answer as it is."""

        def set_response(self, response: str | None, from_cache: bool) -> None:  # noqa: ARG002, FBT001
            """Take the answer; a missing one means that there is no such database."""
            if response is None:
                raise ValueError("The server knows no such database.")
            self.result = read_json(response.encode())

    class Operation(GetConnectionStringsOperation):  # type: ignore[misc]
        """Asks for all connection strings."""

        def get_command(self, conventions: object) -> Command:  # noqa: ARG002
            """Return the command."""
            return Command()

    answer = store.maintenance.send(Operation())
    found = answer.get("AiConnectionStrings") if isinstance(answer, dict) else None
    return {str(name): entry for name, entry in (found or {}).items() if isinstance(entry, dict)}


def _put(store: DocumentStore, document: Mapping[str, Any]) -> None:
    from ravendb.documents.operations.ai.ai_connection_string import AiConnectionString  # noqa: PLC0415
    from ravendb.documents.operations.connection_string.put_connection_string_operation import (  # noqa: PLC0415
        PutConnectionStringOperation,
    )

    store.maintenance.send(PutConnectionStringOperation(AiConnectionString.from_json(dict(document))))
