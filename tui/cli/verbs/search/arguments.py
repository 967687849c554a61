"""What the command line takes for ``search``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import PrintedArguments, TargetArguments, Verbs, add_format, add_target, add_verb, positive


class SearchArguments(TargetArguments, PrintedArguments):
    """What ``search`` is given."""

    text: str | None
    hybrid: bool
    words: bool
    vector: str | None
    column: str | None
    filter: str | None
    limit: int


def add_search(verbs: Verbs) -> None:
    """Add ``search`` and what belongs to it."""
    search = add_verb(
        verbs,
        "search",
        "search.run:search",
        SearchArguments,
        "search a collection or a table by meaning, by words, by both, or by a vector",
    )
    search.add_argument("text", metavar="TEXT", nargs="?", help="what to look for")
    add_target(search)
    way = search.add_mutually_exclusive_group()
    way.add_argument("--hybrid", action="store_true", help="search by meaning and by words, in one order")
    way.add_argument("--words", action="store_true", help="search by words: documents that have every word")
    way.add_argument(
        "--vector", metavar="JSON", help="search with this vector, such as '[0.1, 0.2]', in place of a text"
    )
    search.add_argument(
        "--column",
        metavar="NAME",
        help="a table's column to search by, where there are several",
    )
    search.add_argument(
        "--filter", metavar="JSON", help='only documents that match, such as \'{"year": {"$gte": 2020}}\''
    )
    search.add_argument("--limit", type=positive, default=10, metavar="N", help="how many (default: %(default)s)")
    add_format(search)
