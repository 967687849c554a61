"""What ``serve --compare`` tells: where another server answers otherwise, request by request and at the end."""

from __future__ import annotations

from collections.abc import Iterator

from astrolabe.serving.comparison import Compared, Comparison, Found
from tui.cli.output import to_json
from tui.cli.verbs.serve.ink import DIM, NONE, RED, painter
from tui.settings.sections import LogFormat


def comparison_line(compared: Compared, form: LogFormat = LogFormat.TEXT, *, colour: bool = False) -> str:
    """Return where another server answered a request otherwise: some lines for people, or an object for programs."""
    if form is LogFormat.JSON:
        return to_json(
            {
                "time": compared.at.isoformat(timespec="milliseconds"),
                "compared": compared.command or None,
                "target": compared.target or None,
                "differences": [_fields(found) for found in compared.differences],
                "failure": compared.failure or None,
            }
        )
    paint = painter(colour=colour)
    head = paint(compared.at.astimezone().strftime("%H:%M:%S.%f")[:-3], DIM)
    kind = paint("NOT COMPARED" if compared.failure else "DIFFERS", RED)
    words = [compared.failure] if compared.failure else [str(found) for found in compared.differences]
    return "\n    ".join([f"{head}  {kind}  {compared.command or NONE}  {compared.target or NONE}", *words])


def comparison_report(comparison: Comparison, form: LogFormat) -> Iterator[str]:
    """Yield what came of the whole run: the counts, then every difference with how often it was met."""
    summary = comparison.summary
    differences = [(command, found, times) for (command, found), times in summary.differences.items()]
    if form is LogFormat.JSON:
        yield to_json(
            {
                "compared_with": comparison.host,
                "equal": summary.equal,
                "differing": summary.differing,
                "unanswered": summary.unanswered,
                "differences": [
                    {"command": command or None, **_fields(found), "times": times}
                    for command, found, times in differences
                ],
                "more": summary.more,
            }
        )
        return
    yield (
        f"Beside {comparison.host}: {summary.equal} answers equal, {summary.differing} differ, "
        f"{summary.unanswered} without an answer there."
    )
    for command, found, times in differences:
        yield f"  {command or NONE}  {found}" + (f"  ({times} times)" if times > 1 else "")
    if summary.more:
        yield f"  and {summary.more} times something else"


def _fields(found: Found) -> dict[str, str]:
    return {"place": found.place, "here": found.here, "there": found.there}
