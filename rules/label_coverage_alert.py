"""InfranautLabelCoverageLow: too few predictions get their label for performance to be believed."""

from __future__ import annotations

from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import SEGMENT, VERSION, looked_up, looked_up_count, looked_up_threshold, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select

_OF_MODEL = (names.JOB, names.MONITOR, names.MODEL_VERSION)
_OF_SEGMENT = f"{{{{ with $labels.{names.SEGMENT} }}}} of segment {{{{ . }}}}{{{{ end }}}}"


def label_coverage_low(monitor: Monitor, links: Links) -> list[AlertingRule]:
    """The whole confidence interval of the coverage below the minimum; none where the monitor asks for none."""
    labels, window = monitor.spec.labels, monitor.spec.performance.window
    if labels is None or labels.minimum_coverage is None:
        return []
    coverage, settled = names.label_coverage(window), names.labels_settled(window)
    of_segment = (*_OF_MODEL, names.SEGMENT) if monitor.spec.segments else _OF_MODEL
    upper = select(names.label_coverage_bound("upper", window), monitor)
    draft = AlertDraft(
        alert=names.LABEL_COVERAGE_LOW,
        expr="\nand ".join(
            (
                select(coverage, monitor),
                against_threshold(upper, "<", monitor, "label_coverage"),
                against_threshold(select(settled, monitor), ">=", monitor, "performance_rows"),
            )
        ),
        hold=hold(monitor.spec.performance.hold, window),
        labels={names.WINDOW: window},
        summary=(
            f"{monitor.name}: only {{{{ $value | humanizePercentage }}}} of predictions{_OF_SEGMENT} get their label"
        ),
        description=(
            f"Over {window}, {{{{ $value | humanizePercentage }}}} of {looked_up_count(settled, of_segment)} "
            f"predictions of model {plain(monitor.spec.model.name)} (version {VERSION}{SEGMENT}) whose label was due "
            f"got it (chance aside, at most "
            f"{looked_up(names.label_coverage_bound('upper', window), of_segment, 'humanizePercentage')}); "
            f"at least {looked_up_threshold(monitor, 'label_coverage', 'humanizePercentage')} should. The "
            f"others were given up after {labels.maximum_delay}."
        ),
    )
    return monitor_alerts(monitor, draft, links)
