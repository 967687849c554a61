"""What the command line takes for ``collections``. Nothing heavy is imported here."""

from __future__ import annotations

import argparse

from tui.cli.arguments import (
    ConfirmedArguments,
    KeyspaceArguments,
    PrintedArguments,
    Verbs,
    add_format,
    add_noun,
    add_place,
    add_verb,
    add_yes,
)


class CreateArguments(KeyspaceArguments):
    """What ``collections create`` is given."""

    name: str
    provider: str | None
    model: str | None
    dimension: int | None
    metric: str | None
    key: str | None
    param: list[str]
    lexical: bool | None
    analyzer: str | None
    rerank: bool | None
    default_id: str | None


class ListArguments(KeyspaceArguments, PrintedArguments):
    """What ``collections list`` is given."""


class ShowArguments(KeyspaceArguments):
    """What ``collections show`` is given."""

    name: str


class DeleteArguments(KeyspaceArguments, ConfirmedArguments):
    """What ``collections delete`` is given."""

    name: str


_METRICS = ("cosine", "dot_product", "euclidean")


_ID_TYPES = ("uuid", "uuidv6", "uuidv7", "objectId")


def add_collections(verbs: Verbs) -> None:
    """Add ``collections`` and what belongs to it."""
    noun = add_noun(verbs, "collections", "create, list and delete collections")
    create = add_verb(
        noun, "create", "collections.run:create", CreateArguments, "create a collection", epilog=_CREATE_COLLECTION
    )
    create.add_argument("name", metavar="NAME", help="unique name in the keyspace")
    add_place(create, collection=False)
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
        "--lexical",
        action=argparse.BooleanOptionalAction,
        help="let documents be found by words, or not (default: as the server has it, on)",
    )
    create.add_argument("--analyzer", metavar="NAME", help="what decides what a word is, such as english")
    create.add_argument(
        "--rerank", action=argparse.BooleanOptionalAction, help="let hybrid searches be reranked, or not (default: on)"
    )
    create.add_argument("--default-id", choices=_ID_TYPES, help="type of the ids that are made up")
    listing = add_verb(noun, "list", "collections.run:list_all", ListArguments, "list the collections of a keyspace")
    add_place(listing, collection=False)
    add_format(listing)
    show = add_verb(
        noun, "show", "collections.run:show", ShowArguments, "print a collection's options and size as JSON"
    )
    show.add_argument("name", metavar="NAME", help="the collection")
    add_place(show, collection=False)
    delete = add_verb(
        noun, "delete", "collections.run:delete", DeleteArguments, "delete a collection and its documents, for ever"
    )
    delete.add_argument("name", metavar="NAME", help="the collection")
    add_place(delete, collection=False)
    add_yes(delete)


_CREATE_COLLECTION = """\
examples:
  astrolabe collections create books --database library --provider embedded
  astrolabe collections create reviews --database library --provider huggingfaceDedicated --key hf-main \\
      --dimension 384 --param endpointName=my-endpoint --param regionName=us-east-1 --param cloudName=aws
  astrolabe collections create points --database library --dimension 3 --metric euclidean
  astrolabe collections create notes --database library --provider embedded --analyzer english
"""
