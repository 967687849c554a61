"""What holds for all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings

from tests.support.headless import draw_when_asked

# Nothing here depends on how fast the machine is, nor on what it does beside.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

draw_when_asked()

gc.disable()  # until the tests are collected: all that is made meanwhile stays


def pytest_configure() -> None:
    """Take signals as a terminal's own process does, though whoever started the tests ignores them.

    A shell ignores SIGINT for a background job, and ``nohup`` ignores SIGHUP; every program that a test starts would.
    """
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            with suppress(ValueError):  # not the main thread of a process of xdist
                signal.signal(number, handler)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end.

    A test of the console makes and drops tens of thousands of objects; looking through all modules and tests each time
    was a fifth of the time that those tests took.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what a test has said be told whatever is in it: half a surrogate pair would end all test processes."""
    report = yield
    if report.failed:
        report.longrepr = _told(str(report.longrepr))
    report.sections = [(name, _told(content)) for name, content in report.sections]
    return report


def _told(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
