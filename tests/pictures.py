"""Draw the pictures that the README and the guides show, from the states that the snapshots compare.

    python -m tests.pictures            writes screenshots/*.svg (make screenshots)

Which pictures there are is decided by the texts: a text names ``screenshots/STATE.svg``.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path

from tests.support.console import Templates, hold_cursors_still
from tests.support.drawing import Size, draw
from tests.support.states import FILES, STATES

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "screenshots"
USUAL: Size = (80, 24)
LARGE: Size = (120, 40)
LARGE_ONES = frozenset({"explorer"})
"""Pictures that show what a larger terminal gives."""


def named_pictures() -> list[str]:
    """Return the names of the pictures that the texts show, in alphabetical order."""
    texts = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {name for text in texts for name in re.findall(r"screenshots/([a-z0-9-]+)\.svg", text.read_text("utf-8"))}
    return sorted(found)


def same_everywhere() -> None:
    """Take out of the environment what would make a picture depend on the machine."""
    for name in list(os.environ):
        if name.startswith(("TEXTUAL", "ASTROLABE_")) or name in {"NO_COLOR", "SSH_CONNECTION"}:
            del os.environ[name]
    os.environ["TZ"] = "UTC"
    time.tzset()
    hold_cursors_still(setattr)


def picture(name: str, folder: Path, templates: Templates) -> str:
    """Return the picture of a state as SVG."""
    state = next(state for state in STATES if state.name == name)
    size = LARGE if name in LARGE_ONES else USUAL
    return draw(state, folder, templates, [size])[size]


def main() -> int:
    """Draw all pictures and remove those that no text shows any more."""
    same_everywhere()
    names = named_pictures()
    with tempfile.TemporaryDirectory() as scratch:
        templates = Templates(Path(scratch) / "templates")
        os.environ["HOME"] = scratch
        os.chdir(FILES)
        for name in names:
            drawn = picture(name, Path(scratch) / name, templates)
            (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")
            sys.stdout.write(f"screenshots/{name}.svg\n")
    for path in PICTURES.glob("*.svg"):
        if path.stem not in names:
            path.unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
