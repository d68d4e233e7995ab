"""Volume of predictions against the same hour of the week in the weeks before."""

from __future__ import annotations

import math

from exporter import catalog
from exporter.monitor.spec import Monitor
from exporter.monitor.traffic import TrafficAnomaly
from rules import names
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.promql import number, select
from rules.traffic_anomaly_alert import traffic_anomaly

_BY_MONITOR = f"by ({', '.join(names.MONITOR_LABELS)})"
_WITHOUT_WEEK = f"without ({names.WEEK})"
_SD_OF_MEDIAN_DEVIATION = 1.4826
"""Of a normal distribution, the standard deviation is so many median absolute deviations."""


def traffic_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group; none for a monitor that does not ask for it."""
    anomaly = monitor.spec.traffic.anomaly
    if anomaly is None:
        return []
    rules: list[RecordingRule | AlertingRule] = [
        *_usual_volume(monitor, anomaly),
        _significance(monitor, anomaly),
        *traffic_anomaly(monitor, anomaly, links),
    ]
    return [RuleGroup(names.group(monitor.name, "traffic"), tuple(rules))]


def _usual_volume(monitor: Monitor, anomaly: TrafficAnomaly) -> list[RecordingRule]:
    """The volume, that of each week before at this hour, and their median where all but one are there.

    Read from the counters with an offset, so that weeks from before these rules count too.
    """
    predictions = select(catalog.PREDICTIONS.name, monitor)
    weeks = select(names.weekly_volume(), monitor)
    enough = f"count {_WITHOUT_WEEK} ({weeks}) >= {max(2, anomaly.weeks - 1)}"
    return [
        RecordingRule(names.volume(), f"sum {_BY_MONITOR} (increase({predictions}[{names.TRAFFIC_WINDOW}]))"),
        *(
            RecordingRule(
                names.weekly_volume(),
                f"sum {_BY_MONITOR} (increase({predictions}[{names.TRAFFIC_WINDOW}] offset {week}w))",
                {names.WEEK: str(week)},
            )
            for week in range(1, anomaly.weeks + 1)
        ),
        RecordingRule(names.usual_volume(), f"quantile {_WITHOUT_WEEK} (0.5, {weeks}) and ({enough})"),
    ]


def _significance(monitor: Monitor, anomaly: TrafficAnomaly) -> RecordingRule:
    """z = (v - m) / sqrt(max(s², m, 1) (1 + π / 2W)): s from the median absolute deviation of the W weeks.

    One odd week moves neither m nor s by much. The variance is at least m, that of a Poisson count; the last factor is
    for the error of the median itself.
    """
    volume, usual = select(names.volume(), monitor), select(names.usual_volume(), monitor)
    weeks = select(names.weekly_volume(), monitor)
    for_each_week = f"ignoring ({names.WEEK}) group_left ()"
    deviation = f"quantile {_WITHOUT_WEEK} (0.5, abs({weeks} - {for_each_week} {usual}))"
    spread = f"({number(_SD_OF_MEDIAN_DEVIATION)} * {deviation}) ^ 2"
    floor = f"clamp_min({usual}, 1)"
    widened = f"({spread} > {floor} or {floor}) * {number(1 + math.pi / 2 / anomaly.weeks)}"
    return RecordingRule(names.volume_zscore(), f"({volume} - {usual}) / sqrt({widened})")
