"""Records that could not be accounted for and went to the dead letters, as a share of what was received."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.confidence import wilson
from rules.group import RecordingRule
from rules.promql import differs, select, threshold, total_increase

_ON_MONITOR = f"on ({', '.join(names.MONITOR_LABELS)}) group_left ()"
NOT_A_DUPLICATE = differs(names.REASON, catalog.DUPLICATE)


def rejected_records_rules(monitor: Monitor, window: str) -> list[RecordingRule]:
    """Accepted and rejected records; and those rejected for what they are, since a record sent twice is sound."""
    accepted, rejected = names.records_increase(window), names.records_failed_increase(window)
    unusable, received = names.records_unusable_increase(window), names.records_received_increase(window)
    failures = catalog.INGEST_RECORDS_FAILED.name
    pool = (*names.REPLICA_LABELS, names.SOURCE)
    failed, taken = select(rejected, monitor), select(accepted, monitor)
    z = threshold(monitor, "drift_zscore")
    bound = wilson(select(unusable, monitor), select(received, monitor), z, _ON_MONITOR)
    return [
        RecordingRule(accepted, total_increase(catalog.INGEST_RECORDS.name, monitor, window, pool=pool)),
        RecordingRule(rejected, total_increase(failures, monitor, window, pool=(*pool, names.REASON))),
        RecordingRule(names.records_failed_ratio(window), f"{failed} / ({failed} + {taken} > 0)"),
        RecordingRule(unusable, total_increase(failures, monitor, window, NOT_A_DUPLICATE, pool=(*pool, names.REASON))),
        RecordingRule(received, f"{failed} + {taken}"),
        RecordingRule(names.records_unusable_lower(window), bound("lower")),
    ]
