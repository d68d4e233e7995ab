"""InfranautNoPredictions: a prediction now and then, against none at all."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.scenario.series import a_series
from rules.scenario.signal import Growth, Signal

_NOW_AND_THEN = 1.0
_MANY = 100_000.0


def signals(monitor: Monitor) -> list[Signal]:
    return [
        Signal(
            alert=names.NO_PREDICTIONS,
            window=monitor.spec.quality.no_predictions_for,
            sound=lambda rows: _counts(monitor, rows),
            unsound=lambda _rows: _counts(monitor, 0),
            gauges={a_series(catalog.MONITOR_INFO, monitor): 1.0},
            low_rows=_NOW_AND_THEN,
            high_rows=_MANY,
        )
    ]


def _counts(monitor: Monitor, rows: float) -> Growth:
    return {a_series(catalog.PREDICTIONS, monitor): rows}
