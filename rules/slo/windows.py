"""Errors and events over every window, and how fast they burn the error budget."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.monitor.burn_rate import BurnRate
from exporter.monitor.duration import Duration
from exporter.monitor.slo import SloTerms
from rules import names
from rules.group import RecordingRule
from rules.slo.series import of_slos

_FINE_STEP_S = 60
_FINE_UP_TO_S = 6 * 3600


def count_rules(owner: str, objectives: Sequence[SloTerms]) -> list[RecordingRule]:
    """For all objectives of an owner: numerator and denominator apart, since a mean of ratios is no ratio."""
    slos = [slo.name for slo in objectives]
    return [
        rule
        for window in _windows(_rates(objectives))
        if window != names.SLO_STEP
        for rule in sums_of_steps(owner, slos, window)
    ]


def burn_rate_rules(owner: str, objectives: Sequence[SloTerms]) -> list[RecordingRule]:
    """How fast the budget burns over every window, and how sure that is over the long ones."""
    slos, rates = [slo.name for slo in objectives], _rates(objectives)
    long = _distinct([rate.long for rate in rates])
    return [
        *(RecordingRule(names.slo_burn_rate(window), burn_rate(owner, slos, window)) for window in _windows(rates)),
        *(RecordingRule(names.slo_zscore(window), _zscore(owner, slos, window)) for window in long),
    ]


def sums_of_steps(owner: str, slos: Sequence[str], window: Duration) -> list[RecordingRule]:
    """Events and errors of a window from the counts of five minutes, and of what there is where history is shorter.

    Up to six hours the counts of every minute are taken, and a fifth of each, so that the newest minutes count at once;
    over more, those of every fifth minute.
    """
    return [
        RecordingRule(record(window), _sum_of_steps(of_slos(record(names.SLO_STEP), owner, slos), window))
        for record in (names.slo_events, names.slo_errors)
    ]


def burn_rate(owner: str, slos: Sequence[str], window: Duration) -> str:
    """Share of errors over the share that is owed: 1 spends the budget in exactly the period; absent without events."""
    errors = of_slos(names.slo_errors(window), owner, slos)
    events = of_slos(names.slo_events(window), owner, slos)
    return f"{errors} / ({events} > 0) / {_budget(owner, slos)}"


def _sum_of_steps(series: str, window: Duration) -> str:
    if window.seconds > _FINE_UP_TO_S:
        return f"sum_over_time({series}[{window}:{names.SLO_STEP}])"
    overlap = Duration(names.SLO_STEP).seconds / _FINE_STEP_S
    return f"sum_over_time({series}[{window}:1m]) / {overlap:g}"


def _zscore(owner: str, slos: Sequence[str], window: Duration) -> str:
    """z = 2 (sqrt(x + 3/8) - sqrt(n t + 3/8)): x errors of n events where a share t is owed.

    The square root of a Poisson count is about normal with a standard deviation of 1/2 (Anscombe, Biometrika 35, 1948):
    one error among few events is no sign of a burn, however large a share it is.
    """
    errors = of_slos(names.slo_errors(window), owner, slos)
    events = of_slos(names.slo_events(window), owner, slos)
    return f"2 * (sqrt({errors} + 0.375) - sqrt({events} * {_budget(owner, slos)} + 0.375))"


def _budget(owner: str, slos: Sequence[str]) -> str:
    """Share of events that may be errors."""
    return f"(1 - {of_slos(names.slo_objective(), owner, slos)})"


def _rates(objectives: Sequence[SloTerms]) -> list[BurnRate]:
    return [rate for slo in objectives for rate in slo.alerting_burn_rates]


def _windows(rates: Sequence[BurnRate]) -> list[Duration]:
    """Every window of the pairs, the shortest first; that of the step is always there."""
    return _distinct([Duration(names.SLO_STEP), *(window for rate in rates for window in (rate.short, rate.long))])


def _distinct(windows: Sequence[Duration]) -> list[Duration]:
    return sorted(set(windows), key=lambda window: (window.seconds, window))
