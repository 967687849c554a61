"""The command line: the parser, the process, the output, and one module per noun under ``verbs``."""

from tui.cli.entry import main, verb

__all__ = ["main", "verb"]
