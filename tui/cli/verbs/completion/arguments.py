"""What the command line takes for ``completion``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import Arguments, Verbs, add_noun, add_verb


class WordsArguments(Arguments):
    """What ``completion words`` is given."""

    word: list[str]


def add_completion(verbs: Verbs) -> None:
    """Add ``completion`` and what belongs to it."""
    noun = add_noun(verbs, "completion", "complete verbs, options and names in bash, zsh and fish")
    for shell, how in _HOW.items():
        add_verb(noun, shell, f"completion.run:{shell}", Arguments, f"print the script for {shell}", epilog=how)
    words = add_verb(noun, "words", "completion.run:words", WordsArguments, "print what may come next, for the scripts")
    words.add_argument("word", metavar="WORD", nargs="*", default=[], help="the words so far, after a --")


_HOW = {
    "bash": "In ~/.bashrc:\n  source <(astrolabe completion bash)\n",
    "zsh": "In ~/.zshrc, after compinit:\n  source <(astrolabe completion zsh)\n",
    "fish": "Once:\n  astrolabe completion fish > ~/.config/fish/completions/astrolabe.fish\n",
}
