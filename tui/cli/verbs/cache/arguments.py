"""What the command line takes for ``cache``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import Arguments, Parser, PrintedArguments, Verbs, add_format, add_verb


class ShowArguments(PrintedArguments):
    """What ``cache show`` is given."""


class ClearArguments(Arguments):
    """What ``cache clear`` is given."""


def add_cache(verbs: Verbs) -> None:
    """Add the noun that answers without a verb, too."""
    words = "show what the cache of embeddings holds and saves"
    cache = add_verb(verbs, "cache", "cache.run:show", ShowArguments, words, epilog=_CACHE)
    add_format(cache)
    noun = cache.add_subparsers(title="verbs", metavar="VERB", parser_class=Parser)
    add_verb(
        noun,
        "clear",
        "cache.run:clear",
        ClearArguments,
        "forget every vector in the cache; texts are embedded again when needed",
    )


_CACHE = """\
The cache is the file embeddings.db in the data folder. The settings embedding_cache.enabled and embedding_cache.size_mb
switch it off and limit it. It has neither texts nor keys in it.
"""
