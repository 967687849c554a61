"""From an address template and a collection's parameters to an address that is safe to send a key to."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_HOST_PART = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NUMERIC = re.compile(r"[0-9a-fxA-FX.]+")
MODEL_PARAMETER = "modelId"
"""The template parameter that stands for the model's name."""


class AddressError(Exception):
    """An address cannot be built or must not be called.

    Attributes:
        message: What is wrong, in a sentence.
        hint: What to do about it.
        parameter: The collection parameter at fault, or None when the address itself is.
    """

    def __init__(self, message: str, *, hint: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.parameter = parameter


def fill(template: str, model: str, parameters: Mapping[str, Any]) -> str:
    """Return the address with every ``{parameter}`` replaced.

    A value in the host part has to be one label of a host name, so that a parameter cannot lead the key to another
    host; elsewhere it is escaped (the model's name keeps its slashes).

    Raises:
        AddressError: A parameter is missing, or its value cannot stand where the template puts it.
    """
    host_end = _end_of_host(template)
    values = {**parameters, MODEL_PARAMETER: model}

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        value = values.get(name)
        if value is None:
            raise AddressError(
                f"The provider's address needs the parameter '{name}', which the collection does not have.",
                hint="Create the collection with that parameter, or correct the address in the settings.",
                parameter=name,
            )
        return _host_label(name, str(value)) if match.start() < host_end else _path_part(name, str(value))

    return _PLACEHOLDER.sub(value_of, template)


def check(url: str, *, allow_plain_http: bool) -> None:
    """Refuse an address that is no web address, or would show the key to the network.

    Raises:
        AddressError: Not http(s), no host, or ``http://`` to another machine without leave.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise AddressError("The provider's address is not a web address.", hint=_ADDRESS_HINT) from error
    if parts.scheme not in {"http", "https"} or not host:
        raise AddressError("The provider's address is not a web address.", hint=_ADDRESS_HINT)
    if host in _RETIRED:
        raise AddressError(f"Hugging Face has retired the address {host}.", hint=_RETIRED[host])
    if parts.scheme == "http" and not allow_plain_http and not is_loopback(host):
        raise AddressError(
            f"The provider's address at {host_of(url)} is not encrypted, so texts and key would travel in the open.",
            hint="Use https://. Plain http:// is allowed to this machine, and elsewhere only if a setting allows it.",
        )


def is_loopback(host: str) -> bool:
    """Return whether ``host`` (name or address, without brackets or port) is this machine, however it is spelled."""
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _is_loopback_number(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_loopback_number(host: str) -> bool:
    """Read the spellings of IPv4 that only the system's own functions know, such as ``127.1`` and ``0x7f000001``."""
    if not _NUMERIC.fullmatch(host):
        return False
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)).is_loopback
    except OSError:
        return False


def host_of(url: str) -> str:
    """Return the host of an address, and its port if it names one, for messages.

    No user name, path or query, which may hold secrets.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if host is None:
        return url
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port is None else f"{shown}:{parts.port}"


_RETIRED = {
    "api-inference.huggingface.co": (
        "Remove it from the settings, or use "
        "https://router.huggingface.co/hf-inference/models/{modelId}/pipeline/feature-extraction instead."
    )
}
_ADDRESS_HINT = "Correct it in the settings: it has to start with https:// (or http:// for this machine)."


def _end_of_host(template: str) -> int:
    start = template.find("://") + 3
    ends = [position for mark in "/?#" if (position := template.find(mark, start)) >= 0]
    return min(ends, default=len(template))


def _host_label(name: str, value: str) -> str:
    if not _HOST_PART.fullmatch(value):
        raise AddressError(
            f"The parameter '{name}' is part of the provider's host name, and '{value[:80]}' cannot be.",
            hint="Use the part of the endpoint's address between two dots: letters, digits and hyphens.",
            parameter=name,
        )
    return value


def _path_part(name: str, value: str) -> str:
    if not value or any(step in {".", ".."} for step in value.split("/")):
        raise AddressError(
            f"The parameter '{name}' is part of the provider's address, and '{value[:80]}' cannot be.",
            hint="Correct the parameter; it is fixed when the collection is created.",
            parameter=name,
        )
    return quote(value, safe="/" if name == MODEL_PARAMETER else "")
