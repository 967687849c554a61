"""What the command line takes for ``lab``. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
import math

from tui.cli.arguments import Arguments, PrintedArguments, Verbs, add_format, add_noun, add_verb, positive


class ListArguments(PrintedArguments):
    """What ``lab list`` is given."""


class OnArguments(Arguments):
    """What ``lab on`` is given."""

    provider: str
    trouble: str
    delay: float | None
    calls: int | None


class OffArguments(Arguments):
    """What ``lab off`` is given."""

    provider: str | None


_TROUBLES = """\
Troubles:
  unauthorized (401)   the key is refused
  billing (402)        no credit is left
  rate-limited (429)   too many requests; --delay is the time it asks to wait
  loading (503)        the model is loading; --delay is the time it says that will take
  wrong-dimension      the vectors have another dimension than the collection
  timeout              no answer in time; --delay is how long that takes here
  collection-limit     createCollection answers that the database is full

It holds for every program on the data folder, a running server too. Each request that would have been sent to the
provider is one call, so an answer that is tried again counts again.
"""


def add_lab(verbs: Verbs) -> None:
    """Add the noun ``lab`` and its verbs."""
    noun = add_noun(verbs, "lab", "make embedding providers fail, to try out how a program takes it")
    add_format(
        add_verb(noun, "list", "lab.run:list_all", ListArguments, "list what fails now, and for how many calls more")
    )
    on = add_verb(
        noun, "on", "lab.run:on", OnArguments, "answer a provider's calls as it would in trouble", epilog=_TROUBLES
    )
    on.add_argument("provider", metavar="PROVIDER", help="key of the provider, such as openai, or all")
    on.add_argument("--trouble", required=True, metavar="NAME", help="what happens: a name or HTTP status from below")
    on.add_argument("--delay", type=_seconds, metavar="SECONDS", help="for rate-limited, loading and timeout")
    on.add_argument("--calls", type=positive, metavar="N", help="only the next N calls (default: until switched off)")
    off = add_verb(noun, "off", "lab.run:off", OffArguments, "let a provider answer again, or all of them")
    off.add_argument("provider", metavar="PROVIDER", nargs="?", help="key of the provider (default: everything)")


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds from 0")
    return number
