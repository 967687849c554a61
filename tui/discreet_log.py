"""Textual's log without what the user types: with ``TEXTUAL_LOG`` set, every key would be in it."""

from __future__ import annotations

from typing import Any

from textual import Logger, events
from textual import log as framework_log
from textual._log import LogGroup, LogVerbosity
from textual.widgets import Input

_TYPED = (events.Key, events.Paste, Input.Blurred, Input.Changed, Input.Submitted)


class DiscreetLogger(Logger):
    """A logger of the framework that leaves out keys, pastes and the texts of inputs: they may be secrets."""

    def __call__(self, *args: object, **named: Any) -> None:  # noqa: ANN401 - passed on as they are
        """Log, unless something typed is in it."""
        if not any(isinstance(arg, _TYPED) for arg in args):
            super().__call__(*args, **named)

    def verbosity(self, verbose: bool) -> Logger:  # noqa: FBT001 - the signature is the library's
        """Return a logger for one verbosity."""
        level = LogVerbosity.HIGH if verbose else LogVerbosity.NORMAL
        return DiscreetLogger(self._log, self._group, level, app=self.app)

    @property
    def event(self) -> Logger:
        """The logger of events, which is the one that gets what is typed."""
        return DiscreetLogger(self._log, LogGroup.EVENT, app=self.app)


def make_log_discreet() -> None:
    """Replace the framework's logger, for all of its modules: they share one object, so its class is changed."""
    framework_log.__class__ = DiscreetLogger
