"""InfranautTrafficAnomaly: far more, or far fewer, predictions than usual at this hour of the week."""

from __future__ import annotations

from typing import Literal

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from exporter.monitor.traffic import TrafficAnomaly
from rules import names
from rules.alert_text import looked_up, looked_up_count, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select, threshold

Direction = Literal["above", "below"]

_ON_MONITOR = f"on ({', '.join(names.MONITOR_LABELS)})"
_VOLUME = looked_up_count(names.volume(), names.MONITOR_LABELS)
_ONE_DIGIT = 'printf "%.1f"'


def traffic_anomaly(monitor: Monitor, anomaly: TrafficAnomaly, links: Links) -> list[AlertingRule]:
    """An effect, significance and enough predictions together; in either direction."""
    directions: tuple[Direction, ...] = ("above", "below")
    return [rule for direction in directions for rule in _alerts(monitor, anomaly, direction, links)]


def _alerts(monitor: Monitor, anomaly: TrafficAnomaly, direction: Direction, links: Links) -> list[AlertingRule]:
    more = "more" if direction == "above" else "fewer"
    draft = AlertDraft(
        alert=names.TRAFFIC_ANOMALY,
        expr=_expression(monitor, direction),
        hold=hold(anomaly.hold, Duration(names.TRAFFIC_WINDOW)),
        labels={names.DIRECTION: direction, names.WINDOW: names.TRAFFIC_WINDOW},
        summary=f"{monitor.name}: far {more} predictions than usual at this hour of the week",
        description=(
            f"Model {plain(monitor.spec.model.name)} made {_VOLUME} predictions in the last hour; at "
            "this hour of the week it usually makes "
            f"{looked_up_count(names.usual_volume(), names.MONITOR_LABELS)} (median of the last {anomaly.weeks} "
            f"weeks). That is {looked_up(names.volume_zscore(), names.MONITOR_LABELS, _ONE_DIGIT)} standard deviations "
            "away."
        ),
    )
    return monitor_alerts(monitor, draft, links)


def _expression(monitor: Monitor, direction: Direction) -> str:
    volume, usual = select(names.volume(), monitor), select(names.usual_volume(), monitor)
    zscore, change = select(names.volume_zscore(), monitor), threshold(monitor, "traffic_change")
    sign = "" if direction == "above" else "-1 * "
    larger = volume if direction == "above" else usual
    return "\n".join(
        (
            volume,
            f"and {against_threshold(f'{sign}{zscore}', '>', monitor, 'traffic_zscore')}",
            f"and {sign}({volume} - {usual}) > {usual} * {_ON_MONITOR} {change}",
            f"and {against_threshold(larger, '>=', monitor, 'traffic_rows')}",
        )
    )
