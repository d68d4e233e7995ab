"""The rules on VictoriaMetrics: every query is answered, and drift and performance come out as in Prometheus.

MetricsQL does not extrapolate `increase`, and counts from the last sample before the window. With a sample at either
end of the window both count the same, so what they record may differ by rounding only.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.monitor.promql_literal import literal
from exporter.monitor.spec import Monitor
from rules.group import RecordingRule
from rules.links import Links
from rules.rendering import monitor_groups
from rules.scenario.feature_drift import reference_gauges, sound_bins
from rules.scenario.labelled_model import labelled_counts
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import threshold_gauges
from tests.support.golden_monitors import BINARY, golden_monitor, golden_monitors
from tests.support.promtool import RuleTest
from tests.support.services import QueriedSample
from tests.support.victoria_metrics import RunningVictoriaMetrics, victoria_metrics

MINUTES = 70
BEGAN_S = 1_750_000_200
AT_S = BEGAN_S + MINUTES * 60
COMPARED = ("feature:infranaut_drift", "model:infranaut_outcomes", "model:infranaut_score_bin:auc")
JOB = {"job": "ml", "instance": "a"}


@pytest.mark.parametrize("monitor", golden_monitors(), ids=lambda monitor: monitor.name)
def test_every_query_of_every_rule_is_answered(monitor: Monitor, tmp_path: Path) -> None:
    with victoria_metrics(tmp_path) as server:
        store_inputs(server, monitor)
        recorded = play(server, monitor)
    assert len(recorded) > 10, "too few series: the inputs do not reach the rules"


def test_drift_and_performance_come_out_as_in_prometheus(tmp_path: Path) -> None:
    monitor = golden_monitor(BINARY)
    with victoria_metrics(tmp_path) as server:
        store_inputs(server, monitor)
        recorded = play(server, monitor)
    test = RuleTest([monitor])
    for series, values in inputs(monitor).items():
        test.series(series.name, values, **JOB, **dict(series.labels))
    compared = [sample for sample in recorded if sample.labels["__name__"].startswith(COMPARED)]
    assert {sample.labels["__name__"] for sample in compared} >= {
        "feature:infranaut_drift_psi:sum1h",
        "feature:infranaut_drift_psi:zscore1h",
        "feature:infranaut_drift_ks:max1h",
        "model:infranaut_score_bin:auc1h",
    }
    for sample in compared:
        test.expect_value(as_selector(sample), f"{MINUTES}m", sample.value)
    test.run(tmp_path)


def inputs(monitor: Monitor) -> dict[ScenarioSeries, list[float]]:
    """A sample a minute of everything that drift and performance rest on, the features a little off."""
    features = tuple(monitor.spec.features)[:2]
    grown = {**sound_bins(monitor, features, 700)}
    for objective in monitor.spec.performance.objectives:
        grown |= labelled_counts(monitor, objective, 0.8, 900)
    gauges = {**threshold_gauges(monitor, ""), **reference_gauges(monitor, features)}
    return {
        **{series: [value] * (MINUTES + 1) for series, value in gauges.items()},
        **{series: [minute * count / 60 for minute in range(MINUTES + 1)] for series, count in grown.items()},
    }


def store_inputs(server: RunningVictoriaMetrics, monitor: Monitor) -> None:
    lines = [
        exposed(series.name, {**JOB, **dict(series.labels)}, value, BEGAN_S + minute * 60)
        for series, values in inputs(monitor).items()
        for minute, value in enumerate(values)
    ]
    server.store("\n".join(lines) + "\n")


def play(server: RunningVictoriaMetrics, monitor: Monitor) -> list[QueriedSample]:
    """Every rule once, in order, what it records stored before the next; AssertionError for a query that fails."""
    recorded = []
    for group in monitor_groups(monitor, Links()):
        for rule in group.rules:
            answer = server.query(rule.expr, AT_S)
            if isinstance(rule, RecordingRule):
                named = [
                    QueriedSample({**each.labels, **rule.labels, "__name__": rule.record}, each.value)
                    for each in answer
                ]
                store_recorded(server, named)
                recorded += named
    return recorded


def store_recorded(server: RunningVictoriaMetrics, samples: list[QueriedSample]) -> None:
    lines = [exposed(name_of(sample), without_name(sample), sample.value, AT_S) for sample in samples]
    if lines:
        server.store("\n".join(lines) + "\n")


def exposed(name: str, labels: dict[str, str], value: float, at_s: int) -> str:
    pairs = ",".join(f"{label}={literal(text)}" for label, text in labels.items())
    return f"{name}{{{pairs}}} {value!r} {at_s * 1000}"


def as_selector(sample: QueriedSample) -> str:
    return (
        f"{name_of(sample)}{{{','.join(f'{label}={literal(text)}' for label, text in without_name(sample).items())}}}"
    )


def name_of(sample: QueriedSample) -> str:
    return sample.labels["__name__"]


def without_name(sample: QueriedSample) -> dict[str, str]:
    return {label: text for label, text in sample.labels.items() if label != "__name__"}
