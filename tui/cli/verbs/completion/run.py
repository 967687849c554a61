"""``astrolabe completion``: scripts for the shells, and the words that they ask for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from astrolabe.errors import AstrolabeError
from tui.cli.arguments import DEFAULT_KEYSPACE, Arguments
from tui.cli.output import emit
from tui.cli.parser import build_parser
from tui.cli.session import workspace_of
from tui.cli.verbs.completion.arguments import WordsArguments
from tui.cli.words import expected, value_of

_BASH = """\
_astrolabe() {
    local IFS=$'\\n'
    COMPREPLY=($(astrolabe completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    compopt -o filenames 2>/dev/null
}
complete -o default -F _astrolabe astrolabe"""

_ZSH = """\
_astrolabe() {
    local -a found
    found=("${(@f)$(astrolabe completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _astrolabe astrolabe"""

_FISH = """\
function __astrolabe_words
    set -l given (commandline -opc) (commandline -ct)
    astrolabe completion words -- $given[2..-1] 2>/dev/null
end
complete -c astrolabe -a '(__astrolabe_words)'"""


async def bash(_args: Arguments) -> int:
    """Print the script for bash."""
    emit([_BASH])
    return 0


async def zsh(_args: Arguments) -> int:
    """Print the script for zsh."""
    emit([_ZSH])
    return 0


async def fish(_args: Arguments) -> int:
    """Print the script for fish."""
    emit([_FISH])
    return 0


async def words(args: WordsArguments) -> int:
    """Print what may come next, one a line; nothing where only a file or something of the user's can come."""
    found = expected(build_parser(), args.word)
    typed = args.word[-1] if args.word else ""
    names: list[str] = []
    if found.names:
        with suppress(AstrolabeError):  # a shell that completes has nowhere to show an error
            names = await _names(args, found.names)
    emit([*found.words, *(name for name in names if name.startswith(typed))])
    return 0


async def _names(args: WordsArguments, kind: str) -> list[str]:
    """Return the names of databases, or of what is in the database and keyspace that were named before."""
    folder = value_of(args.word, "--data-dir")
    if folder is not None:
        args.data_dir = Path(folder)
    async with workspace_of(args) as workspace:
        if kind == "database":
            return [database.name for database in await workspace.connection.databases()]
        named = value_of(args.word, "--database")
        if named is None:
            return []
        client = await workspace.connection.client(await workspace.connection.find(named))
        if kind == "keyspace":
            return await client.keyspaces()
        keyspace = value_of(args.word, "--keyspace", DEFAULT_KEYSPACE) or DEFAULT_KEYSPACE
        listing = client.tables if kind == "table" else client.collections
        return [info.name for info in await listing(keyspace)]
