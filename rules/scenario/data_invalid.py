"""InfranautDataInvalid: half of the invalid predictions that are allowed, against all of them invalid."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.scenario.series import a_series
from rules.scenario.signal import Growth, Signal, threshold_gauges

_ENOUGH_ROWS = 10_000.0
_ONE_ROW = 1.0


def signals(monitor: Monitor) -> list[Signal]:
    quality = monitor.spec.quality
    return [
        Signal(
            alert=names.DATA_INVALID,
            window=quality.window,
            sound=lambda rows: _counts(monitor, rows, quality.maximum_invalid_ratio / 2),
            unsound=lambda rows: _counts(monitor, rows, 1),
            gauges=threshold_gauges(monitor, "invalid_ratio", "drift_zscore"),
            low_rows=_ENOUGH_ROWS / 100,
            high_rows=_ENOUGH_ROWS,
            few_rows=_ONE_ROW,
            own={names.WINDOW: quality.window},
        )
    ]


def _counts(monitor: Monitor, rows: float, invalid_share: float) -> Growth:
    return {
        a_series(catalog.PREDICTIONS, monitor): rows,
        a_series(catalog.RECORDS_INVALID, monitor, rule=catalog.ANY_RULE): rows * invalid_share,
    }
