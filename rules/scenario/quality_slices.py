"""Slices of time of a monitor's objective of quality: a metric that meets its bound, or misses it by far."""

from __future__ import annotations

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor, Objective, QualitySlo
from rules import names
from rules.scenario.labelled_model import labelled_counts
from rules.scenario.performance_low import good_and_bad
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import threshold_gauges
from rules.scenario.slo_slices import JudgedSlices

_SEEN = Duration("4m")
"""How far apart scrapes are at most, so that the metric is there at every evaluation."""


def quality_slices(monitor: Monitor, slo: QualitySlo) -> JudgedSlices:
    """Rows are labels, of which each evaluation needs enough."""
    performance = monitor.spec.performance
    objective = Objective(metric=slo.metric, minimum=slo.minimum, maximum=slo.maximum)
    good, bad = good_and_bad(objective)
    return JudgedSlices(
        terms=slo,
        slice=Duration(slo.slice),
        good=lambda rows: labelled_counts(monitor, objective, good, rows),
        bad=lambda rows: labelled_counts(monitor, objective, bad, rows),
        seen_s=min(_SEEN.seconds, performance.window.seconds / 2),
        rows=performance.minimum_labels,
        few_rows=performance.minimum_labels / 10,
        recorded=lambda series: ScenarioSeries(
            series, ((names.MONITOR, monitor.name), (names.SLO, slo.name)), source="rules"
        ),
        gauges=threshold_gauges(monitor, "performance_"),
    )
