"""The man page, made from the parser: what the command line takes stands in one place."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from tui.cli.words import options_of, verbs_of


def man_page(parser: argparse.ArgumentParser) -> str:
    """Return the whole command line as a man page in roff."""
    lines = [
        '.TH ASTROLABE 1 "" "Astrolabe" "User Commands"',
        ".SH NAME",
        "astrolabe \\- a terminal console for vector collections",
        ".SH SYNOPSIS",
        ".B astrolabe",
        "[\\fIVERB\\fR] [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        escaped(parser.description or ""),
        ".SH OPTIONS",
        *_options(parser),
        ".SH VERBS",
        *_verbs(parser, (), frozenset(name for one in options_of(parser) for name in one.option_strings)),
        ".SH NOTES",
        escaped(parser.epilog or ""),
    ]
    return "\n".join(lines)


def _verbs(parser: argparse.ArgumentParser, path: tuple[str, ...], everywhere: frozenset[str]) -> Iterator[str]:
    for name, verb in verbs_of(parser).items():
        words = (*path, name)
        inner = verbs_of(verb)
        if inner:
            yield from _verbs(verb, words, everywhere)
            continue
        yield f".SS {escaped(' '.join(words))}"
        yield escaped(verb.description or "")
        yield from _options(verb, everywhere)
        if verb.epilog:
            yield from (".PP", ".nf", escaped(verb.epilog.rstrip()), ".fi")


def _options(parser: argparse.ArgumentParser, told: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what may be given, without what has been told once for all verbs."""
    for action in options_of(parser):
        if told & set(action.option_strings):
            continue
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or action.dest.upper()}"
        help_text = (action.help or "") % {"default": action.default, "prog": parser.prog}
        yield from (".TP", f"\\fB{escaped(name)}\\fR{escaped(value)}", escaped(help_text))


def escaped(text: str) -> str:
    """Return text in which nothing means anything to roff."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in {".", "'"} else line for line in lines)
