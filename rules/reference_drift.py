"""Drift of every feature, and of the prediction, from the reference: measures, noise floor and significance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exporter import catalog
from exporter.monitor.spec import DriftMeasure, Monitor
from rules import cumulative_drift, names
from rules.group import RecordingRule
from rules.promql import number, select, without

_LN_2 = "0.6931471805599453"
_REPLICAS = without(*names.REPLICA_LABELS)
_ON_REFERENCE = f"on ({', '.join(names.REFERENCE_LABELS)}) group_left ()"
_ON_REFERENCE_BIN = f"on ({', '.join((*names.REFERENCE_LABELS, names.BIN))}) group_left ()"
_SUM_OF_BINS = f"sum {without(names.BIN)}"
_FOR_EACH_BIN = f"ignoring ({names.BIN}) group_left ()"


def reference_drift(monitor: Monitor, window: str) -> list[RecordingRule]:
    """Rules over the counts of a window, which are recorded before."""
    series = _Series.of(monitor, window)
    return [
        *_comparison(monitor, window, series),
        *_significance(monitor, window, series),
        *_measures(monitor, window, series),
    ]


@dataclass(frozen=True, slots=True)
class _Series:
    """Selectors of the recorded series, under the letters of the formulas.

    n, p, a: counts, smoothed ratios and reference's ratios of each bin; N, M: rows of the window and of the reference;
    k: bins less one; E: expected PSI.
    """

    n: str
    N: str
    p: str
    a: str
    M: str
    k: str
    E: str
    psi: str

    @classmethod
    def of(cls, monitor: Monitor, window: str) -> _Series:
        recorded = (
            names.bin_increase(window),
            names.feature_increase(window),
            names.bin_ratio(window),
            names.reference_bin_ratio(window),
            names.reference_observations(window),
            names.degrees_of_freedom(window),
            names.expected_psi(window),
            names.drift_measure("psi", window),
        )
        return cls(*(select(record, monitor) for record in recorded))


def _comparison(monitor: Monitor, window: str, s: _Series) -> list[RecordingRule]:
    """p, a, M, k: the window beside its reference. `0 *` gives the reference's values the labels of the window's."""
    reference_ratio = f"max {_REPLICAS} ({select(catalog.REFERENCE_BIN_RATIO.name, monitor)})"
    reference_rows = f"max {_REPLICAS} ({select(catalog.REFERENCE_OBSERVATIONS.name, monitor)})"
    bins = f"count {without(names.BIN)} ({s.n})"
    return [
        RecordingRule(names.bin_ratio(window), f"({s.n} + 0.5) / {_FOR_EACH_BIN} (({s.N} > 0) + 0.5 * {bins})"),
        RecordingRule(names.reference_bin_ratio(window), f"0 * {s.p} + {_ON_REFERENCE_BIN} {reference_ratio}"),
        RecordingRule(names.reference_observations(window), f"0 * {s.N} + {_ON_REFERENCE} {reference_rows}"),
        RecordingRule(names.degrees_of_freedom(window), f"count {without(names.BIN)} ({s.a}) - 1"),
    ]


def _significance(monitor: Monitor, window: str, s: _Series) -> list[RecordingRule]:
    """E, PSI and its z-score (Wilson and Hilferty); PSI is recorded whatever measure alerts."""
    deff = number(monitor.spec.drift.design_effect)
    root = f"({s.psi} / {s.E}) ^ (1 / 3)"
    return [
        RecordingRule(names.expected_psi(window), f"{s.k} * ({deff} / ({s.N} > 0) + 1 / {s.M})"),
        RecordingRule(names.drift_measure("psi", window), f"{_SUM_OF_BINS} (({s.p} - {s.a}) * ln({s.p} / {s.a}))"),
        RecordingRule(names.drift_zscore(window), f"({root} - (1 - 2 / (9 * {s.k}))) / sqrt(2 / (9 * {s.k}))"),
    ]


def _measures(monitor: Monitor, window: str, s: _Series) -> list[RecordingRule]:
    asked = monitor.spec.drift.measures
    rules = [
        RecordingRule(names.drift_measure(measure, window), expression(s))
        for measure, expression in _EXPRESSIONS.items()
        if measure in asked
    ]
    return rules + cumulative_drift.cumulative_rules(monitor, window)


def _kl(s: _Series) -> str:
    return f"{_SUM_OF_BINS} ({s.p} * ln({s.p} / {s.a}))"


def _js(s: _Series) -> str:
    middle = f"({s.p} + {s.a})"
    terms = f"{s.p} * ln(2 * {s.p} / {middle}) + {s.a} * ln(2 * {s.a} / {middle})"
    return f"sqrt(clamp_min({_SUM_OF_BINS} ({terms}) / 2 / {_LN_2}, 0))"


def _hellinger(s: _Series) -> str:
    return f"sqrt(0.5 * {_SUM_OF_BINS} ((sqrt({s.p}) - sqrt({s.a})) ^ 2))"


def _tv(s: _Series) -> str:
    return f"0.5 * {_SUM_OF_BINS} (abs({s.p} - {s.a}))"


def _chi2(s: _Series) -> str:
    share = f"{s.n} / {_FOR_EACH_BIN} ({s.N} > 0)"
    variance = f"{s.n} / {_FOR_EACH_BIN} ({s.N} * {s.M}) + {s.a} / {_FOR_EACH_BIN} {s.N}"
    return f"{_SUM_OF_BINS} (({share} - {s.a}) ^ 2 / ({variance}))"


_EXPRESSIONS: dict[DriftMeasure, Callable[[_Series], str]] = {
    "kl": _kl,
    "js": _js,
    "hellinger": _hellinger,
    "tv": _tv,
    "chi2": _chi2,
}
