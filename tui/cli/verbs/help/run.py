"""``astrolabe help VERB``: the same as ``astrolabe VERB --help``."""

from __future__ import annotations

from tui.cli.output import emit
from tui.cli.parser import build_parser
from tui.cli.verbs.help.arguments import HelpArguments
from tui.cli.verbs.help.man_page import man_page


async def explain(args: HelpArguments) -> int:
    """Print the help of a verb, or the man page."""
    if args.man:
        emit([man_page(build_parser())])
        return 0
    try:
        build_parser().parse_args([*args.verb, "--help"])
    except SystemExit as printed:
        return int(printed.code or 0)
    return 0
