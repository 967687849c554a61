"""The command a dialog will send, or has sent, as code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic.alias_generators import to_snake
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets import JAVA_CLASS, Language, render
from screens.kit.actions import Action, register
from screens.kit.viewer import Viewer

_SUFFIXES = {
    Language.JSON: ".json",
    Language.CURL: ".sh",
    Language.PYTHON: ".py",
    Language.TYPESCRIPT: ".mts",  # a module wherever it lies: it waits at its top level
}


class FormsDialog(Viewer):
    """Shows the same thing written in several languages; tab changes the language."""

    BINDINGS = register(
        Action("code.next", "tab,right", "Next language", "Show the command in the next language."),
        Action("code.previous", "shift+tab,left", "Previous", "Show it in the language before.", shown=False),
    )

    def __init__(self, languages: Sequence[str], write: Callable[[str], str]) -> None:
        """Show what ``write`` returns for each of the languages.

        Args:
            languages: What there is to choose from; at least one.
            write: Returns the text in a language.
        """
        self.languages = tuple(languages)
        self.position = 0
        self._write = write
        super().__init__("The command", write(self.languages[0]))

    def compose_above(self) -> ComposeResult:
        """Lay out the line of languages."""
        yield Static(self._line(), id="languages")

    def _line(self) -> Content:
        parts = [
            Content.styled(f" {language} ", "reverse bold" if place == self.position else "$foreground-muted")
            for place, language in enumerate(self.languages)
        ]
        more = "   tab: next" if len(self.languages) > 1 else ""
        return Content(" ").join(parts) + Content.styled(more, "dim")

    def _turn(self, step: int) -> None:
        self.position = (self.position + step) % len(self.languages)
        self.query_one("#languages", Static).update(self._line())
        self.replace_text(self._write(self.languages[self.position]))

    def action_code_next(self) -> None:
        """Show the next language."""
        self._turn(1)

    def action_code_previous(self) -> None:
        """Show the language before."""
        self._turn(-1)


class CodeDialog(FormsDialog):
    """Shows a Data API command as JSON, curl and whatever else the snippets can render."""

    def __init__(self, planned: PlannedCommand, endpoint: str) -> None:
        """Show a command.

        Args:
            planned: The command with where it goes.
            endpoint: The database's Data API address, named in the snippets.
        """
        self.planned = planned
        languages = [language.value for language in Language]
        super().__init__(languages, lambda language: render(planned, endpoint, Language(language)))

    def file_name(self) -> str:
        """Return a name after the command, as the language's own tools want it."""
        language = Language(self.languages[self.position])
        if language is Language.JAVA:
            return f"{JAVA_CLASS}.java"  # the compiler wants a file to be called as its class
        verb = self.planned.verb  # a client can have sent anything
        stem = to_snake(verb).replace("_", "-") if verb.isascii() and verb.isalpha() else "command"
        return stem + _SUFFIXES[language]


class CommandsDialog(FormsDialog):
    """Shows several commands that are sent one after the other."""

    FILE_NAME = "commands.txt"

    def __init__(self, planned: Sequence[PlannedCommand], endpoint: str) -> None:
        """Show commands, first to last; the arguments are those of :class:`CodeDialog`."""

        def write(language: str) -> str:
            return "\n\n".join(render(one, endpoint, Language(language)).rstrip() for one in planned) + "\n"

        super().__init__([language.value for language in Language], write)


class EquivalentsDialog(FormsDialog):
    """Shows what does the same as a dialog that sends no Data API command."""

    FILE_NAME = "command.sh"

    def __init__(self, equivalents: Mapping[str, str]) -> None:
        """Show texts by the name of what they are written in."""
        super().__init__(tuple(equivalents), lambda language: equivalents[language])
