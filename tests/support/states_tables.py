"""The states of tables: in the Data Explorer, on their page, and in the dialogs that make and change them."""

from __future__ import annotations

from tests.support.shop_tables import tables
from tests.support.state import REFUSED, State
from tests.support.steps import choose, failing_with, submit_without_end, text

SHOP = ("down", "enter")
NOTES = (*SHOP, "down")
VISITS = (*NOTES, "down")
REMOVED = ("2", "right", "right", "enter", "d", text("webstore-prod"), "ctrl+s", "1")
"""Removes the token that one vector column uses."""

_EXPLORER = (
    State("explorer-table", NOTES, tables),
    State("explorer-table-json", (*NOTES, "v"), tables),
    State("explorer-table-no-rows", VISITS, tables),
    State("explorer-table-disabled", (*REMOVED, *NOTES), tables),
    State("row", (*NOTES, "enter", "enter"), tables),
    State("drop-table", (*NOTES, "d"), tables),
)

_PAGE = (
    State("table", (*NOTES, "o"), tables),
    State("table-vector", (*NOTES, "o", *("down",) * 7), tables),
    State("table-no-index", (*NOTES, "o", *("down",) * 9), tables),
    State("table-type", (*NOTES, "o", *("down",) * 6), tables),
    State("table-disabled", (*REMOVED, *NOTES, "o", *("down",) * 8), tables),
)

NEW = (*NOTES, "t", text("plans"))
COLUMN = (*NEW, "tab", "a")
VECTOR = (*COLUMN, text("meaning"), "tab", text("vector"))
TOKEN = (*VECTOR, "tab", choose("hugging face - s"))

_CREATE = (
    State("create-table", (*NOTES, "t"), tables),
    State("create-table-filled", NEW, tables),
    State("create-table-no-key", (*NEW, "tab", "d", "ctrl+s"), tables),
    State("create-table-taken", (*NOTES, "t", text("visits"), "ctrl+s"), tables),
    State("create-table-command", (*VECTOR, "ctrl+s", "f2"), tables),
    State("create-table-busy", (*NEW, submit_without_end), tables),
    State("create-table-error", (*NEW, failing_with(REFUSED)), tables),
    State("add-column", (*COLUMN, "tab"), tables),
    State("add-column-type", (*COLUMN, text("tags"), "tab", text("set<t")), tables),
    State("add-column-key", (*COLUMN, text("at"), "tab", text("timestamp"), "tab", choose("clustering, d")), tables),
    State("add-column-vector", (*VECTOR, "tab"), tables),
    State("add-column-service", (*TOKEN, *("tab",) * 4, "tab", "space"), tables),
    State("add-column-own", (*VECTOR, "tab", choose("b"), "tab", text("3")), tables),
    State("add-column-invalid", (*COLUMN, text("id"), "tab", text("nothing"), "ctrl+s"), tables),
)

_TYPES = (
    State("types", (*NOTES, "T"), tables),
    State("create-type", (*NOTES, "T", "c", text("price"), "tab", text("amount decimal, unit"), "ctrl+s"), tables),
    State("rename-field", (*NOTES, "T", "r"), tables),
    State("drop-type", (*NOTES, "T", "d"), tables),
)

OPENED = (*NOTES, "o")
MEANING, SHAPE = (*OPENED, *("down",) * 7), (*OPENED, *("down",) * 9)

_CHANGES = (
    State("table-add-column", (*OPENED, "a", text("note"), "tab", text("text")), tables),
    State("table-add-column-command", (*OPENED, "a", text("v"), "tab", text("vector"), "tab", "f2"), tables),
    State("create-index-vector", (*SHAPE, "i"), tables),
    State("create-index-text", (*OPENED, "down", "down", "i"), tables),
    State("create-index-words", (*OPENED, "down", "down", "i", "tab", choose("search")), tables),
    State("create-index-map", (*OPENED, *("down",) * 5, "i"), tables),
    State("create-index-taken", (*MEANING, "i", "ctrl+s"), tables),
    State("attach-service", (*SHAPE, "e"), tables),
    State("attach-service-invalid", (*SHAPE, "e", "ctrl+s"), tables),
    State("change-service", (*MEANING, "e"), tables),
    State("change-service-command", (*MEANING, "e", "f2"), tables),
    State("drop-menu", (*MEANING, "d"), tables),
    State("drop-menu-key", (*OPENED, "d"), tables),
    State("drop-index", (*MEANING, "d", "1"), tables),
    State("drop-service", (*MEANING, "d", "s"), tables),
    State("drop-column", (*SHAPE, "d", "c"), tables),
    State("drop-column-invalid", (*SHAPE, "d", "c", text("shap"), "ctrl+s"), tables),
)

SEARCH = (*NOTES, "s")
TO_COLUMN = ("tab", "tab", "tab")
TO_SHAPE = (*TO_COLUMN, choose("sh"))

_SEARCH = (
    State("search-table", (*SEARCH, text("something to ride"), "enter"), tables),
    State("search-table-column", (*SEARCH, *TO_COLUMN, "enter"), tables),
    State("search-table-no-index", (*SEARCH, text("[1, 1, 0]"), *TO_SHAPE, *("shift+tab",) * 3, "enter"), tables),
    State("search-table-index", (*SEARCH, *TO_SHAPE, "f6"), tables),
    State("search-table-text", (*SEARCH, text("a chair"), *TO_SHAPE, *("shift+tab",) * 3, "enter"), tables),
    State("search-table-words", (*SEARCH, "f3", text("chair"), "enter"), tables),
    State("search-table-no-vector", (*VISITS, "s"), tables),
)

_LOAD = (
    State("load-table", (*NOTES, "l", text("notes.csv"), "tab", *("down",) * 7), tables),
    State("load-table-no-key", (*VISITS, "l", text("articles.csv"), "ctrl+s"), tables),
)

TABLES = (*_EXPLORER, *_PAGE, *_CREATE, *_TYPES, *_CHANGES, *_SEARCH, *_LOAD)
