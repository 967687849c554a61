"""What the command line takes for ``connections``. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.cli.arguments import (
    Arguments,
    ConfirmedArguments,
    PrintedArguments,
    SecretArguments,
    Verbs,
    add_format,
    add_noun,
    add_secret,
    add_verb,
    add_yes,
)


class ListArguments(PrintedArguments):
    """What ``connections list`` is given."""


class AddArguments(SecretArguments, PrintedArguments):
    """What ``connections add`` is given."""

    name: str
    address: str | None
    astra: bool
    user: str | None
    no_token: bool
    data_address: str | None
    ca_file: Path | None
    client_certificate: Path | None
    production: bool
    may_only_read: bool
    replace: bool
    no_test: bool


class TestArguments(PrintedArguments):
    """What ``connections test`` is given."""

    name: str


class UseArguments(Arguments):
    """What ``connections use`` is given."""

    name: str


class RemoveArguments(ConfirmedArguments):
    """What ``connections remove`` is given."""

    name: str


_ADD = """\
examples:
  astrolabe connections add cloud --astra --secret-env ASTRA_DB_APPLICATION_TOKEN --production
  astrolabe connections add hcd --address https://hcd.example.com:8181 --user cassandra --ca-file ~/hcd-ca.pem
  astrolabe connections add beside --address http://127.0.0.1:8182

Without a --secret option the token (with --user, the password) is asked for, and kept encrypted. One question is asked
before anything is saved; --no-test saves without. Verbs work on it with --connection NAME, or after `connections use`.
"""


def add_connections(verbs: Verbs) -> None:
    """Add ``connections`` and what belongs to it."""
    noun = add_noun(verbs, "connections", "keep connections to databases elsewhere: Astra DB, HCD, any Data API")
    add_format(add_verb(noun, "list", "connections.run:list_all", ListArguments, "list them; tokens are never shown"))
    _add_add(noun)
    test = add_verb(noun, "test", "connections.run:test", TestArguments, "ask the other side one question")
    use = add_verb(noun, "use", "connections.run:use", UseArguments, "have verbs work there when none is named")
    remove = add_verb(noun, "remove", "connections.run:remove", RemoveArguments, "remove a connection and its token")
    for parser in (test, remove):
        parser.add_argument("name", metavar="NAME", help="the connection")
    use.add_argument("name", metavar="NAME", help="the connection; this-machine goes back to the databases here")
    add_format(test)
    add_yes(remove)


def _add_add(noun: Verbs) -> None:
    add = add_verb(noun, "add", "connections.run:add", AddArguments, "add a connection", epilog=_ADD, read_only=False)
    add.add_argument("name", metavar="NAME", help="unique name")
    add.add_argument("--address", metavar="URL", help="of the Data API, or of another DevOps API with --astra")
    add.add_argument("--astra", action="store_true", help="Astra DB: the databases of an organization are listed")
    _add_access(add)
    add.add_argument("--production", action="store_true", help="mark it as production: it is named before each verb")
    add.add_argument("--read-only", dest="may_only_read", action="store_true", help="refuse every change through it")
    add.add_argument("--replace", action="store_true", help="replace a connection of that name")
    add.add_argument("--no-test", action="store_true", help="save it without asking the other side")
    add_format(add)


def _add_access(add: argparse.ArgumentParser) -> None:
    add.add_argument("--user", metavar="NAME", help="the secret is the password of this user, not a token")
    add.add_argument("--no-token", action="store_true", help="the server wants no token")
    add.add_argument("--data-address", metavar="URL", help="where databases of --astra answer, with {id} and {region}")
    add.add_argument("--ca-file", type=Path, metavar="FILE", help="certificate of a private authority (PEM)")
    add.add_argument("--client-certificate", type=Path, metavar="FILE", help="client certificate with its key (PEM)")
    add_secret(add)
