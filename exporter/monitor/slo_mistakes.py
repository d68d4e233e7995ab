"""Mistakes across the keys of a monitor's service level objectives."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.positions import KeyPath
from exporter.monitor.reach import bound_mistakes
from exporter.monitor.slo import ENDING_HOLD, LatencySlo, QualitySlo, SloTerms
from exporter.monitor.spec import METRICS_BY_TASK, Monitor

SHORTEST_WINDOW_S = 300.0
"""Errors and events are counted in steps of five minutes."""
_NOTICE_S = 3600.0
"""That an alert about the end of a budget gives at least."""
_ENDING: AlertName = "InfranautSloBudgetEnding"

SloMistake = tuple[KeyPath, str, tuple[KeyPath, ...]]
"""A key, what is wrong with it, and the other keys that this rests on."""


def slo_mistakes(monitor: Monitor) -> Iterator[SloMistake]:
    """Every mistake in `spec.slos` that one key alone does not tell."""
    for index, slo in enumerate(monitor.spec.slos):
        key: KeyPath = ("spec", "slos", index)
        yield from _burn_rates(slo, key)
        yield from _ending(monitor, slo, key)
        yield from _what_it_needs(monitor, slo.name, key)
        if isinstance(slo, LatencySlo) and monitor.spec.events.latency_seconds is None:
            message = "needs the latency, but spec.events.latency_seconds does not name its field"
            yield (*key, "name"), message, (("spec", "events", "latency_seconds"),)
        if isinstance(slo, QualitySlo) and slo.metric not in METRICS_BY_TASK[monitor.spec.model.task]:
            expected = ", ".join(METRICS_BY_TASK[monitor.spec.model.task])
            message = f"{slo.metric} cannot be computed for task {monitor.spec.model.task}, expected one of {expected}"
            yield (*key, "metric"), message, (("spec", "model", "task"),)
        elif isinstance(slo, QualitySlo):
            for bound, message in bound_mistakes(slo.metric, slo.minimum, slo.maximum):
                yield (*key, bound), message, ()


def _burn_rates(slo: SloTerms, key: KeyPath) -> Iterator[SloMistake]:
    for index, rate in enumerate(slo.burn_rates):
        of_rate = (*key, "burn_rates", index)
        if slo.objective < 1 and not rate.can_fire(slo.objective):
            message = (
                f"got {rate.factor:g}, expected less than {1 / slo.budget:.4g}: even if every event were an error, the "
                f"budget of objective {slo.objective:g} would not burn faster, so this could never alert"
            )
            yield (*of_rate, "factor"), message, ((*key, "objective"),)
        if rate.short.seconds >= rate.long.seconds:
            yield (*of_rate, "short"), f"{rate.short} is not shorter than long ({rate.long})", ((*of_rate, "long"),)
        if rate.long.seconds >= Duration(slo.period).seconds:
            yield (*of_rate, "long"), f"{rate.long} is not shorter than the period ({slo.period})", ((*key, "period"),)
        for name in ("long", "short"):
            window: Duration = getattr(rate, name)
            if window.seconds % SHORTEST_WINDOW_S:
                yield (
                    (*of_rate, name),
                    f"got {window}, expected a multiple of 5m, the step that errors are counted in",
                    (),
                )
        if rate.long.seconds in [other.long.seconds for other in slo.burn_rates[:index]]:
            yield (*of_rate, "long"), f"a second pair over {rate.long}, expected one", ()


def _ending(monitor: Monitor, slo: SloTerms, key: KeyPath) -> Iterator[SloMistake]:
    """The alert waits, and what ends meanwhile is spent when it comes."""
    tuning = monitor.spec.alerts.tuning.get(_ENDING)
    hold = (tuning.hold if tuning else None) or ENDING_HOLD
    least_s = hold.seconds + _NOTICE_S
    if slo.ending.seconds >= least_s:
        return
    of_hold: KeyPath = ("spec", "alerts", "tuning", _ENDING, "hold")
    reason = f"{_ENDING} waits {hold} before it alerts, and should come an hour before the budget is spent"
    if slo.ending_within is not None:
        message = f"got {slo.ending}, expected at least {duration_text(least_s)}: {reason}"
        yield (*key, "ending_within"), message, (of_hold,)
    else:
        message = f"is too long for {slo.name}, which alerts {slo.ending} before the end (ending_within): {reason}"
        yield of_hold, message, ((*key, "period"),)


def _what_it_needs(monitor: Monitor, name: str, key: KeyPath) -> Iterator[SloMistake]:
    if name == "availability" and monitor.spec.events.error is None:
        message = "needs the failures, but spec.events.error does not name their field"
        yield (*key, "name"), message, (("spec", "events", "error"),)
    if name in ("label_delay", "quality") and monitor.spec.labels is None:
        message = "needs labels (ground truth), but spec.labels does not say how to join them"
        yield (*key, "name"), message, (("spec", "labels"),)
