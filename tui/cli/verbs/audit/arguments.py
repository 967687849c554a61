"""What the command line takes for ``audit``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import PrintedArguments, Verbs, add_format, add_verb, positive


class AuditArguments(PrintedArguments):
    """What ``audit`` is given."""

    limit: int | None


def add_audit(verbs: Verbs) -> None:
    """Add the verb ``audit``."""
    audit = add_verb(verbs, "audit", "audit.run:audit", AuditArguments, "print who changed what, newest first")
    audit.add_argument("--limit", type=positive, metavar="N", help="only the newest")
    add_format(audit)
