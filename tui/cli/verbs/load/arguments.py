"""What the command line takes for ``load``. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from tui.cli.arguments import PrintedArguments, TargetArguments, Verbs, add_format, add_target, add_verb


class LoadArguments(TargetArguments, PrintedArguments):
    """What ``load`` is given."""

    file: Path
    vector_field: str | None
    lexical: bool
    map: list[str]
    no_vectors: bool
    path: str | None


def add_load(verbs: Verbs) -> None:
    """Add ``load`` and what belongs to it."""
    load = add_verb(
        verbs,
        "load",
        "load.run:load",
        LoadArguments,
        "load a file into a collection or a table; a load that was stopped goes on",
        epilog=_LOAD,
    )
    load.add_argument("file", metavar="FILE", type=Path, help="JSON, JSON Lines or CSV; - is stdin")
    add_target(load)
    load.add_argument("--vector-field", metavar="FIELD", help="field whose text becomes the vector")
    load.add_argument("--no-vectors", action="store_true", help="documents without a vector are meant")
    load.add_argument(
        "--path",
        metavar="KEYS",
        help="where in a JSON file's object the list of rows is, as data.items; . for the object itself",
    )
    load.add_argument(
        "--map",
        metavar="COLUMN=FIELD",
        action="append",
        default=[],
        help="field that a table's column gets, where the names differ; COLUMN= leaves it out; may be repeated",
    )
    load.add_argument("--lexical", action="store_true", help="make that text searchable by words, too")
    add_format(load)


_LOAD = """\
The summary is printed on stdout, progress on stderr. Exit code 1 when a row could not be loaded; running the same
command again loads what is missing.

Into a table, each column gets the field of its name, converted to the column's type; a row whose key is there is
written over. A vector column with a service takes texts, the others arrays of numbers:
  astrolabe load notes.csv --database library --table notes --map meaning=body --map shape=outline
"""
