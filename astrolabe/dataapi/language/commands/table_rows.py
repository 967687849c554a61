"""Commands on the rows of a table, where they differ from those on documents."""

from __future__ import annotations

from astrolabe.dataapi.language.commands.base import Command, NoOptions
from astrolabe.dataapi.protocol import JsonValue


class InsertRow(Command):
    """Insert one row; null is read as a row without columns."""

    document: JsonValue
    options: NoOptions = None
