"""The words of the command line, read from its parser: for completion and the man page."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def verbs_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the verbs that may follow, by name, without other spellings of the same one."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, one in action.choices.items():
                if one not in found.values():
                    found[name] = one
    return found


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return what may be given besides verbs: options and words, without those that are not told."""
    return [
        action
        for action in parser._actions  # noqa: SLF001
        if not isinstance(action, argparse._SubParsersAction) and action.help is not argparse.SUPPRESS  # noqa: SLF001
    ]


@dataclass(frozen=True, slots=True)
class Expected:
    """What may come next.

    Attributes:
        words: The words that are known.
        names: What is named here: ``database``, ``keyspace``, ``collection`` or ``table``; empty for nothing of these.
    """

    words: tuple[str, ...] = ()
    names: str = ""


NAMED = ("database", "keyspace", "collection", "table")
"""Options whose values are names that can be looked up."""

_POSITIONAL = {"databases": "database", "collections": "collection", "tables": "table"}
"""Nouns whose verbs take a name of that kind as their word."""


def expected(parser: argparse.ArgumentParser, words: Sequence[str]) -> Expected:
    """Return what may stand in place of the last of ``words``, after those before it."""
    *before, typed = words or [""]
    noun, waiting = "", None
    for word in before:
        options = {name: action for action in options_of(parser) for name in action.option_strings}
        following = verbs_of(parser)
        if waiting is not None:
            waiting = None
        elif word in options:
            waiting = options[word] if options[word].nargs != 0 else None
        elif word in following:
            noun, parser = (word if verbs_of(following[word]) else noun), following[word]
    if waiting is not None:
        if waiting.choices is not None:
            return Expected(_starting(map(str, waiting.choices), typed))
        return Expected(names=waiting.dest if waiting.dest in NAMED else "")
    if typed.startswith("-"):
        return Expected(_starting((name for one in options_of(parser) for name in one.option_strings), typed))
    verbs = verbs_of(parser)
    if verbs:
        return Expected(_starting(verbs, typed))
    takes_name = any(not one.option_strings and one.dest == "name" for one in options_of(parser))
    return Expected(names=_POSITIONAL.get(noun, "") if takes_name else "")


def value_of(words: Sequence[str], option: str, default: str | None = None) -> str | None:
    """Return what an option was given among words that may not be complete."""
    for place, word in enumerate(words):
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
        if word == option and place + 1 < len(words):
            return words[place + 1]
    return default


def _starting(words: Iterable[str], typed: str) -> tuple[str, ...]:
    return tuple(word for word in words if word.startswith(typed))
