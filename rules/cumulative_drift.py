"""Drift by cumulative distributions, for numbers only: Kolmogorov-Smirnov and Wasserstein, one rule a bin."""

from __future__ import annotations

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.promql import equals, matches, select, without

_TAIL_BINS = 2
_QUANTILE_BINS = matches(names.BIN, "q.+")
_ON_REFERENCE_BIN = f"on ({', '.join((*names.REFERENCE_LABELS, names.BIN))}) group_left ()"


def cumulative_rules(monitor: Monitor, window: str) -> list[RecordingRule]:
    """The running sums and the measures that the monitor asks for; nothing when it asks for neither."""
    asked = monitor.spec.drift.measures
    running = f"abs({select(names.quantile_bin_running_difference(window), monitor)})"
    measures = []
    if "ks" in asked:
        measures.append(RecordingRule(names.drift_measure("ks", window), f"max {without(names.BIN)} ({running})"))
    if "wasserstein" in asked:
        spacing = _of_reference(catalog.REFERENCE_BIN_SPACING, monitor)
        distance = f"sum {without(names.BIN)} ({running} * {_ON_REFERENCE_BIN} {spacing})"
        measures.append(RecordingRule(names.drift_measure("wasserstein", window), distance))
    return [*_running_differences(monitor, window), *measures] if measures else []


def _running_differences(monitor: Monitor, window: str) -> list[RecordingRule]:
    """d, and D of each bin from D of the bin before it: a bin that a feature with ties lacks has neither."""
    shares = _renormalised(names.bin_ratio(window), monitor), _renormalised(names.reference_bin_ratio(window), monitor)
    rules = [RecordingRule(names.quantile_bin_difference(window), f"{shares[0]} - {shares[1]}")]
    record, before = names.quantile_bin_running_difference(window), ""
    for bin_name in _quantile_bins(monitor):
        own = select(names.quantile_bin_difference(window), monitor, equals(names.BIN, bin_name))
        rules.append(RecordingRule(record, own + before, {names.BIN: bin_name}))
        before = f" + ignoring ({names.BIN}) {select(record, monitor, equals(names.BIN, bin_name))}"
    return rules


def _renormalised(record: str, monitor: Monitor) -> str:
    """Shares of the quantile bins among themselves, so that missing and invalid values do not count."""
    shares = select(record, monitor, _QUANTILE_BINS)
    return f"{shares} / ignoring ({names.BIN}) group_left () sum {without(names.BIN)} ({shares})"


def _quantile_bins(monitor: Monitor) -> list[str]:
    bins = monitor.spec.reference.bins + _TAIL_BINS if monitor.spec.reference else 0
    return [f"q{index:02d}" for index in range(bins)]


def _of_reference(metric: Metric, monitor: Monitor) -> str:
    return f"max {without(*names.REPLICA_LABELS)} ({select(metric.name, monitor)})"
