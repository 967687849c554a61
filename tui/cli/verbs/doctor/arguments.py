"""What the command line takes for ``doctor``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import PrintedArguments, Verbs, add_format, add_verb


class DoctorArguments(PrintedArguments):
    """What ``doctor`` is given."""

    ask_providers: bool


def add_doctor(verbs: Verbs) -> None:
    """Add the verb ``doctor``."""
    words = "check settings, stores and secrets, and say what to do"
    doctor = add_verb(verbs, "doctor", "doctor.run:doctor", DoctorArguments, words)
    doctor.add_argument(
        "--ask-providers", action="store_true", help="also ask each provider for one embedding with each credential"
    )
    add_format(doctor)
