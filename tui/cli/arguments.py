"""What the command line's words are built of: the parser, verbs, and options that many verbs share, with their types.

Each verb declares what it takes in a class beside the options (``verbs/<noun>/arguments.py``), and gets one of it.
"""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from astrolabe.errors import UsageError
from astrolabe.text.safe_text import VIEWER_LIMIT, display_text
from tui.cli.help_format import HelpFormatter

DEFAULT_KEYSPACE = "default_keyspace"
_FORMATS = ("table", "json", "jsonl", "csv")
_LEVELS = ("debug", "info", "warning", "error")


class Parser(argparse.ArgumentParser):
    """Reports what it cannot understand as our own error, so that there is one place that tells the user."""

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as they are
        named.setdefault("allow_abbrev", False)
        super().__init__(*args, **named)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """Parse, and remember which verb's options are being read."""
        _reading.append(self)
        del _reading[:-1]
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise the error; argparse would print it and leave the process."""
        text = display_text(_without_values(message), limit=VIEWER_LIMIT)
        meant = _meant(message, _reading[-1] if _reading else self)
        guess = f"Did you mean {meant}? " if meant else ""
        raise UsageError(f"{text[:1].upper()}{text[1:]}.", hint=f"{guess}`{self.prog} --help` lists what there is.")


_WRONG_WORD = re.compile(r"invalid choice: '(?P<choice>[^']*)'|unrecognized arguments: (?P<option>--[\w-]+)")
_WORD = re.compile(r"[a-z-][\w-]+")

_reading: list[argparse.ArgumentParser] = []
"""The parser whose words are being read: the last one is the verb's."""


def _meant(message: str, parser: argparse.ArgumentParser) -> str:
    """Return the verb or option that is most like the one that there is not; empty when none is."""
    wrong = _WRONG_WORD.search(message)
    if wrong is None:
        return ""
    word = wrong["choice"] or wrong["option"]
    known = _WORD.findall(message.partition("choose from")[2] if wrong["choice"] else parser.format_usage())
    return next(iter(get_close_matches(word, known, n=1)), "")


def _without_values(message: str) -> str:
    """Return argparse's message without what was given to options that do not exist: it may be a secret."""
    start, unrecognized, words = message.partition("unrecognized arguments: ")
    if not unrecognized:
        return message
    options = [word.partition("=")[0] for word in words.split() if word.startswith("--")]
    named = " ".join(options) or f"{len(words.split())} too many; a text of several words needs quotes"
    return f"{start}{unrecognized}{named}"


class Arguments(argparse.Namespace):
    """What a verb is given, besides the options of the settings."""


class PrintedArguments(Arguments):
    """Of a verb that prints data."""

    format: str


class ConfirmedArguments(Arguments):
    """Of a verb that asks before it destroys."""

    yes: bool


class DatabaseArguments(Arguments):
    """Of a verb on a database."""

    database: str


class KeyspaceArguments(DatabaseArguments):
    """Of a verb on a keyspace."""

    keyspace: str


class CollectionArguments(KeyspaceArguments):
    """Of a verb on a collection."""

    collection: str


class TargetArguments(KeyspaceArguments):
    """Of a verb on a collection or a table; one of the two is given."""

    collection: str | None
    table: str | None


class SecretArguments(Arguments):
    """Of a verb that takes a secret, or says where it is read from."""

    secret_stdin: bool
    secret_env: str | None
    secret_file: str | None
    secret_command: str | None


Verbs = Any
"""What ``add_subparsers`` returns: argparse keeps its class private."""


def settings_options(*, read_only: bool = True) -> argparse.ArgumentParser:
    """Return the options that every verb takes, before or after it; what is not given leaves no trace.

    Args:
        read_only: Whether ``--read-only`` is among them.
    """
    parent = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parent.add_argument_group("settings")
    group.add_argument("--data-dir", type=Path, metavar="FOLDER", help="folder of everything that is kept")
    group.add_argument("--config", type=Path, metavar="FILE", help="settings file in place of the usual one")
    group.add_argument("--theme", metavar="NAME", help="theme of the console")
    group.add_argument("--no-mouse", dest="mouse", action="store_const", const=False, help="leave the mouse alone")
    if read_only:
        group.add_argument("--read-only", action="store_const", const=True, help="refuse every change")
    group.add_argument("--connection", metavar="NAME", help="work on databases elsewhere; see `connections`")
    levels = f"how much goes into the log file: {', '.join(_LEVELS)}"
    group.add_argument("--log-level", choices=_LEVELS, metavar="LEVEL", help=levels)
    return parent


def add_verb(
    verbs: Verbs,
    name: str,
    run: str,
    arguments: type[Arguments],
    words: str,
    *,
    epilog: str = "",
    read_only: bool = True,
) -> argparse.ArgumentParser:
    """Add a verb that does something.

    Args:
        verbs: Where.
        name: The word.
        run: What does it, as ``module:function`` below ``tui.cli.verbs``; imported when it is run.
        arguments: The class of what it is given.
        words: What it does.
        epilog: Examples and the like.
        read_only: Whether it takes the setting ``--read-only``; otherwise it has an option of that name itself.
    """
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=words,
        description=f"{words[:1].upper()}{words[1:]}.",
        epilog=epilog or None,
        formatter_class=HelpFormatter,
        parents=[settings_options(read_only=read_only)],
    )
    parser.set_defaults(run=run, arguments=arguments)
    return parser


def add_noun(verbs: Verbs, name: str, words: str) -> Verbs:
    """Add a noun, which needs a verb after it."""
    parser = verbs.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
    return parser.add_subparsers(title="verbs", metavar="VERB", required=True, parser_class=Parser)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how data is printed."""
    parser.add_argument("--format", choices=_FORMATS, default="table", help="how to print (default: %(default)s)")


def add_place(parser: argparse.ArgumentParser, *, collection: bool = True, keyspace: bool = True) -> None:
    """Add the options that name a database, a keyspace and a collection."""
    parser.add_argument(
        "--database", default="", metavar="NAME", help="the database; a connection to a single one needs none"
    )
    if keyspace:
        parser.add_argument(
            "--keyspace", default=DEFAULT_KEYSPACE, metavar="NAME", help="the keyspace (default: %(default)s)"
        )
    if collection:
        parser.add_argument("--collection", required=True, metavar="NAME", help="the collection")


def add_target(parser: argparse.ArgumentParser, *, table: str = "the table") -> None:
    """Add the options that name a database, a keyspace, and in it a collection or a table."""
    add_place(parser, collection=False)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--collection", metavar="NAME", help="the collection")
    kind.add_argument("--table", metavar="NAME", help=table)


def add_yes(parser: argparse.ArgumentParser, *, words: str = "do not ask for the name") -> None:
    """Add the option that confirms beforehand."""
    parser.add_argument("--yes", action="store_true", help=words)


def add_secret(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where a secret comes from."""
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--secret-stdin", action="store_true", help="read the secret from stdin, without asking")
    secret.add_argument("--secret-env", metavar="VARIABLE", help="environment variable that holds it at each use")
    secret.add_argument("--secret-file", metavar="FILE", help="file that holds it at each use")
    secret.add_argument("--secret-command", metavar="COMMAND", help="command that prints it at each use")


def positive(text: str) -> int:
    """Return a whole number from 1, for an option."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return number
