"""How the help of the command line is laid out: prose breaks between words, and a command keeps its lines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from tui.cli.output import wrapped

_PART = re.compile(r"(?:-\S+ (?!-))?(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")
"""A word of a command with the spaces that stand in its quotes; an option stays beside its value."""

_FURTHER = " " * 4
"""What a command's second line is further in than its first."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Fills paragraphs to the terminal's width; lines that are further in are commands, and go on behind a backslash.

    The framework's own formatters either run commands into the prose, or leave lines to be cut by the terminal.
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = (line for part in _paragraphs(text) for line in _laid_out(part, width - len(indent)))
        return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)

    def _format_usage(self, usage: str | None, *rest: object) -> str:
        """Break what argparse leaves in one piece: a group of options of which one may be given."""
        whole: str = super()._format_usage(usage, *rest)  # type: ignore[arg-type]
        return "".join(part for line in whole.splitlines(keepends=True) for part in self._broken(line))

    def _broken(self, line: str) -> Iterator[str]:
        indent = " " * (len(line) - len(line.lstrip()))
        further, room = f"{indent} ", self._width - len(indent)
        while len(line.strip()) > room and " | " in line.strip()[:room]:
            head, tail = line.strip()[:room], line.strip()[room:]
            fits, _, over = head.rpartition(" | ")
            yield f"{indent}{fits} |\n"
            line = f"{further}{over}{tail}\n"
            indent, room = further, self._width - len(further)
        yield line


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text with prose joined to paragraphs; a command with its continued lines is one."""
    prose: list[str] = []
    command = ""
    for line in text.splitlines():
        if command.endswith("\\"):
            command = f"{command[:-1].rstrip()} {line.strip()}"
        elif line.startswith(" "):
            yield from _flushed(prose, command)
            prose, command = [], line
        else:
            yield from _flushed([], command)
            command = ""
            if line.strip() and not line.endswith(":"):
                prose.append(line.strip())
                continue
            yield from _flushed([*prose, line] if line.strip() else prose, "")
            prose = []
            if not line.strip():
                yield ""
    yield from _flushed(prose, command)


def _flushed(prose: list[str], command: str) -> Iterator[str]:
    if prose:
        yield " ".join(prose)
    if command:
        yield command


def _laid_out(part: str, width: int) -> Iterator[str]:
    if not part.startswith(" "):
        yield from wrapped(part, width)
        return
    indent = part[: len(part) - len(part.lstrip())]
    words = _PART.findall(part)
    line = indent
    for place, word in enumerate(words):
        last = place == len(words) - 1
        gap = "" if not line.strip() else " "
        if line.strip() and len(line) + 1 + len(word) + (0 if last else 2) > width:
            yield f"{line} \\"
            line, gap = indent + _FURTHER, ""
        line += gap + word
    yield line
