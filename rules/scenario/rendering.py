"""Files of promtool tests: for each monitor, one for every distance of two evaluations that its windows need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import AlertingRule, RuleGroup
from rules.links import Links
from rules.rendering import monitor_groups
from rules.scenario.nothing_scraped import nothing_scraped_test
from rules.scenario.promtool_test import promtool_tests
from rules.scenario.self_alerts import SELF_STEP, self_signals
from rules.scenario.signal import Signal
from rules.scenario.table import monitor_signals
from rules.scenario.timeline import evaluation_of
from rules.self_monitoring import self_monitoring_groups
from rules.yaml_document import to_yaml

COMMAND = "infranaut generate tests"
RULES_FOLDER = PurePosixPath("../rules")
"""Where a file of tests finds the rules: in the folder beside its own."""

Tests = Mapping[Duration, Sequence[Mapping[str, object]]]
"""By the distance of two evaluations, which is one for all tests of a file."""


def render(monitors: Sequence[Monitor]) -> Mapping[str, str]:
    """The text of each file by its name; those of the exporter's own alerts come last."""
    files: dict[str, str] = {}
    for monitor in sorted(monitors, key=lambda monitor: monitor.name):
        groups = monitor_groups(monitor, Links())
        tests = _tests(groups, monitor_signals(monitor))
        files |= _files(monitor.name, names.rule_file(monitor.name), groups, tests)
    groups = self_monitoring_groups(Links())
    tests = _tests(groups, self_signals())
    tests[SELF_STEP] = [nothing_scraped_test(), *tests[SELF_STEP]]
    return files | _files(names.GENERAL_PART, names.GENERAL_RULE_FILE, groups, tests)


def _tests(groups: Sequence[RuleGroup], signals: Sequence[Signal]) -> dict[Duration, list[Mapping[str, object]]]:
    alerts = [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]
    by_evaluation: dict[Duration, list[Signal]] = {}
    for signal in signals:
        by_evaluation.setdefault(evaluation_of(signal), []).append(signal)
    return {evaluated: promtool_tests(alerts, alike) for evaluated, alike in by_evaluation.items()}


def _files(part: str, rule_file: str, groups: Sequence[RuleGroup], tests: Tests) -> dict[str, str]:
    """Groups are evaluated in their order, since some read what others have recorded."""
    return {
        names.tests_file(part, evaluated): to_yaml(
            {
                "rule_files": [str(RULES_FOLDER / rule_file)],
                "evaluation_interval": str(evaluated),
                "group_eval_order": [group.name for group in groups],
                "tests": documents,
            },
            COMMAND,
        )
        for evaluated, documents in tests.items()
    }
