"""What the command line takes for ``documents``. Nothing heavy is imported here."""

from __future__ import annotations

import argparse

from tui.cli.arguments import (
    ConfirmedArguments,
    PrintedArguments,
    TargetArguments,
    Verbs,
    add_format,
    add_noun,
    add_target,
    add_verb,
    add_yes,
    positive,
)


class GetArguments(TargetArguments):
    """What ``documents get`` is given."""

    id: str


class FindArguments(TargetArguments, PrintedArguments):
    """What ``documents find`` is given."""

    filter: str | None
    sort: str | None
    projection: str | None
    limit: int | None


class CountArguments(TargetArguments):
    """What ``documents count`` is given."""

    filter: str | None


class InsertArguments(TargetArguments):
    """What ``documents insert`` is given."""

    source: str


class UpdateArguments(TargetArguments):
    """What ``documents update`` is given."""

    update: str
    id: str | None
    filter: str | None
    many: bool
    upsert: bool


class DeleteArguments(TargetArguments, ConfirmedArguments):
    """What ``documents delete`` is given."""

    id: list[str]
    filter: str | None
    all: bool


class ExportArguments(TargetArguments):
    """What ``documents export`` is given."""

    output: str
    filter: str | None
    format: str | None
    vectors: bool


def add_documents(verbs: Verbs) -> None:
    """Add ``documents`` and what belongs to it."""
    noun = add_noun(verbs, "documents", "get, find, count, insert, update, delete and export documents or rows")
    get = _add(noun, "get", GetArguments, "print one document as JSON")
    get.add_argument("id", metavar="ID", help=_ID)
    find = _add(noun, "find", FindArguments, "print the documents that match")
    _add_filter(find)
    find.add_argument("--sort", metavar="JSON", help="order, such as '{\"price\": -1}'")
    find.add_argument("--projection", metavar="JSON", help="fields, such as '{\"title\": true}'")
    find.add_argument("--limit", type=positive, metavar="N", help="how many (default: all)")
    add_format(find)
    _add_filter(_add(noun, "count", CountArguments, "print how many documents match, and nothing else"))
    insert = _add(noun, "insert", InsertArguments, "insert documents and print their ids", epilog=_INSERT)
    insert.add_argument("source", metavar="JSON|FILE|-", help="an object, a list, a file of them, or - for stdin")
    _add_update(noun)
    delete = _add(noun, "delete", DeleteArguments, "delete documents by id, or those that match", epilog=_DELETE)
    delete.add_argument("id", metavar="ID", nargs="*", default=[], help=_ID)
    _add_filter(delete)
    delete.add_argument("--all", action="store_true", help="delete every document")
    add_yes(delete, words="do not ask")
    export = _add(noun, "export", ExportArguments, "write documents to a file that loads again", epilog=_EXPORT)
    export.add_argument("output", metavar="FILE", help="file to write; - is stdout")
    _add_filter(export)
    export.add_argument(
        "--format", choices=("jsonl", "json", "csv"), help="how to write (default: by the file's ending, or jsonl)"
    )
    export.add_argument("--vectors", action="store_true", help="with the vectors, as they are stored")


def _add_update(noun: Verbs) -> None:
    update = _add(noun, "update", UpdateArguments, "change a document, or all that match", epilog=_UPDATE)
    update.add_argument("update", metavar="JSON", help='what changes, such as \'{"$set": {"price": 10}}\'')
    update.add_argument("--id", metavar="ID", help=_ID)
    _add_filter(update)
    update.add_argument("--many", action="store_true", help="all that match, not only the first")
    update.add_argument("--upsert", action="store_true", help="insert the document if none matches")


def _add(
    noun: Verbs, name: str, arguments: type[TargetArguments], words: str, *, epilog: str = ""
) -> argparse.ArgumentParser:
    parser = add_verb(noun, name, f"documents.{_MODULES.get(name, 'run')}:{name}", arguments, words, epilog=epilog)
    add_target(parser, table="the table; an ID is then its key as a JSON object")
    return parser


def _add_filter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filter", metavar="JSON", help='only those that match, such as \'{"year": {"$gte": 2020}}\'')


_MODULES = {"insert": "changing", "update": "changing", "delete": "changing", "export": "export"}

_ID = 'a text, or JSON for an id that is none, such as 5 or \'{"$uuid": "…"}\''

_INSERT = """\
Ids are printed on stdout, one JSON value a line; what was refused is told on stderr with its number, and the exit code
is 1. Documents come as one object, a list, or one object a line.
"""

_UPDATE = """\
examples:
  astrolabe documents update '{"$set": {"title": "Emma"}}' --id 7 --database library --collection books
  astrolabe documents update '{"$unset": {"draft": ""}}' --filter '{"draft": true}' --many \\
      --database library --collection books
"""

_DELETE = """\
Without --yes it says how many are deleted and asks; for more than 20 of them the number has to be typed.
"""

_EXPORT = """\
One object a line (jsonl), one list (json), or columns (csv: fields of all documents, nested values as JSON). Numbers
keep their digits and values their types; the file loads again to equal documents. A file appears when it is complete.
"""
