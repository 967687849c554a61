"""What the command line takes for ``serve``. Nothing heavy is imported here."""

from __future__ import annotations

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
    serve.set_defaults(serving=True)


_SERVE = """\
It runs until it is interrupted, and then finishes the requests that have begun. Programs need an application token:
`astrolabe tokens create NAME` makes one. An argument can be read by others on this machine; the variable
ASTROLABE_SERVER__TOKEN sets the same as --token.
"""
