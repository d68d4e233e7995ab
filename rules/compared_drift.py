"""PSI between two samples of the stream that need no reference: two periods, or two versions of the model.

The letters of the formulas, for each bin: n and its total N rows in the window, o and its total M in the other sample.

    m = (n + o) / (N + M)                                      bins that hold nothing in either are left out
    p = (n + min(m N, 0.5)) / (their sum), a = (o + min(m M, 0.5)) / (their sum)
    psi = sum((p - a) ln(p / a)),  k = bins - 1,  E = k DEFF (1 / N + 1 / M)
    z = ((psi / E)^(1/3) - (1 - 2 / (9 k))) / sqrt(2 / (9 k))

The half row that smooths a bin is no more than what the bin would hold if both samples were alike: a plain half makes
rare bins of a small sample differ from those of a large one by itself, and a canary of 200 rows "drift" from 20,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.names import Comparison
from rules.promql import differs, equals, number, select, without

_SUM_OF_BINS = f"sum {without(names.BIN)}"
_BINS = f"count {without(names.BIN)}"
_FOR_EACH_BIN = f"ignoring ({names.BIN}) group_left ()"


@dataclass(frozen=True, slots=True)
class SamplePair:
    """A window, and what it is compared with.

    label, value : the label of everything that is recorded of the pair.
    own          : matchers of the series that are compared; other: of those that they are compared with.
    offset       : how long before those are taken, as PromQL.
    apart        : the labels by which the two differ.
    """

    kind: Comparison
    label: str
    value: str
    own: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    offset: str = ""
    apart: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        return {self.label: self.value}

    def select(self, record: str, monitor: Monitor) -> str:
        """What was recorded of the pair."""
        return select(record, monitor, equals(self.label, self.value))

    def own_of(self, record: str, monitor: Monitor) -> str:
        return select(record, monitor, *self.own)

    def other_of(self, record: str, monitor: Monitor) -> str:
        return select(record, monitor, *self.other) + self.offset

    @property
    def on_other(self) -> str:
        """Matches the other sample's series to those of the window, or of the pair."""
        return f"ignoring ({', '.join((self.label, *self.apart))}) group_left ()"

    @property
    def on_own(self) -> str:
        """Matches the window's series to those of the pair."""
        return f"ignoring ({self.label}) group_left ()"


def comparisons(monitor: Monitor) -> Iterator[SamplePair]:
    """Every pair that the monitor asks for."""
    drift = monitor.spec.drift
    for period in drift.previous:
        yield SamplePair("period", names.PREVIOUS, str(period), offset=f" offset {period}")
    if drift.versions is not None:
        stable = drift.versions.stable
        yield SamplePair(
            "version",
            names.STABLE,
            stable,
            own=(differs(names.MODEL_VERSION, stable),),
            other=(equals(names.MODEL_VERSION, stable),),
            apart=(names.MODEL_VERSION,),
        )


def compared_drift(monitor: Monitor, window: str, pair: SamplePair) -> list[RecordingRule]:
    """Rules over the counts of a window, which are recorded before."""
    return [
        RecordingRule(record, expr, pair.labels)
        for record, expr in (*_samples(monitor, window, pair), *_verdict(monitor, window, pair))
    ]


def _samples(monitor: Monitor, window: str, pair: SamplePair) -> Iterator[tuple[str, str]]:
    """M, m, p, a; M is absent, and with it all that follows, where the two samples were counted in different bins."""
    counts, totals = names.bin_increase(window), names.feature_increase(window)
    n, o = pair.own_of(counts, monitor), pair.other_of(counts, monitor)
    own_rows, other_rows = pair.own_of(totals, monitor), pair.other_of(totals, monitor)
    record = names.compared_rows(pair.kind, window)
    rows, pooled = (pair.select(each, monitor) for each in (record, names.compared_bin_pooled_ratio(pair.kind, window)))
    same_bins = f"({_BINS} ({n}) == {pair.on_other} {_BINS} ({o}))"
    yield record, f"0 * {own_rows} + {pair.on_other} {other_rows} and {same_bins}"
    both_rows = f"({rows} > 0) + {pair.on_own} ({own_rows} > 0)"
    yield (
        names.compared_bin_pooled_ratio(pair.kind, window),
        f"({n} + {pair.on_other} {o} > 0) / ignoring ({names.BIN}, {pair.label}) group_left () ({both_rows})",
    )
    own_prior = f"clamp_max({pooled} * ignoring ({names.BIN}, {pair.label}) group_left () {own_rows}, 0.5)"
    other_prior = f"clamp_max({pooled} * {_FOR_EACH_BIN} {rows}, 0.5)"
    yield names.compared_bin_ratio(pair.kind, window), _shares(f"{own_prior} + {pair.on_own} {n}")
    yield names.compared_bin_baseline_ratio(pair.kind, window), _shares(f"{other_prior} + {pair.on_other} {o}")


def _shares(smoothed: str) -> str:
    return f"({smoothed}) / {_FOR_EACH_BIN} {_SUM_OF_BINS} ({smoothed})"


def _verdict(monitor: Monitor, window: str, pair: SamplePair) -> Iterator[tuple[str, str]]:
    """k, E, PSI and its z-score; a single bin is equal by itself, so k is at least 1."""
    records = (
        names.compared_bin_ratio(pair.kind, window),
        names.compared_bin_baseline_ratio(pair.kind, window),
        names.compared_degrees_of_freedom(pair.kind, window),
        names.compared_expected_psi(pair.kind, window),
        names.compared_psi(pair.kind, window),
        names.compared_rows(pair.kind, window),
    )
    p, a, k, expected, psi, rows = (pair.select(record, monitor) for record in records)
    own_rows = pair.own_of(names.feature_increase(window), monitor)
    deff = number(monitor.spec.drift.design_effect)
    yield names.compared_degrees_of_freedom(pair.kind, window), f"clamp_min({_BINS} ({p}) - 1, 1)"
    noise = f"(1 / ({rows} > 0) + {pair.on_own} (1 / ({own_rows} > 0)))"
    yield names.compared_expected_psi(pair.kind, window), f"{k} * {deff} * {noise}"
    yield names.compared_psi(pair.kind, window), f"{_SUM_OF_BINS} (({p} - {a}) * ln({p} / {a}))"
    root = f"({psi} / {expected}) ^ (1 / 3)"
    yield names.compared_zscore(pair.kind, window), f"({root} - (1 - 2 / (9 * {k}))) / sqrt(2 / (9 * {k}))"
