"""Provider weather: how a provider has been of late with the chosen credential, under the tree of the integration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from astrolabe.providers.call_health import Report
from astrolabe.text.provider_report import Fact, headroom_words, seconds_words
from astrolabe.text.safe_text import display_text
from screens.kit.test_result import facts_content

INTERVAL = 1.0
"""Seconds between two looks at the weather; nothing is drawn while it is the same."""

_MESSAGE = 110
"""Characters of the last failure's message that are shown."""


class WeatherPanel(Static):
    """Shows the weather; hidden while there has been no request."""

    DEFAULT_CSS = """
    WeatherPanel { height: auto; max-height: 9; padding: 0 1; border-top: solid $panel; display: none; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, markup=False)
        self._shown: tuple[Report, ...] = ()
        self._now: datetime | None = None
        self._timeless = False

    def show(self, reports: Sequence[Report], now: datetime, *, timeless: bool = False) -> None:
        """Show reports of one provider: of the chosen credential, and of keys that came with requests.

        Args:
            reports: Those with nothing to tell are left out.
            now: The present, so that times of other days get a date.
            timeless: Leave out durations.
        """
        told = tuple(report for report in reports if not report.silent)
        self._now, self._timeless = now, timeless
        if told != self._shown:
            self._shown = told
            self.display = bool(told)
            self._draw()

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self._draw()

    def _draw(self) -> None:
        if self._shown and self._now is not None:
            width = max(self.content_size.width or self.app.size.width - 4, 20)
            parts = [weather_content(one, self._now, width, timeless=self._timeless) for one in self._shown]
            self.update(Content("\n").join(parts))


def weather_content(report: Report, now: datetime, width: int, *, timeless: bool = False) -> Content:
    """Return one report as lines that are ``width`` cells wide."""
    whose = report.credential or "no stored credential"
    heading = Content.styled(f"Weather: {display_text(whose)}", "bold $text-accent")
    since = Content.styled("  since this program was started", "$foreground-muted")
    if cell_len(whose) + cell_len("Weather:   since this program was started") <= width:
        heading += since
    return heading + Content("\n") + facts_content(weather_facts(report, now, timeless=timeless), width)


def weather_facts(report: Report, now: datetime, *, timeless: bool = False) -> list[Fact]:
    """Return a report line by line."""
    found = [Fact("Last answer", _moment(report.last_success, now) if report.last_success else "none yet")]
    mishap = report.last_failure
    if mishap is not None:
        status = f", HTTP {mishap.status}" if mishap.status is not None else ""
        simulated = ", simulated" if mishap.simulated else ""
        words = f"{_moment(mishap.at, now)}  {mishap.failure}{status}{simulated}"
        words += "" if mishap.status is not None else f". {mishap.message}"
        found.append(Fact("Last fail", display_text(words, limit=_MESSAGE), wrong=_is_news(report)))
    if report.median is not None and report.slow is not None and not timeless:
        found.append(Fact("Latency", f"half within {seconds_words(report.median)} (p50), 95% within {_slow(report)}"))
    found.append(Fact("Requests", _counts(report)))
    if report.headroom:
        found.append(Fact("Quota left", headroom_words(report.headroom)))
    return found


def _slow(report: Report) -> str:
    return f"{seconds_words(report.slow or 0)} (p95)"


def _is_news(report: Report) -> bool:
    """Whether the last request was the one that failed."""
    mishap = report.last_failure
    return mishap is not None and (report.last_success is None or mishap.at >= report.last_success)


def _counts(report: Report) -> str:
    failed = f", {report.failed:,} failed" if report.failed else ""
    parts = [f"{report.requests:,}{failed}", f"{report.texts:,} text{'' if report.texts == 1 else 's'}"]
    if report.tokens:
        parts.append(f"{report.tokens:,} tokens")
    if report.cached:
        parts.append(f"{report.cached:,} from the cache")
    return " · ".join(parts)


def _moment(moment: datetime, now: datetime) -> str:
    """Return a time of today as ``12:00:03``, another with its date."""
    local, today = moment.astimezone(), now.astimezone().date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M")
