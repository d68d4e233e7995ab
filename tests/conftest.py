"""Golden files that can be written again, and a last word on which services were real and what was skipped for want."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.golden import GoldenFiles
from tests.support.programs import used


def pytest_configure() -> None:
    """Whatever started this run, programs that tests start can be interrupted, and scikit-learn has one thread.

    What a shell starts in the background ignores interrupts, and so do its children. Threads of OpenMP spin while they
    wait, which costs minutes on a busy machine.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files again, instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> GoldenFiles:
    """Compares with golden files, or writes them with --update-golden."""
    return GoldenFiles(is_updating=request.config.getoption("--update-golden"))


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Of several processes, one runs all tests of a file, and one all those that share the fleet."""
    for item in items:
        is_of_fleet = "fleet" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("fleet" if is_of_fleet else str(item.path)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells the process that prints the summary which services this one used."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["used"] = dict(used)


def pytest_testnodedown(node: Any) -> None:
    used.update(node.workeroutput.get("used", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the summary that a reader needs to know what the run proved."""
    terminalreporter.section("services")
    for name, version in sorted(used.items()):
        terminalreporter.line(f"real     {name} {version}")
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    for reason, tests in sorted(reasons.items()):
        terminalreporter.line(f"skipped  {tests} {'test' if tests == 1 else 'tests'}: {reason}")
    if not used and not reasons:
        terminalreporter.line("none was asked for, nothing was skipped")


def _reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    return str(where[2] if isinstance(where, tuple) else where).removeprefix("Skipped: ")
