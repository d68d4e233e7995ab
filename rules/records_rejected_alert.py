"""InfranautRecordsRejected: records that cannot be accounted for, as when the sender's schema broke."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import looked_up, looked_up_count, looked_up_threshold, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select
from rules.rejected_records import NOT_A_DUPLICATE


def records_rejected(monitor: Monitor, links: Links) -> list[AlertingRule]:
    """Even the least share that chance leaves is more than allowed, on enough records."""
    quality = monitor.spec.quality
    window = quality.window
    received = select(names.records_received_increase(window), monitor)
    draft = AlertDraft(
        alert=names.RECORDS_REJECTED,
        expr="\nand ".join(
            (
                f"{select(names.records_unusable_increase(window), monitor)} / ({received} > 0)",
                against_threshold(
                    select(names.records_unusable_lower(window), monitor), ">", monitor, "rejected_ratio"
                ),
                against_threshold(received, ">=", monitor, "quality_rows"),
            )
        ),
        hold=hold(quality.hold, window),
        labels={names.WINDOW: window},
        summary=f"{monitor.name}: {{{{ $value | humanizePercentage }}}} of records are rejected",
        description=(
            f"Over {window}, {{{{ $value | humanizePercentage }}}} of "
            f"{looked_up_count(names.records_received_increase(window), names.MONITOR_LABELS)} records sent for "
            f"model {plain(monitor.spec.model.name)} could not be accounted for, most of them because of "
            f"{_commonest_reason(window)}. Chance aside, it is at least "
            f"{looked_up(names.records_unusable_lower(window), names.MONITOR_LABELS, 'humanizePercentage')}; "
            f"{looked_up_threshold(monitor, 'rejected_ratio', 'humanizePercentage')} are allowed."
        ),
    )
    return monitor_alerts(monitor, draft, links)


def _commonest_reason(window: str) -> str:
    labels = ", ".join(f"{label}=%q" for label in names.MONITOR_LABELS)
    failures = f"{catalog.INGEST_RECORDS_FAILED.name}{{{labels}, {NOT_A_DUPLICATE}}}[{window}]"
    values = " ".join(f"$labels.{label}" for label in names.MONITOR_LABELS)
    return (
        f"{{{{ with printf `topk(1, sum by ({names.REASON}) (increase({failures})))` {values} | query }}}}"
        f'{{{{ . | first | label "{names.REASON}" }}}}{{{{ else }}}}an unknown reason{{{{ end }}}}'
    )
