"""InfranautFeatureDrift: the first number drifts into its rarest bin, the prediction stays as it was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from exporter import catalog
from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor, NumberFeature
from rules import names
from rules.long_windows import is_long
from rules.scenario.series import REFERENCE, ScenarioSeries, a_series
from rules.scenario.signal import Growth, Signal, threshold_gauges

REFERENCE_SHARES = {"q00": 0.4, "q01": 0.3, "q02": 0.2, "q03": 0.1}
"""A reference of our own: a test must not depend on training data. Shares differ, as those of real bins do."""
RAREST = "q03"
REFERENCE_ROWS = 100_000.0
LONG_SPAN, LONG_STEP = Duration("2h"), Duration("4m")
"""A long window counts what there is of it, in steps of five minutes, each of which must see two scrapes."""
_SMALL = 50
"""Rows below which the shares of a sound window would stray out of their bins."""
_NOISE = 0.5
"""PSI of a sound window, as a part of what chance gives on average."""


def signals(monitor: Monitor) -> list[Signal]:
    """One for each window, where there is a reference."""
    if monitor.spec.reference is None:
        return []
    drifting = drifting_feature(monitor)
    features = tuple(dict.fromkeys((drifting, catalog.PREDICTION_FEATURE)))
    return [
        reference_signal(monitor, window, names.FEATURE_DRIFT, features, (drifting,), {names.FEATURE: drifting})
        for window in monitor.spec.drift.window
    ]


def reference_signal(
    monitor: Monitor,
    window: Duration,
    alert: AlertName,
    features: Sequence[str],
    drifting: Sequence[str],
    found: Mapping[str, str],
) -> Signal:
    """`drifting` of the `features` drift from the reference."""
    low = fewest_rows(monitor)
    return Signal(
        alert=alert,
        window=window,
        sound=lambda rows: sound_bins(monitor, features, rows),
        unsound=lambda rows: {**sound_bins(monitor, features, rows), **drifted_bins(monitor, drifting, rows)},
        gauges={**threshold_gauges(monitor, "drift_"), **reference_gauges(monitor, features)},
        low_rows=low,
        high_rows=1000 * low,
        few_rows=monitor.spec.drift.minimum_rows / 2,
        span=LONG_SPAN if is_long(window) else None,
        step=LONG_STEP if is_long(window) else None,
        own={names.WINDOW: window},
        found=found,
    )


def fewest_rows(monitor: Monitor) -> float:
    """Rows on which drift may alert."""
    return max(monitor.spec.drift.minimum_rows, _SMALL * monitor.spec.drift.design_effect)


def drifting_feature(monitor: Monitor) -> str:
    """The first number; the prediction where there is none."""
    numbers = (name for name, feature in monitor.spec.features.items() if isinstance(feature, NumberFeature))
    return next(numbers, catalog.PREDICTION_FEATURE)


def sound_bins(monitor: Monitor, features: Sequence[str], rows: float, **labels: str) -> Growth:
    """The features as in the reference, but for what a sample of so many rows differs by chance."""
    return _bins(monitor, features, _sample_shares(rows / monitor.spec.drift.design_effect), rows, **labels)


def drifted_bins(monitor: Monitor, features: Sequence[str], rows: float, **labels: str) -> Growth:
    """Every row in the rarest bin."""
    return _bins(monitor, features, {name: float(name == RAREST) for name in REFERENCE_SHARES}, rows, **labels)


def reference_gauges(monitor: Monitor, features: Sequence[str]) -> Mapping[ScenarioSeries, float]:
    """The reference of the features, whose bins lie as far apart as Wasserstein's distance needs to see them."""
    gauges: dict[ScenarioSeries, float] = {}
    for feature in features:
        labels = {names.REFERENCE: REFERENCE, names.FEATURE: feature}
        gauges[a_series(catalog.REFERENCE_OBSERVATIONS, monitor, **labels)] = REFERENCE_ROWS
        for name, share in REFERENCE_SHARES.items():
            gauges[a_series(catalog.REFERENCE_BIN_RATIO, monitor, **labels, bin=name)] = share
            if "wasserstein" in monitor.spec.drift.measures:
                spacing = max(1.0, 10 * monitor.spec.drift.threshold)
                gauges[a_series(catalog.REFERENCE_BIN_SPACING, monitor, **labels, bin=name)] = spacing
    return gauges


def _bins(monitor: Monitor, features: Sequence[str], shares: Mapping[str, float], rows: float, **labels: str) -> Growth:
    return {
        a_series(
            catalog.FEATURE_BIN, monitor, **labels, **{names.REFERENCE: REFERENCE, names.FEATURE: feature, "bin": name}
        ): rows * share
        for feature in features
        for name, share in shares.items()
    }


def _sample_shares(rows: float) -> dict[str, float]:
    """a ± d in turn, with d such that Σ d² / a is `_NOISE` times (bins - 1) / rows, what PSI is by chance."""
    shares = REFERENCE_SHARES
    expected = (len(shares) - 1) / rows
    d = math.sqrt(_NOISE * expected / sum(1 / share for share in shares.values()))
    return {name: share + (d if index % 2 else -d) for index, (name, share) in enumerate(shares.items())}
