"""Strings that somebody else may have put into a database, a file or an answer, and what they must not do."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from pathlib import Path
from typing import Any

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace
from screens.kit.app_base import Console
from storage.documents.store import DatabaseStore
from storage.shapes import NewItem
from tests.support.console import hugging_face, shop
from tests.support.headless import strips

CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4=\x07"
"""OSC 52: sets the user's clipboard, from which it may be pasted into a shell."""

STRINGS: dict[str, str] = {
    "closing tag": "[/foo]",
    "live link": "[@click=app.leave]x[/]",
    "framework's link": "[@click=app.quit]x",
    "hyperlink": "[link='https://example.org']x[/link]",
    "tag": "a[b]c [bold red]d",
    "open tag": "[",
    "colour": "\x1b[31mred\x1b[0m",
    "clipboard": CLIPBOARD,
    "title": "\x1b]0;owned\x07",
    "one-byte escapes": "\x9b31m\x9d52;c;AAAA\x9c",
    "controls": "a\x00b\x07c\x08d\x0be\x0cf\rg\x7fh",
    "lines": "one\ntwo\r\nthree\u2028four\tfive",
    "bidirectional": "\u202eexe.txt\u2066a\u2069\u200f",
    "wide": "漢字かな交じり文の長い名前です" * 3,
    "emoji": "👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 e\u0301\u0301\u0301\u0301",
    "long": "W" * 3000,
    "empty": "",
    "blank": "   ",
    "null": "null",
}
"""Each by what it is."""

SURROGATE = "half \ud800 of a pair"
"""No UTF-8 text: cannot be stored, but can stand in a Python string."""

HUGE = "x" * 10_000_000
"""Ten megabytes."""

NAMES = [text for name, text in STRINGS.items() if name not in {"long", "empty"}]
"""Those that can be told apart as names."""


def nested(depth: int = 50) -> dict[str, Any]:
    """Return an object in an object in an object."""
    value: dict[str, Any] = {"[/end]": CLIPBOARD}
    for level in range(depth):
        value = {f"[level {level}]": value}
    return value


def faults(app: Console) -> list[str]:
    """Return what the screen would do to a terminal, or offer to a mouse, besides showing text."""
    found = []
    for number, strip in enumerate(strips(app)):
        for segment in strip:
            wrong = sorted({char for char in segment.text if _acts(char)})
            if wrong or segment.control:
                found.append(f"line {number}: {wrong!r} {segment.control!r} in {segment.text!r}")
            style = segment.style
            if style is not None and (style.link or "@click" in style.meta):
                found.append(f"line {number}: {segment.text!r} is a link: {style.link} {style.meta}")
    return found


def _acts(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(char) in {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    }


async def beyond_the_rules(workspace: Workspace) -> None:
    """Put documents into a collection of the shop that the Data API would refuse: ten megabytes, 50 levels deep."""
    await hugging_face(workspace)
    database = await shop(workspace)
    client = await workspace.client(database)
    await client.create_collection(DEFAULT_KEYSPACE, "hostile", collection_options())
    documents: list[dict[str, Any]] = [
        {"_id": "huge", "text": HUGE, "list": ["y" * 1000] * 5000},
        {"_id": CLIPBOARD + HUGE, "text": "a huge id"},
        {"_id": "deep", "text": nested(), "nothing": None},
        {"_id": "keys", **{text: text for text in STRINGS.values()}, HUGE: 1},
    ]
    path = workspace.options.data_dir / "databases" / database.id / "contents.db"
    await write_past_the_rules(path, documents)


async def write_past_the_rules(path: Path, bodies: list[dict[str, Any]]) -> None:
    """Write documents into the only collection of a database's file."""
    store = await DatabaseStore.open(path)
    try:
        (container,) = await store.containers()
        items = [NewItem(f"s{number}", json.dumps(body, ensure_ascii=False), {}) for number, body in enumerate(bodies)]
        await store.insert(container, items)
    finally:
        await store.close()


def rename_everything(folder: Path) -> None:
    """Give databases, credentials, keyspaces and collections hostile names, past the portal's rules."""
    with sqlite3.connect(folder / "catalog.db") as catalog:
        databases = catalog.execute("SELECT id, name FROM database ORDER BY name").fetchall()
        for place, (identity, name) in enumerate(databases):
            new = f"{name[:2]}{''.join(NAMES[place::3])}"  # in the same order as before
            catalog.execute("UPDATE database SET name = ?, region = ? WHERE id = ?", (new, CLIPBOARD, identity))
        catalog.execute("UPDATE credential SET name = id || ?, masked = ?", ("".join(NAMES), STRINGS["live link"]))
        catalog.execute("UPDATE audit SET os_user = ?, detail = ?", (CLIPBOARD, json.dumps({"name": "".join(NAMES)})))
    catalog.close()
    for contents in (folder / "databases").glob("*/contents.db"):
        with sqlite3.connect(contents) as store:
            store.execute("PRAGMA foreign_keys = OFF")
            store.executemany("INSERT INTO keyspace VALUES (?)", [(name,) for name in NAMES])
            store.execute("UPDATE container SET name = id || ?", ("".join(NAMES),))
        store.close()
