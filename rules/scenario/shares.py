"""Alerts on a share of rows: InfranautMissingValues, InfranautRecordsRejected and InfranautLabelCoverageLow."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.scenario.series import REFERENCE, a_series
from rules.scenario.signal import Growth, Signal, threshold_gauges

_USUALLY_MISSING = 0.01
_MANY = 1000


def missing_signals(monitor: Monitor) -> list[Signal]:
    """The first feature: half of what may be missing beyond the reference, against all of it."""
    quality = monitor.spec.quality
    of_feature = {names.REFERENCE: REFERENCE, names.FEATURE: next(iter(monitor.spec.features))}
    missing = a_series(catalog.FEATURE_BIN, monitor, **of_feature, bin=catalog.MISSING_BIN)
    usual = a_series(catalog.REFERENCE_BIN_RATIO, monitor, **of_feature, bin=catalog.MISSING_BIN)

    def counts(rows: float, share: float) -> Growth:
        return {a_series(catalog.PREDICTIONS, monitor): rows, missing: rows * share}

    return [
        Signal(
            alert=names.MISSING_VALUES,
            window=quality.window,
            sound=lambda rows: counts(rows, quality.maximum_missing_increase / 2),
            unsound=lambda rows: counts(rows, 1),
            gauges={
                **threshold_gauges(monitor, "missing_increase", "quality_rows", "drift_zscore"),
                **({usual: _USUALLY_MISSING} if monitor.spec.reference else {}),
            },
            low_rows=quality.minimum_rows,
            high_rows=_MANY * quality.minimum_rows,
            few_rows=quality.minimum_rows / 2,
            own={names.WINDOW: quality.window},
            found={names.FEATURE: of_feature[names.FEATURE]},
        )
    ]


def rejected_signals(monitor: Monitor) -> list[Signal]:
    """Half of the records that may be rejected, against all of them."""
    quality = monitor.spec.quality

    def counts(rows: float, share: float) -> Growth:
        return {
            a_series(catalog.INGEST_RECORDS, monitor, source="inbox"): rows * (1 - share),
            a_series(catalog.INGEST_RECORDS_FAILED, monitor, source="inbox", reason="schema"): rows * share,
        }

    return [
        Signal(
            alert=names.RECORDS_REJECTED,
            window=quality.window,
            sound=lambda rows: counts(rows, quality.maximum_rejected_ratio / 2),
            unsound=lambda rows: counts(rows, 1),
            gauges=threshold_gauges(monitor, "rejected_ratio", "quality_rows", "drift_zscore"),
            low_rows=quality.minimum_rows,
            high_rows=_MANY * quality.minimum_rows,
            few_rows=quality.minimum_rows / 2,
            own={names.WINDOW: quality.window},
        )
    ]


def coverage_signals(monitor: Monitor) -> list[Signal]:
    """Halfway from the least coverage to all labels, against none; where the monitor asks for coverage."""
    labels, performance = monitor.spec.labels, monitor.spec.performance
    if labels is None or labels.minimum_coverage is None:
        return []
    sound = (labels.minimum_coverage + 1) / 2

    def counts(rows: float, share: float) -> Growth:
        return {
            a_series(catalog.LABELS, monitor): rows * share,
            a_series(catalog.LABELS_EXPIRED, monitor): rows * (1 - share),
        }

    return [
        Signal(
            alert=names.LABEL_COVERAGE_LOW,
            window=performance.window,
            sound=lambda rows: counts(rows, sound),
            unsound=lambda rows: counts(rows, 0),
            gauges=threshold_gauges(monitor, "label_coverage", "performance_"),
            low_rows=performance.minimum_labels,
            high_rows=_MANY * performance.minimum_labels,
            few_rows=performance.minimum_labels / 2,
            own={names.WINDOW: performance.window},
        )
    ]
