"""Copying what the cursor is on to the terminal's clipboard."""

from __future__ import annotations

from astrolabe.dataapi.client.items import key_fields, noun
from astrolabe.text.safe_text import whole_json
from screens.explorer.documents import ExplorerPane
from screens.kit.app_base import Console
from screens.kit.menu import Entry, MenuDialog
from storage import jsontext


def ask_copy(app: Console, pane: ExplorerPane) -> None:
    """Ask what to copy: the value under the cursor, the key, the whole document, or the page."""
    opened, document = pane.opened, pane.pointed()
    if opened is None or document is None or pane.reading:
        return
    field = pane.table.field or "_id"
    keys = key_fields(opened.info)
    word = noun(opened.info)
    texts = {
        "value": plain(document.get(field)),
        "key": plain(document.get(keys[0]) if len(keys) == 1 else {name: document.get(name) for name in keys}),
        "document": whole_json(document),
        "page": whole_json(pane.documents),
    }
    entries = (
        Entry("value", "y", f"the value of {field}"),
        Entry("key", "i", f"the {keys[0] if len(keys) == 1 else 'key'}"),
        Entry("document", "d", f"the whole {word}, as JSON"),
        Entry("page", "p", f"this page, {len(pane.documents)} {noun(opened.info, len(pane.documents))}"),
        Entry("save", "w", f"the whole {word} to a file"),
    )

    def then(chosen: str | None) -> None:
        if chosen == "save":
            app.save(texts["document"], f"{word}.json")
        elif chosen is not None:
            # Half of a surrogate pair is no UTF-8 and would end the program here.
            app.copy_to_clipboard(texts[chosen].encode("utf-8", "replace").decode("utf-8"))
            app.tell("Sent to the terminal's clipboard. If your terminal does not take it, y then w saves a file.")

    app.ask(MenuDialog("Copy", entries), then)


def plain(value: object) -> str:
    """Return a value as it is pasted: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else jsontext.dumps(value)
