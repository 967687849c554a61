"""What the command line takes for ``authority``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import Arguments, Verbs, add_noun, add_verb


def add_authority(verbs: Verbs) -> None:
    """Add ``authority`` and what belongs to it."""
    noun = add_noun(verbs, "authority", "show and remove the certificate authority of `serve --astra-host-names`")
    add_verb(noun, "show", "authority.run:show", Arguments, "print the certificate's file, and how programs trust it")
    add_verb(noun, "remove", "authority.run:remove", Arguments, "delete the authority's key and certificates")
