"""What the command line takes for ``integrations``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import ConfirmedArguments, PrintedArguments, Verbs, add_format, add_noun, add_verb, add_yes


class ListArguments(PrintedArguments):
    """What ``integrations list`` is given."""


class RemoveArguments(ConfirmedArguments):
    """What ``integrations remove`` is given."""

    provider: str


def add_integrations(verbs: Verbs) -> None:
    """Add ``integrations`` and what belongs to it."""
    noun = add_noun(verbs, "integrations", "list embedding providers, and remove one from the organization")
    add_format(
        add_verb(
            noun,
            "list",
            "integrations.run:list_all",
            ListArguments,
            "list the embedding providers and whether they are active",
        )
    )
    remove = add_verb(
        noun, "remove", "integrations.run:remove", RemoveArguments, "remove all credentials of a provider"
    )
    remove.add_argument("provider", metavar="KEY", help="the embedding provider, such as huggingfaceDedicated")
    add_yes(remove)
