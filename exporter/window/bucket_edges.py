"""Bucket bounds of a monitor's histograms: every objective is a bound, so that its rules count exactly."""

from __future__ import annotations

from exporter.monitor.spec import FreshnessSlo, LabelDelaySlo, LatencySlo, Monitor

_LATENCY_EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DELAY_EDGES = (
    1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0, 259_200.0, 604_800.0, 2_592_000.0,
)  # fmt: skip


def latency_edges(monitor: Monitor) -> list[float]:
    """Bucket bounds of the latency, seconds; every latency objective is one."""
    objectives = {slo.latency_below_seconds for slo in monitor.spec.slos if isinstance(slo, LatencySlo)}
    return sorted({*_LATENCY_EDGES, *objectives})


def lag_edges(monitor: Monitor) -> list[float]:
    """Bucket bounds of the lag, seconds; every freshness objective is one."""
    objectives = {slo.events_younger_than.seconds for slo in monitor.spec.slos if isinstance(slo, FreshnessSlo)}
    return sorted({*_DELAY_EDGES, *objectives})


def label_delay_edges(monitor: Monitor) -> list[float]:
    """Bucket bounds of the delay of labels, seconds; every objective of it is one."""
    objectives = {slo.labels_younger_than.seconds for slo in monitor.spec.slos if isinstance(slo, LabelDelaySlo)}
    return sorted({*_DELAY_EDGES, *objectives})
