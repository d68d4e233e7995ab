"""Which alert is proven by which scenarios: a line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exporter.monitor.alerting import AlertName
from exporter.monitor.spec import Monitor
from rules import names
from rules.scenario import (
    compared_drift,
    data_invalid,
    feature_drift,
    model_drift,
    no_predictions,
    performance_low,
    reference_old,
    resources_high,
    shares,
    slo,
    traffic_anomaly,
)
from rules.scenario.signal import Signal

SIGNALS: Mapping[AlertName, Callable[[Monitor], list[Signal]]] = {
    names.FEATURE_DRIFT: feature_drift.signals,
    names.MODEL_DRIFT: model_drift.signals,
    names.PERIOD_DRIFT: compared_drift.period_signals,
    names.VERSION_DRIFT: compared_drift.version_signals,
    names.PERFORMANCE_LOW: performance_low.signals,
    names.DATA_INVALID: data_invalid.signals,
    names.NO_PREDICTIONS: no_predictions.signals,
    names.LABEL_COVERAGE_LOW: shares.coverage_signals,
    names.MISSING_VALUES: shares.missing_signals,
    names.RECORDS_REJECTED: shares.rejected_signals,
    names.TRAFFIC_ANOMALY: traffic_anomaly.signals,
    names.REFERENCE_OLD: reference_old.signals,
    names.RESOURCES_HIGH: resources_high.signals,
    names.SLO_BURN: slo.burn_signals,
    names.SLO_BUDGET_SPENT: slo.spent_signals,
    names.SLO_BUDGET_ENDING: slo.ending_signals,
}


def monitor_signals(monitor: Monitor) -> list[Signal]:
    """One for each rule of each alert of the monitor."""
    return [signal for signals in SIGNALS.values() for signal in signals(monitor)]
