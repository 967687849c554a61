"""The command line's words. Nothing heavy is imported here: ``--help`` and ``--version`` answer at once.

Each verb names the coroutine that does it as ``module:function`` in :mod:`tui.cli.verbs`; it is imported when it is
run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tui.cli.argument_parts import Parser as _Parser
from tui.cli.argument_parts import Verbs as _Verbs
from tui.cli.argument_parts import add_format as _add_format
from tui.cli.argument_parts import add_noun as _add_noun
from tui.cli.argument_parts import add_place as _add_place
from tui.cli.argument_parts import add_secret as _add_secret
from tui.cli.argument_parts import add_verb as _add
from tui.cli.argument_parts import add_yes as _add_yes
from tui.cli.argument_parts import positive as _positive
from tui.cli.argument_parts import settings_options as _settings
from tui.cli.connection_arguments import add_connections
from tui.cli.lab_arguments import add_lab

_Flag = argparse.BooleanOptionalAction
_METRICS = ("cosine", "dot_product", "euclidean")
_ID_TYPES = ("uuid", "uuidv6", "uuidv7", "objectId")
_DESCRIPTION = """\
A terminal console for vector collections: connect embedding providers, load data, search it by meaning.
Without a verb, the console opens.
"""
_EPILOG = """\
Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`astrolabe VERB --help` explains a verb.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(
        prog="astrolabe",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_settings()],
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.set_defaults(run="console:console")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", parser_class=_Parser)
    _add(verbs, "demo", "console:demo", "open the console on a throw-away data folder, filled with a sample")
    _add_databases(verbs)
    _add_keyspaces(verbs)
    _add_collections(verbs)
    _add_integrations(verbs)
    _add_credentials(verbs)
    _add_scopes(verbs)
    add_connections(verbs)
    _add_load(verbs)
    _add_search(verbs)
    _add_serve(verbs)
    _add_tokens(verbs)
    _add_cache(verbs)
    add_lab(verbs)
    _add_care(verbs)
    info = _add(verbs, "info", "info:info", "print the version, every path, and what is optional and present")
    _add_format(info)
    return parser


def _add_databases(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "databases", "create, list and delete databases")
    create = _add(noun, "create", "databases:create", "create a database; its keyspace default_keyspace exists at once")
    create.add_argument("name", metavar="NAME", help="unique name")
    create.add_argument("--provider", default="aws", metavar="CLOUD", help="cloud provider (default: %(default)s)")
    create.add_argument("--region", default="us-east-2", metavar="REGION", help="region (default: %(default)s)")
    _add_format(create)
    _add_format(_add(noun, "list", "databases:list_all", "list the databases"))
    delete = _add(noun, "delete", "databases:delete", "delete a database with everything in it")
    delete.add_argument("name", metavar="NAME", help="the database")
    _add_yes(delete)


def _add_keyspaces(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "keyspaces", "create, list and delete keyspaces")
    create = _add(noun, "create", "keyspaces:create", "create a keyspace")
    create.add_argument("name", metavar="NAME", help="unique name in the database")
    _add_place(create, collection=False, keyspace=False)
    listing = _add(noun, "list", "keyspaces:list_all", "list the keyspaces of a database")
    _add_place(listing, collection=False, keyspace=False)
    _add_format(listing)
    delete = _add(noun, "delete", "keyspaces:delete", "delete a keyspace with everything in it")
    delete.add_argument("name", metavar="NAME", help="the keyspace")
    _add_place(delete, collection=False, keyspace=False)
    _add_yes(delete)


def _add_collections(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "collections", "create, list and delete collections")
    create = _add(noun, "create", "collections:create", "create a collection", epilog=_CREATE_COLLECTION)
    create.add_argument("name", metavar="NAME", help="unique name in the keyspace")
    _add_place(create, collection=False)
    create.add_argument("--provider", metavar="KEY", help="embedding provider: texts become vectors by themselves")
    create.add_argument("--model", metavar="NAME", help="its embedding model; needed unless it has only one")
    create.add_argument(
        "--dimension", type=int, metavar="N", help="length of the vectors; the model may have a default"
    )
    create.add_argument("--metric", choices=_METRICS, help="similarity metric (default: cosine)")
    create.add_argument(
        "--key", metavar="CREDENTIAL", help="name of the provider's credential; needed if there are several"
    )
    create.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the provider; repeatable"
    )
    create.add_argument(
        "--lexical", action=_Flag, help="let documents be found by words, or not (default: as the server has it, on)"
    )
    create.add_argument("--analyzer", metavar="NAME", help="what decides what a word is, such as english")
    create.add_argument("--rerank", action=_Flag, help="let hybrid searches be reranked, or not (default: on)")
    create.add_argument("--default-id", choices=_ID_TYPES, help="type of the ids that are made up")
    listing = _add(noun, "list", "collections:list_all", "list the collections of a keyspace")
    _add_place(listing, collection=False)
    _add_format(listing)
    delete = _add(noun, "delete", "collections:delete", "delete a collection and its documents, for ever")
    delete.add_argument("name", metavar="NAME", help="the collection")
    _add_place(delete, collection=False)
    _add_yes(delete)


_CREATE_COLLECTION = """\
examples:
  astrolabe collections create books --database library --provider embedded
  astrolabe collections create reviews --database library --provider huggingfaceDedicated --key hf-main \\
      --dimension 384 --param endpointName=my-endpoint --param regionName=us-east-1 --param cloudName=aws
  astrolabe collections create points --database library --dimension 3 --metric euclidean
  astrolabe collections create notes --database library --provider embedded --analyzer english
"""


def _add_integrations(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "integrations", "list embedding providers, and remove one from the organization")
    _add_format(_add(noun, "list", "integrations:list_all", "list the embedding providers and whether they are active"))
    remove = _add(noun, "remove", "integrations:remove", "remove all credentials of a provider")
    remove.add_argument("provider", metavar="KEY", help="the embedding provider, such as huggingfaceDedicated")
    _add_yes(remove)


def _add_credentials(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "credentials", "add, list, test, rotate and remove the credentials of embedding providers")
    add = _add_credential(noun, "add", "add a credential", epilog=_SECRETS)
    add.add_argument(
        "--database", action="append", default=[], metavar="NAME", help="database in its scope; repeatable"
    )
    _add_secret(add)
    listing = _add(noun, "list", "credentials:list_all", "list the credentials; secrets are never shown")
    listing.add_argument("--provider", metavar="KEY", help="only those of this provider")
    _add_format(listing)
    rotate = _add_credential(noun, "rotate", "put in a new secret; name and scope stay", epilog=_SECRETS)
    _add_secret(rotate)
    rotate.add_argument("--no-test", action="store_true", help="do not ask the provider first")
    _add_test(noun)
    _add_yes(_add_credential(noun, "remove", "remove a credential; the provider's own copy stays"))
    _add_rehearse(noun)
    _add(noun, "reencrypt", "credentials:reencrypt", "seal the stored secrets with a new key", epilog=_REENCRYPT)


def _add_test(noun: _Verbs) -> None:
    test = _add_credential(noun, "test", "ask the provider for one short embedding", epilog=_TEST, optional=True)
    test.set_defaults(run="connection:test")
    test.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the provider; repeatable"
    )
    test.add_argument("--model", metavar="MODEL", help="the model to ask, in place of those that collections use")
    _add_secret(test)
    _add_format(test)


def _add_credential(
    noun: _Verbs, name: str, words: str, *, epilog: str = "", optional: bool = False
) -> argparse.ArgumentParser:
    """Add a verb on one credential."""
    parser = _add(noun, name, f"credentials:{name}", words, epilog=epilog)
    count = "?" if optional else None
    parser.add_argument("name", nargs=count, metavar="NAME", help="the credential; its name is unique at its provider")
    parser.add_argument(
        "--provider", required=True, metavar="KEY", help="embedding provider, such as huggingfaceDedicated"
    )
    return parser


def _add_rehearse(noun: _Verbs) -> None:
    rehearse = _add_credential(noun, "rehearse", "say what a change would stop and bring back; change nothing")
    rehearse.set_defaults(run="rehearsal:rehearse")
    rehearse.add_argument("--replace-with", metavar="NAME", help="removed, and added again under this name")
    for verb in ("add", "remove"):
        words = f"{verb} a database {'to' if verb == 'add' else 'from'} its scope; repeatable"
        rehearse.add_argument(f"--{verb}-database", action="append", default=[], metavar="NAME", help=words)
    rehearse.epilog = "Without an option, the credential is removed."
    _add_format(rehearse)


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


def _add_scopes(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "scopes", "say which databases may use which credential")
    add = _add(noun, "add", "credentials:add_scope", "add databases to the scope of a credential")
    remove = _add(noun, "remove", "credentials:remove_scope", "take a database out of the scope of a credential")
    for parser in (add, remove):
        parser.add_argument("name", metavar="CREDENTIAL", help="the credential")
        parser.add_argument("--provider", required=True, metavar="KEY", help="its embedding provider")
    add.add_argument("--database", action="append", required=True, metavar="NAME", help="a database; repeatable")
    remove.add_argument("--database", required=True, metavar="NAME", help="the database")
    _add_yes(remove)
    listing = _add(noun, "list", "credentials:list_scopes", "list credentials and the databases that may use them")
    listing.add_argument("--provider", metavar="KEY", help="only those of this provider")
    _add_format(listing)


def _add_cache(verbs: _Verbs) -> None:
    """Add the noun that answers without a verb, too."""
    words = "show what the cache of embeddings holds and saves"
    cache = _add(verbs, "cache", "cache:show", words, epilog=_CACHE)
    _add_format(cache)
    noun = cache.add_subparsers(title="verbs", metavar="VERB", parser_class=_Parser)
    _add(noun, "clear", "cache:clear", "forget every vector in the cache; texts are embedded again when needed")


_CACHE = """\
The cache is the file embeddings.db in the data folder. The settings embedding_cache.enabled and embedding_cache.size_mb
switch it off and limit it. It has neither texts nor keys in it.
"""


def _add_care(verbs: _Verbs) -> None:
    """Add what looks at everything and changes nothing."""
    audit = _add(verbs, "audit", "audit:audit", "print who changed what, newest first")
    audit.add_argument("--limit", type=_positive, metavar="N", help="only the newest")
    _add_format(audit)
    doctor = _add(verbs, "doctor", "doctor:doctor", "check settings, stores and secrets, and say what to do")
    doctor.add_argument(
        "--ask-providers", action="store_true", help="also ask each provider for one embedding with each credential"
    )
    _add_format(doctor)


def _add_load(verbs: _Verbs) -> None:
    load = _add(
        verbs, "load", "load:load", "load a file into a collection; a load that was stopped goes on", epilog=_LOAD
    )
    load.add_argument("file", metavar="FILE", type=Path, help="JSON, JSON Lines or CSV")
    _add_place(load)
    load.add_argument("--vector-field", metavar="FIELD", help="field whose text becomes the vector")
    load.add_argument("--lexical", action="store_true", help="make that text searchable by words, too")
    _add_format(load)


_LOAD = """\
The summary is printed on stdout, progress on stderr. Exit code 1 when a row could not be loaded; running the same
command again loads what is missing.
"""


def _add_search(verbs: _Verbs) -> None:
    search = _add(verbs, "search", "search:search", "search a collection by meaning, by words, by both, or by a vector")
    search.add_argument("text", metavar="TEXT", nargs="?", help="what to look for")
    _add_place(search)
    way = search.add_mutually_exclusive_group()
    way.add_argument("--hybrid", action="store_true", help="search by meaning and by words, in one order")
    way.add_argument("--words", action="store_true", help="search by words: documents that have every word")
    way.add_argument(
        "--vector", metavar="JSON", help="search with this vector, such as '[0.1, 0.2]', in place of a text"
    )
    search.add_argument(
        "--filter", metavar="JSON", help='only documents that match, such as \'{"year": {"$gte": 2020}}\''
    )
    search.add_argument("--limit", type=_positive, default=10, metavar="N", help="how many (default: %(default)s)")
    _add_format(search)


def _add_serve(verbs: _Verbs) -> None:
    serve = _add(verbs, "serve", "serve:serve", "answer the Data API on this machine, for its clients", epilog=_SERVE)
    serve.add_argument("--host", metavar="HOST", help="name or address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", metavar="N", help="port to listen on, 0 for a free one (default: 8181)")
    serve.add_argument("--token", metavar="TOKEN", help="the one accepted token, in place of the stored ones")
    serve.add_argument(
        "--no-token", dest="require_token", action="store_const", const=False, help="accept requests without a token"
    )
    serve.add_argument(
        "--host-names", metavar="NAMES", help="names of this machine that requests without a token may use, by commas"
    )
    serve.add_argument("--database", metavar="NAME", help="database of requests that name none")
    serve.add_argument("--certificate", metavar="FILE", help="TLS certificate chain (PEM)")
    serve.add_argument("--key", metavar="FILE", help="the certificate's private key (PEM)")
    serve.set_defaults(serving=True)


_SERVE = """\
It runs until it is interrupted, and then finishes the requests that have begun. Programs need an application token:
`astrolabe tokens create NAME` makes one. An argument can be read by others on this machine; the variable
ASTROLABE_SERVER__TOKEN sets the same as --token.
"""


def _add_tokens(verbs: _Verbs) -> None:
    noun = _add_noun(verbs, "tokens", "create, list and revoke the tokens of programs that use the server")
    create = _add(noun, "create", "tokens:create", "create an application token; it is printed this once")
    create.add_argument("name", metavar="NAME", help="unique name")
    _add_format(_add(noun, "list", "tokens:list_all", "list the application tokens; their secrets are not kept"))
    revoke = _add(noun, "revoke", "tokens:revoke", "revoke an application token; it is refused from then on")
    revoke.add_argument("name", metavar="NAME", help="name or id of the token")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line.

    Raises:
        UsageError: It cannot be understood.
        SystemExit: ``--help`` was asked for and has been printed.
    """
    return build_parser().parse_args(argv)
