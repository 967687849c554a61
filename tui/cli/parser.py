"""The command line's words, all of them. Nothing heavy is imported here: ``--help`` and ``--version`` answer at once.

Each noun declares its verbs and what they take in ``verbs/<noun>/arguments.py``. A verb names the coroutine that does
it as ``module:function`` below :mod:`tui.cli.verbs`; it is imported when it runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache

from tui.cli.arguments import Parser, settings_options
from tui.cli.help_format import HelpFormatter
from tui.cli.verbs.api.arguments import add_api
from tui.cli.verbs.audit.arguments import add_audit
from tui.cli.verbs.authority.arguments import add_authority
from tui.cli.verbs.cache.arguments import add_cache
from tui.cli.verbs.collections.arguments import add_collections
from tui.cli.verbs.completion.arguments import add_completion
from tui.cli.verbs.connection_strings.arguments import add_connection_strings
from tui.cli.verbs.connections.arguments import add_connections
from tui.cli.verbs.console.arguments import ConsoleArguments, add_demo
from tui.cli.verbs.credentials.arguments import add_credentials, add_scopes
from tui.cli.verbs.databases.arguments import add_databases
from tui.cli.verbs.doctor.arguments import add_doctor
from tui.cli.verbs.documents.arguments import add_documents
from tui.cli.verbs.help.arguments import add_help
from tui.cli.verbs.indexes.arguments import add_indexes
from tui.cli.verbs.info.arguments import add_info
from tui.cli.verbs.integrations.arguments import add_integrations
from tui.cli.verbs.keyspaces.arguments import add_keyspaces
from tui.cli.verbs.lab.arguments import add_lab
from tui.cli.verbs.load.arguments import add_load
from tui.cli.verbs.search.arguments import add_search
from tui.cli.verbs.serve.arguments import add_serve
from tui.cli.verbs.tables.arguments import add_tables
from tui.cli.verbs.tokens.arguments import add_tokens
from tui.cli.verbs.types.arguments import add_types

_DESCRIPTION = """\
A terminal console for vector collections: connect embedding providers, load data, search it by meaning.
Without a verb, the console opens.
"""
_EPILOG = """\
Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`astrolabe VERB --help` explains a verb.
"""

_ADDITIONS = (
    add_demo,
    add_connections,
    add_databases,
    add_keyspaces,
    add_collections,
    add_tables,
    add_indexes,
    add_types,
    add_documents,
    add_integrations,
    add_credentials,
    add_scopes,
    add_connection_strings,
    add_load,
    add_search,
    add_api,
    add_serve,
    add_tokens,
    add_authority,
    add_cache,
    add_lab,
    add_audit,
    add_doctor,
    add_info,
    add_completion,
    add_help,
)
"""In the order of the help."""


@cache
def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; it keeps nothing of what it has parsed."""
    parser = Parser(
        prog="astrolabe",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        parents=[settings_options()],
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    parser.set_defaults(run="console.run:console", arguments=ConsoleArguments)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", parser_class=Parser)
    for add in _ADDITIONS:
        add(verbs)
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line.

    Raises:
        UsageError: It cannot be understood.
        SystemExit: ``--help`` was asked for and has been printed.
    """
    return build_parser().parse_args(argv)
