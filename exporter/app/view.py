"""Turns the counts of a monitor into what the web listener tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from exporter.api.views import FeatureView, MonitorView, VersionView
from exporter.batch import Integers
from exporter.drift.report import FeatureDrift, drift_report
from exporter.monitor.thresholds import thresholds
from exporter.window.children import Child
from exporter.window.counts import CountsSnapshot
from exporter.window.history import History, Increase
from exporter.window.sections import Section
from exporter.window.shared import SharedMonitor


class MonitorWatch:
    """Notes one monitor's counts now and then, and tells how it stands."""

    def __init__(self, shared: SharedMonitor) -> None:
        self.shared = shared
        self._window = shared.monitor.spec.drift.window[0]
        self._history = History(self._window.seconds)

    def note(self, now: float) -> None:
        """To be called a few dozen times a window, whether anybody looks or not."""
        children, snapshot = self._read()
        self._history.note(now, _by_version(children, snapshot))

    def view(self, now: float, series: int) -> MonitorView:
        children, snapshot = self._read()
        shared, layout = self.shared, self.shared.layout
        totals = _by_version(children, snapshot)
        increase = self._history.increase(now, totals)
        overall = snapshot.overall.integers
        outcomes = layout.outcomes
        return MonitorView(
            name=shared.monitor.name,
            model=shared.monitor.spec.model.name,
            task=shared.monitor.spec.model.task,
            reference=shared.reference.label if shared.reference else None,
            drift_window=str(self._window),
            drift_window_seen_s=min(increase.span_s, self._window.seconds),
            records=_by_label(layout.ingested, overall, "source"),
            rejected=_by_label(layout.failed, overall, "reason"),
            labels_matched=int(snapshot.model.integers[:, outcomes.labels].sum()) if outcomes else 0,
            series=series,
            series_limit=shared.monitor.spec.limits.series,
            series_dropped=int(overall[layout.dropped.slots].sum()),
            versions=[self._version(version, totals, increase, children, snapshot) for version in sorted(totals)],
        )

    def _read(self) -> tuple[Sequence[Child], CountsSnapshot]:
        children = self.shared.children.all()
        return children, self.shared.counts.snapshot(len(children))

    def _version(
        self,
        version: str,
        totals: Mapping[str, Integers],
        increase: Increase,
        children: Sequence[Child],
        snapshot: CountsSnapshot,
    ) -> VersionView:
        predictions = self.shared.layout.predictions.start
        rows = [row for row, child in enumerate(children) if child.model_version == version]
        newest = snapshot.model.maxima[rows, self.shared.layout.last_prediction.start].max()
        return VersionView(
            model_version=version,
            predictions=int(totals[version][predictions]),
            predictions_in_window=int(increase.by_version[version][predictions]),
            last_prediction=float(newest) or None,
            features=self._features(increase.by_version[version]),
        )

    def _features(self, counts: Integers) -> list[FeatureView]:
        reference, layout = self.shared.reference, self.shared.layout
        if reference is None:
            return []
        by_feature = {
            slots.name: np.maximum(counts[slots.bins.slots], 0) for slots in (*layout.features, layout.prediction)
        }
        limits = thresholds(self.shared.monitor)
        drift = self.shared.monitor.spec.drift
        report = drift_report(by_feature, reference, drift.design_effect, most_significant_first=True)
        return [
            _feature_view(
                feature,
                feature.measures.get(drift.measure, math.nan) > drift.threshold
                and feature.zscore > limits["drift_zscore"]
                and feature.observations >= limits["drift_rows"],
            )
            for feature in report
        ]


def _feature_view(drift: FeatureDrift, is_drifted: bool) -> FeatureView:
    return FeatureView(
        feature=drift.feature,
        observations=drift.observations,
        measures={name: _finite(value) for name, value in drift.measures.items()},
        expected_psi=_finite(drift.expected_psi),
        zscore=_finite(drift.zscore),
        p_value=_finite(drift.p_value),
        missing_ratio=_finite(drift.missing_ratio),
        invalid_ratio=_finite(drift.invalid_ratio),
        is_drifted=bool(is_drifted),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _by_version(children: Sequence[Child], snapshot: CountsSnapshot) -> dict[str, Integers]:
    """int64 sums over the segments of each model version."""
    totals: dict[str, Integers] = {}
    for row, child in enumerate(children):
        counts = snapshot.model.integers[row]
        known = totals.get(child.model_version)
        totals[child.model_version] = counts.copy() if known is None else known + counts
    return totals


def _by_label(section: Section, integers: Integers, label: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for pairs, value in zip(section.labels, integers[section.slots], strict=True):
        name = dict(pairs)[label]
        sums[name] = sums.get(name, 0) + int(value)
    return sums
