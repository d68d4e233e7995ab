"""Traffic, and the share of predictions that the model made without failing."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.no_predictions_alert import no_predictions
from rules.promql import pooled_labels, select, total_rate


def availability_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    pool = pooled_labels(monitor)
    predictions = select(names.predictions_rate(), monitor)
    errors = select(names.prediction_errors_rate(), monitor)
    rules: list[RecordingRule | AlertingRule] = [
        RecordingRule(
            names.predictions_rate(), total_rate(catalog.PREDICTIONS.name, monitor, names.RATE_WINDOW, pool=pool)
        ),
        RecordingRule(
            names.prediction_errors_rate(),
            total_rate(catalog.PREDICTION_ERRORS.name, monitor, names.RATE_WINDOW, pool=(*pool, names.REASON)),
        ),
        RecordingRule(names.availability(), f"1 - {errors} / ({predictions} > 0)"),
        *no_predictions(monitor, links),
    ]
    return [RuleGroup(names.group(monitor.name, "availability"), tuple(rules))]
