"""Every dialog that changes something shows a command that does the same."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import screens
from screens.kit.dialog import Dialog

WITHOUT_A_COMMAND = {
    "ExportDialog": "it writes a file; nothing that a command knows is changed",
    "JsonDialog": "it only edits the text; the dialog after it shows the command that is sent",
    "LeaveDialog": "it ends the program that it is shown in",
    "LoadFileDialog": "it is the frame of the two dialogs that load, which do",
    "SaveDialog": "it writes a file with what is on the screen; nothing that a command knows is changed",
}
"""Dialogs that show no command, each with the reason."""


def dialogs() -> set[type[Dialog[Any, Any]]]:
    """Return every dialog of the console."""
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"screens.{module.name}")
    found: set[type[Dialog[Any, Any]]] = set()
    waiting: list[type[Dialog[Any, Any]]] = [Dialog]
    while waiting:
        below = waiting.pop().__subclasses__()
        found.update(below)
        waiting += below
    return {dialog for dialog in found if dialog.__module__.startswith("screens.")}


def shows_something(dialog: type[Dialog[Any, Any]]) -> bool:
    """Return whether a dialog plans a command of the Data API, or knows a command line that does the same."""
    return dialog.planned is not Dialog.planned or dialog.equivalents is not Dialog.equivalents


def test_every_dialog_shows_a_command_or_says_why_not() -> None:
    every = dialogs()
    assert len(every) > 10
    without = {dialog for dialog in every if not shows_something(dialog)}
    names = {dialog.__name__ for dialog in without}
    assert names >= set(WITHOUT_A_COMMAND)
    assert {dialog.__name__ for dialog in without if not dialog.__subclasses__()} <= set(WITHOUT_A_COMMAND)
