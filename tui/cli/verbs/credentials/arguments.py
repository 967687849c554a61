"""What the command line takes for ``credentials``. Nothing heavy is imported here."""

from __future__ import annotations

import argparse

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


class AddArguments(SecretArguments):
    """What ``credentials add`` is given."""

    name: str
    provider: str
    database: list[str]


class ListArguments(PrintedArguments):
    """What ``credentials list`` is given."""

    provider: str | None


class RotateArguments(SecretArguments):
    """What ``credentials rotate`` is given."""

    name: str
    provider: str
    no_test: bool


class TestArguments(SecretArguments, PrintedArguments):
    """What ``credentials test`` is given."""

    name: str | None
    provider: str
    param: list[str]
    model: str | None


class RemoveArguments(ConfirmedArguments):
    """What ``credentials remove`` is given."""

    name: str
    provider: str


class RehearseArguments(PrintedArguments):
    """What ``credentials rehearse`` is given."""

    name: str
    provider: str
    replace_with: str | None
    add_database: list[str]
    remove_database: list[str]


class ReencryptArguments(Arguments):
    """What ``credentials reencrypt`` is given."""


class AddScopeArguments(Arguments):
    """What ``credentials add scope`` is given."""

    name: str
    provider: str
    database: list[str]


class RemoveScopeArguments(DatabaseArguments, ConfirmedArguments):
    """What ``credentials remove scope`` is given."""

    name: str
    provider: str


class ListScopesArguments(PrintedArguments):
    """What ``credentials list scopes`` is given."""

    provider: str | None


def add_credentials(verbs: Verbs) -> None:
    """Add ``credentials`` and what belongs to it."""
    noun = add_noun(verbs, "credentials", "add, list, test, rotate and remove the credentials of embedding providers")
    add = _add_credential(noun, "add", AddArguments, "add a credential", epilog=_SECRETS)
    add.add_argument(
        "--database", action="append", default=[], metavar="NAME", help="database in its scope; repeatable"
    )
    add_secret(add)
    listing = add_verb(
        noun, "list", "credentials.run:list_all", ListArguments, "list the credentials; secrets are never shown"
    )
    listing.add_argument("--provider", metavar="KEY", help="only those of this provider")
    add_format(listing)
    rotate = _add_credential(
        noun, "rotate", RotateArguments, "put in a new secret; name and scope stay", epilog=_SECRETS
    )
    add_secret(rotate)
    rotate.add_argument("--no-test", action="store_true", help="do not ask the provider first")
    _add_test(noun)
    add_yes(_add_credential(noun, "remove", RemoveArguments, "remove a credential; the provider's own copy stays"))
    _add_rehearse(noun)
    add_verb(
        noun,
        "reencrypt",
        "credentials.run:reencrypt",
        ReencryptArguments,
        "seal the stored secrets with a new key",
        epilog=_REENCRYPT,
    )


def _add_test(noun: Verbs) -> None:
    test = _add_credential(
        noun, "test", TestArguments, "ask the provider for one short embedding", epilog=_TEST, optional=True
    )
    test.set_defaults(run="credentials.test:test")
    test.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the provider; repeatable"
    )
    test.add_argument("--model", metavar="MODEL", help="the model to ask, in place of those that collections use")
    add_secret(test)
    add_format(test)


def _add_credential(
    noun: Verbs, name: str, arguments: type[Arguments], words: str, *, epilog: str = "", optional: bool = False
) -> argparse.ArgumentParser:
    """Add a verb on one credential."""
    parser = add_verb(noun, name, f"credentials.run:{name}", arguments, words, epilog=epilog)
    count = "?" if optional else None
    parser.add_argument("name", nargs=count, metavar="NAME", help="the credential; its name is unique at its provider")
    parser.add_argument(
        "--provider", required=True, metavar="KEY", help="embedding provider, such as huggingfaceDedicated"
    )
    return parser


def _add_rehearse(noun: Verbs) -> None:
    rehearse = _add_credential(
        noun, "rehearse", RehearseArguments, "say what a change would stop and bring back; change nothing"
    )
    rehearse.set_defaults(run="credentials.rehearse:rehearse")
    rehearse.add_argument("--replace-with", metavar="NAME", help="removed, and added again under this name")
    for verb in ("add", "remove"):
        words = f"{verb} a database {'to' if verb == 'add' else 'from'} its scope; repeatable"
        rehearse.add_argument(f"--{verb}-database", action="append", default=[], metavar="NAME", help=words)
    rehearse.epilog = "Without an option, the credential is removed."
    add_format(rehearse)


_SECRETS = """\
Without a --secret option the secret is asked for, and kept encrypted. It is never an argument itself: other programs on
this machine could read it there. A variable, file or command is only named, and read whenever the secret is used.
"""


_TEST = """\
Without a NAME, a secret is tested that is not stored (with a --secret option), or a provider that needs none. Nothing
is saved. The exit code is 0 when everything works: there were answers, with vectors of the right dimension.
"""


_REENCRYPT = """\
It may be stopped at any moment and run again; no secret is lost. It also moves the key to where the setting
secrets.key_source says: a file in the data folder, or the keyring of the operating system.
"""


def add_scopes(verbs: Verbs) -> None:
    """Add ``scopes`` and what belongs to it."""
    noun = add_noun(verbs, "scopes", "say which databases may use which credential")
    add = add_verb(
        noun, "add", "credentials.run:add_scope", AddScopeArguments, "add databases to the scope of a credential"
    )
    remove = add_verb(
        noun,
        "remove",
        "credentials.run:remove_scope",
        RemoveScopeArguments,
        "take a database out of the scope of a credential",
    )
    for parser in (add, remove):
        parser.add_argument("name", metavar="CREDENTIAL", help="the credential")
        parser.add_argument("--provider", required=True, metavar="KEY", help="its embedding provider")
    add.add_argument("--database", action="append", required=True, metavar="NAME", help="a database; repeatable")
    remove.add_argument("--database", required=True, metavar="NAME", help="the database")
    add_yes(remove)
    listing = add_verb(
        noun,
        "list",
        "credentials.run:list_scopes",
        ListScopesArguments,
        "list credentials and the databases that may use them",
    )
    listing.add_argument("--provider", metavar="KEY", help="only those of this provider")
    add_format(listing)
