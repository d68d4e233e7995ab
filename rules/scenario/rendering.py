"""Files of promtool tests: for each monitor and each service of OpenSLO, one for every distance of two evaluations that
its windows need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from exporter.monitor.duration import Duration
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import AlertingRule, RuleGroup
from rules.links import Links
from rules.rendering import monitor_groups
from rules.scenario.nothing_scraped import nothing_scraped_test
from rules.scenario.promtool_test import promtool_tests
from rules.scenario.self_alerts import SELF_STEP, self_signals
from rules.scenario.service_slo import service_signals, untested_because
from rules.scenario.signal import Signal
from rules.scenario.table import monitor_signals
from rules.scenario.timeline import evaluation_of
from rules.self_monitoring import self_monitoring_groups
from rules.slo.services import service_groups
from rules.yaml_document import after_header, to_yaml

COMMAND = "infranaut generate tests"
RULES_FOLDER = PurePosixPath("../rules")
"""Where a file of tests finds the rules: in the folder beside its own."""

Tests = Mapping[Duration, Sequence[Mapping[str, object]]]
"""By the distance of two evaluations, which is one for all tests of a file."""


def render(monitors: Sequence[Monitor], objectives: Sequence[ServiceSlo] = ()) -> Mapping[str, str]:
    """The text of each file by its name; those of the exporter's own alerts come last."""
    files: dict[str, str] = {}
    for monitor in sorted(monitors, key=lambda monitor: monitor.name):
        groups = monitor_groups(monitor, Links())
        tests = _tests(groups, monitor_signals(monitor))
        files |= _files(monitor.name, names.rule_file(monitor.name), groups, tests)
    for part, groups in service_groups(objectives, monitors, Links()).items():
        of_part = [slo for slo in objectives if names.service_part(slo.service) == part]
        files |= _service_files(part, groups, of_part)
    groups = self_monitoring_groups(Links())
    tests = _tests(groups, self_signals())
    tests[SELF_STEP] = [nothing_scraped_test(), *tests[SELF_STEP]]
    return files | _files(names.GENERAL_PART, names.GENERAL_RULE_FILE, groups, tests)


def untested(objectives: Sequence[ServiceSlo]) -> list[str]:
    """The OpenSLO objectives that no test proves, each with the reason."""
    return [reason for slo in objectives if (reason := untested_because(slo))]


def _service_files(part: str, groups: Sequence[RuleGroup], objectives: Sequence[ServiceSlo]) -> dict[str, str]:
    """None where no objective can be driven; else each file says which of them cannot."""
    driven = [slo for slo in objectives if untested_because(slo) is None]
    tests = _tests(groups, [signal for slo in driven for signal in service_signals(slo)])
    remarks = "".join(f"# {reason}\n" for reason in untested(objectives))
    files = _files(part, names.rule_file(part), groups, tests)
    return {name: after_header(text, remarks) for name, text in files.items()}


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
