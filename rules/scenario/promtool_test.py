"""One test of promtool: a signal in every situation, and which of them fire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.promql import equals
from rules.rendering import monitor_groups
from rules.scenario.signal import Signal
from rules.scenario.situations import Situation, input_series, situations_of
from rules.scenario.timeline import timeline


def promtool_test(monitor: Monitor, signal: Signal) -> dict[str, object]:
    """The test as YAML has it."""
    situations = situations_of(signal)
    passing = timeline(signal, _held_s(monitor, signal))
    own = "".join(f", {label} {value}" for label, value in signal.own.items())
    return {
        "interval": str(passing.step),
        "name": signal.alert + own,
        "input_series": [series for situation in situations for series in input_series(signal, situation, passing)],
        "promql_expr_test": _expectations(signal, situations, passing.end),
    }


def is_rule_of(signal: Signal, rule: AlertingRule) -> bool:
    """Whether the rule is the one that the signal is for; labels that it takes from its series do not tell."""
    return rule.alert == signal.alert and all(
        rule.labels.get(label, text) == text for label, text in signal.own.items()
    )


def _held_s(monitor: Monitor, signal: Signal) -> float:
    """How long the alert waits; a louder copy waits longer."""
    rules = [rule for group in monitor_groups(monitor, Links()) for rule in group.rules]
    alerts = [rule for rule in rules if isinstance(rule, AlertingRule) and is_rule_of(signal, rule)]
    return min(Duration(rule.hold).seconds for rule in alerts)


def _expectations(signal: Signal, situations: Sequence[Situation], end: Duration) -> list[dict[str, object]]:
    """In the end each unsound situation fires once, for what is wrong; and until then nothing else has."""
    firing = f"ALERTS{_braces({'alertname': signal.alert, 'alertstate': 'firing', **signal.own})}"
    found = ("alertname", names.JOB, *signal.found)
    samples = [
        {
            "labels": _braces({"alertname": signal.alert, names.JOB: situation.name, **signal.found}),
            "value": 1,
        }
        for situation in situations
        if situation.is_firing
    ]
    by_found = f"group by ({', '.join(found)})"
    return [
        {"expr": f"{by_found} ({vector})", "eval_time": str(end), "exp_samples": samples}
        for vector in (firing, f"last_over_time({firing}[{end}])")
    ]


def _braces(labels: Mapping[str, str]) -> str:
    return f"{{{','.join(equals(label, value) for label, value in labels.items())}}}"
