"""Missing values of every feature: their share, what is certain of it, and what the reference has of them."""

from __future__ import annotations

import math

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.confidence import wilson
from rules.group import RecordingRule
from rules.promql import differs, equals, number, pooled_labels, select, threshold, total_increase, without

_ON_MONITOR = f"on ({', '.join(names.MONITOR_LABELS)}) group_left ()"
_ON_REFERENCE = f"on ({', '.join(names.REFERENCE_LABELS)}) group_left ()"
_FOR_EACH_FEATURE = f"ignoring ({names.REFERENCE}, {names.FEATURE}) group_left ()"


def missing_values_rules(monitor: Monitor) -> list[RecordingRule]:
    """Needs `names.predictions_increase`: every feature has a value, or misses one, in each of them.

    The prediction itself is left out: it is missing where the model failed, which the availability tells.

    Rows that are missing together count as fewer: z grows with the root of `drift.design_effect`.
    """
    window = monitor.spec.quality.window
    is_missing = equals(names.BIN, catalog.MISSING_BIN)
    of_features = differs(names.FEATURE, catalog.PREDICTION_FEATURE)
    pool = (*pooled_labels(monitor), names.BIN)
    missing, rows = select(names.missing_increase(window), monitor), select(names.feature_rows(window), monitor)
    design_root = number(math.sqrt(monitor.spec.drift.design_effect))
    z = f"({threshold(monitor, 'drift_zscore')} * {design_root})"
    return [
        RecordingRule(
            names.missing_increase(window),
            total_increase(catalog.FEATURE_BIN.name, monitor, window, is_missing, of_features, pool=pool),
        ),
        RecordingRule(
            names.feature_rows(window),
            f"0 * {missing} + {_FOR_EACH_FEATURE} {select(names.predictions_increase(window), monitor)}",
        ),
        RecordingRule(names.missing_lower(window), wilson(missing, rows, z, _ON_MONITOR)("lower")),
        *_beyond_reference(monitor, is_missing),
    ]


def _beyond_reference(monitor: Monitor, is_missing: str) -> list[RecordingRule]:
    """How much of the certain share the reference does not have; without a reference all of it."""
    window = monitor.spec.quality.window
    lower = select(names.missing_lower(window), monitor)
    if monitor.spec.reference is None:
        return [RecordingRule(names.missing_excess(window), lower)]
    pool = without(*names.REPLICA_LABELS, names.BIN)
    usual = f"max {pool} ({select(catalog.REFERENCE_BIN_RATIO.name, monitor, is_missing)})"
    return [RecordingRule(names.missing_excess(window), f"{lower} - {_ON_REFERENCE} {usual}")]
