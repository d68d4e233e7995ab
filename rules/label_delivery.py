"""Labels as they are delivered: how many predictions get one, and how late."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.confidence import both, wilson, zscore
from rules.group import RecordingRule
from rules.labelled import labelled_sum
from rules.promql import select


def delivery_rules(monitor: Monitor) -> list[RecordingRule]:
    """Settled predictions, the confidence interval of the share with a label, and quantiles of the delay."""
    window = monitor.spec.performance.window
    joined = select(names.labels_increase(window), monitor)
    expired = select(names.labels_expired_increase(window), monitor)
    settled = names.labels_settled(window)
    buckets = names.label_delay_bucket_increase(window)
    bucket = select(f"{catalog.LABEL_DELAY.name}_bucket", monitor)
    return [
        RecordingRule(settled, f"{joined} + {expired}"),
        *both(
            lambda side: names.label_coverage_bound(side, window),
            wilson(joined, select(settled, monitor), zscore(monitor)),
        ),
        RecordingRule(buckets, labelled_sum(f"increase({bucket}[{window}])", monitor)),
        *(
            RecordingRule(
                names.label_delay_quantile(window),
                f"histogram_quantile({quantile}, {select(buckets, monitor)})",
                {names.QUANTILE: quantile},
            )
            for quantile in names.LATENCY_QUANTILES
        ),
    ]
