"""What the command line takes for ``connection-strings``. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.cli.arguments import (
    Arguments,
    ConfirmedArguments,
    DatabaseArguments,
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
    """What ``connection-strings list`` is given."""


class CreateArguments(SecretArguments):
    """What ``connection-strings create`` is given."""

    name: str
    identifier: str | None
    connector: str
    model: str | None
    endpoint: str | None
    set: list[str]
    database: list[str] | None


class EditArguments(SecretArguments, ConfirmedArguments):
    """What ``connection-strings edit`` is given."""

    name: str
    rename: str | None
    connector: str | None
    model: str | None
    endpoint: str | None
    set: list[str]
    database: list[str] | None


class RemoveArguments(ConfirmedArguments):
    """What ``connection-strings remove`` is given."""

    name: str


class TestArguments(PrintedArguments):
    """What ``connection-strings test`` is given."""

    name: str


class ExportArguments(Arguments):
    """What ``connection-strings export`` is given."""

    name: str | None
    output: str | None
    with_secrets: bool


class ImportArguments(Arguments):
    """What ``connection-strings import file`` is given."""

    file: str
    replace: bool


class PullArguments(DatabaseArguments):
    """What ``connection-strings pull`` is given."""

    name: str | None
    url: str
    certificate: Path | None
    authority: Path | None
    replace: bool


class PushArguments(DatabaseArguments):
    """What ``connection-strings push`` is given."""

    name: str | None
    url: str
    certificate: Path | None
    authority: Path | None
    replace: bool
    with_secrets: bool


_NEW = """\
examples:
  astrolabe connection-strings create "My models" --connector huggingface --model BAAI/bge-small-en-v1.5 \\
      --database library
  astrolabe connection-strings create local --connector ollama --set Uri=http://localhost:11434 --model nomic-embed-text
  astrolabe connection-strings create vertex --connector vertex --set Location=us-central1 --model text-embedding-005 \\
      --secret-file /home/me/service-account.json

Connectors and their settings have RavenDB's names: OpenAi, AzureOpenAi, HuggingFace, MistralAi, Ollama, Google, Vertex,
Embedded. A wrong setting is refused with the list of those there are. Without a --secret option the key is asked for.
"""


_SERVER = """\
It needs RavenDB's own client: pip install 'astrolabe-tui[ravendb]'. A secured server wants a client certificate: a PEM
file with certificate and key, or a PFX file without password.
"""


def add_connection_strings(verbs: Verbs) -> None:
    """Add the noun ``connection-strings`` and its verbs."""
    words = "keep AI connection strings, as RavenDB has them, and embed with them"
    noun = add_noun(verbs, "connection-strings", words)
    add_format(
        add_verb(
            noun,
            "list",
            "connection_strings.run:list_all",
            ListArguments,
            "list the connection strings; secrets are never shown",
        )
    )
    create = add_verb(
        noun, "create", "connection_strings.run:create", CreateArguments, "create a connection string", epilog=_NEW
    )
    create.add_argument("name", metavar="NAME", help="unique name")
    create.add_argument("--identifier", metavar="ID", help="what collections refer to (default: made from the name)")
    create.add_argument("--connector", required=True, metavar="KEY", help="kind of service, such as huggingface")
    _add_settings(create)
    edit = _add_one(noun, "edit", EditArguments, "change a connection string; what is not given stays")
    edit.add_argument("--rename", metavar="NAME", help="new name; the identifier stays")
    edit.add_argument("--connector", metavar="KEY", help="another kind of service")
    _add_settings(edit)
    add_yes(edit, words="do not ask, even if collections stop")
    add_yes(
        _add_one(
            noun, "remove", RemoveArguments, "remove a connection string; collections that use it stop vectorizing"
        )
    )
    add_format(_add_one(noun, "test", TestArguments, "ask the service for one short embedding"))
    _add_files(noun)
    _add_server(noun)


def _add_one(noun: Verbs, name: str, arguments: type[Arguments], words: str) -> argparse.ArgumentParser:
    parser = add_verb(noun, name, f"connection_strings.run:{name}", arguments, words)
    parser.add_argument("name", metavar="NAME", help="its identifier, or its name")
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME", help="the model; the same as --set Model=NAME")
    parser.add_argument("--endpoint", metavar="URL", help="the address; the same as --set Endpoint=URL")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the connector; repeatable"
    )
    parser.add_argument(
        "--database",
        action="append",
        metavar="NAME",
        help="database that may use it; repeatable, replaces the former; an empty name: none",
    )
    add_secret(parser)


def _add_files(noun: Verbs) -> None:
    export = add_verb(
        noun, "export", "connection_strings.run:export", ExportArguments, "write connection strings as RavenDB's JSON"
    )
    export.add_argument("name", metavar="NAME", nargs="?", help="identifier or name (default: all)")
    export.add_argument("--output", metavar="FILE", help="file to write (default: stdout)")
    _add_with_secrets(export)
    read = add_verb(
        noun,
        "import",
        "connection_strings.run:import_file",
        ImportArguments,
        "read connection strings from RavenDB's JSON",
    )
    read.add_argument("file", metavar="FILE", help="file to read; - is stdin")
    _add_replace(read, "here")


def _add_server(noun: Verbs) -> None:
    pull = add_verb(
        noun,
        "pull",
        "connection_strings.run:pull",
        PullArguments,
        "read connection strings from a RavenDB database",
        epilog=_SERVER,
    )
    push = add_verb(
        noun,
        "push",
        "connection_strings.run:push",
        PushArguments,
        "save connection strings to a RavenDB database",
        epilog=_SERVER,
    )
    for parser, where in ((pull, "here"), (push, "there")):
        parser.add_argument("name", metavar="NAME", nargs="?", help="only this one (default: all)")
        parser.add_argument("--url", required=True, metavar="URL", help="address of the RavenDB server")
        parser.add_argument("--database", required=True, metavar="NAME", help="the database there")
        parser.add_argument("--certificate", type=Path, metavar="FILE", help="client certificate, PEM with key, or PFX")
        parser.add_argument("--authority", type=Path, metavar="FILE", help="certificate of a private authority (PEM)")
        _add_replace(parser, where)
    _add_with_secrets(push)


def _add_replace(parser: argparse.ArgumentParser, where: str) -> None:
    parser.add_argument("--replace", action="store_true", help=f"replace connection strings of the same name {where}")


def _add_with_secrets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--with-secrets", action="store_true", help="write the secrets out, for everyone to read")
