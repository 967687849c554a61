"""What a data folder holds, looked at before anything in it is opened."""

from __future__ import annotations

from pathlib import Path

_BELONGS_TO_A_CATALOG = ("databases", "secrets.key", "loads.db")


def if_catalog_vanished(folder: Path) -> str | None:
    """Return what to do when a folder has no catalog although it holds what belongs to one; None where it does not.

    Whoever makes any of that makes the catalog first: looked at in this order, another program's start is no loss.
    """
    left = [name for name in _BELONGS_TO_A_CATALOG if (folder / name).exists()]
    if not left:
        return None
    return (
        f"Put it back from a backup. To begin anew, move {', '.join(left)} out of {folder} too, "
        "or set ASTROLABE_DATA_DIR to another folder."
    )
