"""Files of promtool tests: for each monitor, one for every distance of two evaluations that its windows need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from exporter.monitor.spec import Monitor
from rules import names
from rules.scenario.promtool_test import promtool_test
from rules.scenario.table import monitor_signals
from rules.scenario.timeline import step_of
from rules.yaml_document import to_yaml

COMMAND = "infranaut generate tests"
RULES_FOLDER = PurePosixPath("../rules")
"""Where a file of tests finds the rules: in the folder beside its own."""


def render(monitors: Sequence[Monitor]) -> Mapping[str, str]:
    """The text of each file by its name; promtool evaluates all tests of a file at one interval."""
    files: dict[str, str] = {}
    for monitor in sorted(monitors, key=lambda monitor: monitor.name):
        tests: dict[str, list[dict[str, object]]] = {}
        for signal in monitor_signals(monitor):
            tests.setdefault(step_of(signal), []).append(promtool_test(monitor, signal))
        for interval, documents in tests.items():
            files[names.tests_file(monitor.name, interval)] = _file(names.rule_file(monitor.name), interval, documents)
    return files


def _file(rule_file: str, interval: str, tests: Sequence[dict[str, object]]) -> str:
    document = {"rule_files": [str(RULES_FOLDER / rule_file)], "evaluation_interval": str(interval), "tests": tests}
    return to_yaml(document, COMMAND)
