"""The files and connections that this process may have open at once, and what databases get of them."""

from __future__ import annotations

import contextlib
import sys

if sys.platform != "win32":
    import resource

_ENOUGH = 8192
"""Descriptors that the soft limit is raised to, where the hard one allows."""

_SHARE = 3
"""Databases get one descriptor in so many; connections of the server get half, and the rest is for everything else."""

_PER_STORE = 17
"""Descriptors that an open store has at most: two for each of its eight connections, and one for the log's index."""

_FEWEST, _MOST = 2, 64


def raise_descriptor_limit() -> None:
    """Raise this process's soft limit of descriptors; many shells begin with far fewer than are allowed."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # some systems have a limit below the hard one that is told
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_open_stores() -> int:
    """Return how many databases may be open at once; the others are closed, and opened again when they are used."""
    if sys.platform == "win32":
        return _MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, soft // _SHARE // _PER_STORE))
