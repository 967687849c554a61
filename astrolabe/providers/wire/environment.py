"""The way to a foreign server, as the environment lays it: through which proxy, and which certificates are trusted.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are read, in small letters too, ``SSL_CERT_FILE`` and
``SSL_CERT_DIR``. This machine is always spoken to directly: over plain http a proxy would get the key in the open, and
what is loopback to a proxy is another machine.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from astrolabe.providers.catalogue.address import is_loopback

_SPOKEN = frozenset({"http", "https"})
_PORTS = {"http": 80, "https": 443}


class EnvironmentProblem(Exception):  # noqa: N818 - the kinds below say what is wrong
    """A variable of the environment holds what cannot be used; ``str()`` names it, in a part of a sentence."""


class ProxyProblem(EnvironmentProblem):
    """It is no proxy that can be spoken to."""


class CertificatesProblem(EnvironmentProblem):
    """It names no certificates."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; its address may hold a password, so only :attr:`label` is shown.

    Attributes:
        url: Its address, with what is needed to log in.
        label: Host, port and the variable that names it.
    """

    url: str = field(repr=False)
    label: str

    @property
    def secure(self) -> bool:
        """Whether the proxy itself is spoken to over TLS."""
        return self.url.lower().startswith("https:")


class Proxies:
    """The proxies of the environment.

    Args:
        found: Addresses by scheme, ``all`` and ``no`` (hosts that are spoken to directly); of this process by default.
    """

    def __init__(self, found: Mapping[str, str] | None = None) -> None:
        self._found = getproxies() if found is None else found

    def of(self, url: str) -> Proxy | None:
        """Return the proxy that a request to an address goes through, or None.

        Raises:
            ProxyProblem: It is one that cannot be used.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if is_loopback(host) or self._direct(host, parts.port or _PORTS.get(parts.scheme)):
            return None
        scheme = next((name for name in (parts.scheme, "all") if self._found.get(name)), None)
        return _proxy(self._found[scheme], _variable(scheme)) if scheme is not None else None

    def _direct(self, host: str, port: int | None) -> bool:
        exceptions = re.split(r"[\s,]+", self._found.get("no", "").strip())
        return any(_covers(exception.lower(), host.lower(), port) for exception in exceptions if exception)


def _covers(exception: str, host: str, port: int | None) -> bool:
    """Return whether an entry of ``NO_PROXY`` covers a host: ``*``, a domain, an address, a network; or with a port."""
    exception = exception.rpartition("://")[2]
    if exception == "*":
        return True
    name, colon, digits = exception.rpartition(":")
    if colon and digits.isdigit() and (":" not in name or name.endswith("]")):
        if int(digits) != port:
            return False
        exception = name
    exception = exception.strip("[]")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exception, strict=False)
    except ValueError:
        domain = exception.removeprefix("*").removeprefix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _proxy(address: str, variable: str) -> Proxy:
    address = address.strip()
    address = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ProxyProblem(f"{variable} does not hold the address of a proxy") from None
    if parts.scheme.lower().startswith("socks"):
        raise ProxyProblem(f"{variable} names a SOCKS proxy, and only HTTP proxies are spoken to")
    if parts.scheme.lower() not in _SPOKEN or not host or not host.isprintable() or " " in host:
        raise ProxyProblem(f"{variable} does not hold the address of a proxy")
    return Proxy(address, f"{host}:{port or _PORTS[parts.scheme.lower()]} ({variable})")


def _variable(scheme: str) -> str:
    """Return the name of the variable that a proxy came from; in small letters it goes first."""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    return next((name for name in names if os.environ.get(name)), "the system's proxy settings")


def authorities() -> Path | None:
    """Return the file or folder of certificates that the environment names, or None; it has some that can be read.

    Raises:
        CertificatesProblem: It has not.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file:
        if folder and not Path(folder).is_dir():
            raise CertificatesProblem(f"SSL_CERT_DIR names {folder}, and there is no such folder")
        return Path(folder) if folder else None
    try:
        if not Path(file).is_file():  # a pipe would be waited for
            raise CertificatesProblem(f"SSL_CERT_FILE names {file}, and there is no such file")
        ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise CertificatesProblem(f"SSL_CERT_FILE names {file}, which holds no certificates") from error
    except OSError as error:
        raise CertificatesProblem(f"SSL_CERT_FILE names {file}, which cannot be read: {error.strerror}") from error
    return Path(file)


def trusted() -> ssl.SSLContext:
    """Return what certificates are checked with: those that the environment names, else the usual authorities.

    Raises:
        CertificatesProblem: It names a file or folder without any.
    """
    named = authorities()
    if named is not None:
        is_file = named.is_file()
        return ssl.create_default_context(cafile=named if is_file else None, capath=None if is_file else named)
    from httpx import create_ssl_context  # noqa: PLC0415 - only who sends a request needs the library

    return create_ssl_context(trust_env=False)
