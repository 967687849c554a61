"""What a server's certificate is checked with, and the one that it is shown."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from astrolabe.errors import RuleError
from astrolabe.providers.wire.environment import CertificatesProblem, trusted


def context_of(ca_file: str, client_certificate: str) -> ssl.SSLContext | None:
    """Return the checks of a connection; None for the usual ones. Reads files, so this belongs in a thread.

    Args:
        ca_file: Certificates to trust beside the usual ones; empty for none.
        client_certificate: PEM file with a certificate and its key, to be shown to the server; empty for none.

    Raises:
        RuleError: A file cannot be read, or holds something else.
    """
    if not ca_file and not client_certificate:
        return None
    try:
        context = trusted()
    except CertificatesProblem as error:
        raise RuleError(f"{error}.", hint="Correct the variable or unset it.") from error
    if ca_file:
        _load(
            Path(ca_file), "the certificates of an authority", lambda path: context.load_verify_locations(cafile=path)
        )
    if client_certificate:
        # A key with a password would be asked for on the terminal.
        _load(
            Path(client_certificate),
            "a certificate and its key, without a password",
            lambda path: context.load_cert_chain(path, password=lambda: b""),
        )
    return context


def _load(path: Path, what: str, load: Callable[[str], None]) -> None:
    try:
        load(str(path.expanduser()))
    except ssl.SSLError as error:
        raise RuleError(f"The file {path} does not hold {what}.", hint="It has to be a PEM file.") from error
    except OSError as error:
        raise RuleError(f"The file {path} cannot be read: {error.strerror}.", hint="Check the path.") from error
