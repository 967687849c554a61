"""Addresses in the settings."""

from __future__ import annotations

from urllib.parse import urlsplit


def whole_address(url: str | None) -> str | None:
    """Return an address that has all its parts; None for none.

    Raises:
        ValueError: It has not, or has a user name or password in it.
    """
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("it must be a whole address, such as https://host/path")
    if parts.username or parts.password:
        raise ValueError("an address with a user name or password in it is not accepted")
    return url
