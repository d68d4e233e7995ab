"""InfranautMissingValues: a feature that is missing more often than in its reference."""

from __future__ import annotations

from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import FEATURE, VERSION, looked_up, looked_up_count, looked_up_threshold, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select

_OF_FEATURE = (names.JOB, names.MONITOR, names.MODEL_VERSION, names.REFERENCE, names.FEATURE)


def missing_values(monitor: Monitor, links: Links) -> list[AlertingRule]:
    """Even the least share that chance leaves is above the reference's by more than allowed, on enough rows."""
    quality = monitor.spec.quality
    window = quality.window
    rows = select(names.feature_rows(window), monitor)
    compared = "than in the reference" if monitor.spec.reference else "in all"
    draft = AlertDraft(
        alert=names.MISSING_VALUES,
        expr="\nand ".join(
            (
                f"{select(names.missing_increase(window), monitor)} / ({rows} > 0)",
                against_threshold(select(names.missing_excess(window), monitor), ">", monitor, "missing_increase"),
                against_threshold(rows, ">=", monitor, "quality_rows"),
            )
        ),
        hold=hold(quality.hold, window),
        labels={names.WINDOW: window},
        summary=f"{monitor.name}: {FEATURE} is missing in {{{{ $value | humanizePercentage }}}} of predictions",
        description=(
            f"Over {window}, {FEATURE} was missing in {{{{ $value | humanizePercentage }}}} of "
            f"{looked_up_count(names.feature_rows(window), _OF_FEATURE)} predictions of model "
            f"{plain(monitor.spec.model.name)} (version {VERSION}). Chance "
            f"aside, it is at least {looked_up(names.missing_excess(window), _OF_FEATURE, 'humanizePercentage')} more "
            f"{compared}; {looked_up_threshold(monitor, 'missing_increase', 'humanizePercentage')} more are allowed."
        ),
    )
    return monitor_alerts(monitor, draft, links)
