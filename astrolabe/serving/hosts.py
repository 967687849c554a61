"""Host names: which of them can only mean this machine."""

from __future__ import annotations

import re
from collections.abc import Collection

from astrolabe.providers.catalogue.address import is_loopback

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:/@\s]+?)\.?)(?::[0-9]*)?")
"""An address in brackets, or a name or address that may end in the root's dot; then perhaps a port."""


def is_ours(header: str, names: Collection[str] = ()) -> bool:
    """Tell whether a Host header names this machine: loopback, ``localhost``, ``NAME.localhost``, or one of the names.

    Nobody else can make these names lead here, as they can with a name of their own.

    Args:
        header: The header's value: a name or an address, perhaps with a port; letter case does not matter.
        names: Others that are ours, in lower case.
    """
    found = _HOST.fullmatch(header.strip().casefold())
    if found is None:
        return False
    name = found[1] or found[2]
    return is_loopback(name) or name.endswith(".localhost") or name in names
