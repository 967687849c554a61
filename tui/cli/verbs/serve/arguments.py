"""What the command line takes for ``serve``. Nothing heavy is imported here."""

from __future__ import annotations

from argparse import ArgumentParser

from tui.cli.arguments import Arguments, Verbs, add_verb


class ServeArguments(Arguments):
    """What ``serve`` is given."""

    host: str | None
    port: str | None
    token: str | None
    require_token: bool | None
    host_names: str | None
    database: str | None
    certificate: str | None
    key: str | None
    create: bool
    port_per_database: bool | None
    astra_host_names: bool | None
    astra_port: str | None
    log_format: str | None
    log_bodies: bool | None
    slow_ms: str | None
    compare: str | None


def add_serve(verbs: Verbs) -> None:
    """Add ``serve`` and what belongs to it."""
    serve = add_verb(
        verbs,
        "serve",
        "serve.run:serve",
        ServeArguments,
        "answer the Data API on this machine, for its clients",
        epilog=_SERVE,
    )
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
    serve.add_argument("--create", action="store_true", help="make the database of --database if there is none")
    _add_doors(serve)
    _add_log(serve)
    serve.add_argument(
        "--compare",
        metavar="URL",
        help="send each request there, too (its token: ASTROLABE_SERVER__COMPARE_TOKEN), and tell where answers differ",
    )
    serve.set_defaults(serving=True)


def _add_doors(serve: ArgumentParser) -> None:
    """Add the addresses beside the server's own."""
    serve.add_argument(
        "--port-per-database", action="store_const", const=True, help="give every database a port of its own, too"
    )
    serve.add_argument(
        "--astra-host-names",
        action="store_const",
        const=True,
        help="answer the host names that Astra DB would give the databases, too, with TLS; see `astrolabe authority`",
    )
    serve.add_argument("--astra-port", metavar="N", help="port of these host names (default: 443)")


def _add_log(serve: ArgumentParser) -> None:
    """Add what is said of the lines about requests."""
    serve.add_argument(
        "--log-format", choices=("text", "json"), help="how each request is told on stderr (default: text)"
    )
    serve.add_argument(
        "--log-bodies",
        action="store_const",
        const=True,
        help="tell what was sent and answered, too; tokens and keys are masked, documents are not",
    )
    serve.add_argument(
        "--slow", dest="slow_ms", metavar="MS", help="milliseconds from which on a request is marked (default: 1000)"
    )


_SERVE = """\
It runs until it is interrupted, and then finishes the requests that have begun. Programs need an application token:
`astrolabe tokens create NAME` makes one. An argument can be read by others on this machine; the variable
ASTROLABE_SERVER__TOKEN sets the same as --token.
"""
