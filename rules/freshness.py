"""Freshness: how long ago the last prediction was, and how late events arrive."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import FreshnessSlo, Monitor
from rules import names
from rules.group import RecordingRule, RuleGroup
from rules.latency import histogram_rules
from rules.links import Links
from rules.promql import pooled_labels, select, without


def freshness_groups(monitor: Monitor, _: Links) -> list[RuleGroup]:
    newest = select(catalog.LAST_PREDICTION_TIMESTAMP.name, monitor)
    age = f"time() - (max {without(*pooled_labels(monitor))} ({newest}) > 0)"
    objectives = [slo.events_younger_than.seconds for slo in monitor.spec.slos if isinstance(slo, FreshnessSlo)]
    lag = histogram_rules(
        monitor,
        family=catalog.INGEST_LAG.name,
        buckets=names.lag_bucket_rate(),
        quantiles=names.lag_quantile(),
        within_objective=names.lag_within_objective(),
        objective=min(objectives, default=None),
    )
    rules = (RecordingRule(names.last_prediction_age(), age), *lag)
    return [RuleGroup(names.group(monitor.name, "freshness"), rules)]
