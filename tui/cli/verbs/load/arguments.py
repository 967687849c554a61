"""What the command line takes for ``load``. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from tui.cli.arguments import CollectionArguments, PrintedArguments, Verbs, add_format, add_place, add_verb


class LoadArguments(CollectionArguments, PrintedArguments):
    """What ``load`` is given."""

    file: Path
    vector_field: str | None
    lexical: bool


def add_load(verbs: Verbs) -> None:
    """Add ``load`` and what belongs to it."""
    load = add_verb(
        verbs,
        "load",
        "load.run:load",
        LoadArguments,
        "load a file into a collection; a load that was stopped goes on",
        epilog=_LOAD,
    )
    load.add_argument("file", metavar="FILE", type=Path, help="JSON, JSON Lines or CSV")
    add_place(load)
    load.add_argument("--vector-field", metavar="FIELD", help="field whose text becomes the vector")
    load.add_argument("--lexical", action="store_true", help="make that text searchable by words, too")
    add_format(load)


_LOAD = """\
The summary is printed on stdout, progress on stderr. Exit code 1 when a row could not be loaded; running the same
command again loads what is missing.
"""
