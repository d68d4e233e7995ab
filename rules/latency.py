"""Latency of the model: quantiles, and the share within the objective."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import LatencySlo, Monitor
from rules import names
from rules.group import RecordingRule, RuleGroup
from rules.links import Links
from rules.promql import equals, pooled_labels, select, total_rate, without


def latency_groups(monitor: Monitor, _: Links) -> list[RuleGroup]:
    """One group; none where events carry no latency."""
    if monitor.spec.events.latency_seconds is None:
        return []
    objectives = [slo.latency_below_seconds for slo in monitor.spec.slos if isinstance(slo, LatencySlo)]
    rules = histogram_rules(
        monitor,
        family=catalog.PREDICTION_LATENCY.name,
        buckets=names.latency_bucket_rate(),
        quantiles=names.latency_quantile(),
        within_objective=names.latency_within_objective(),
        objective=min(objectives, default=None),
    )
    return [RuleGroup(names.group(monitor.name, "latency"), tuple(rules))]


def histogram_rules(
    monitor: Monitor, *, family: str, buckets: str, quantiles: str, within_objective: str, objective: float | None
) -> list[RecordingRule]:
    """Buckets pooled over replicas, quantiles from them, and the share at or below `objective` (a bucket's edge).

    Without observations the quantiles and the share are NaN or absent, never 0.
    """
    bucket = select(buckets, monitor)
    rules = [
        RecordingRule(buckets, total_rate(f"{family}_bucket", monitor, names.RATE_WINDOW, pool=pooled_labels(monitor))),
        *(
            RecordingRule(quantiles, f"histogram_quantile({quantile}, {bucket})", {names.QUANTILE: quantile})
            for quantile in names.LATENCY_QUANTILES
        ),
    ]
    if objective is not None:
        within = select(buckets, monitor, equals(names.LE, repr(float(objective))))
        observed = select(buckets, monitor, equals(names.LE, "+Inf"))
        share = f"{within} / ignoring ({names.LE}) ({observed} > 0)"
        rules.append(RecordingRule(within_objective, f"sum {without(names.LE)} ({share})"))
    return rules
