"""The alerts of OpenSLO objectives, driven by series that are made for their queries.

The queries sum away whatever could tell situations apart, so each situation is a test of its own.
"""

from __future__ import annotations

from dataclasses import replace

from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.service_objectives import ServiceSlo
from rules import names
from rules.scenario import slo as counted
from rules.scenario import slo_slices
from rules.scenario.queried.events import QueriedEvents, queried_events
from rules.scenario.queried.undriven import UndrivenQuery
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import Signal
from rules.scenario.slo import CountedEvents
from rules.scenario.slo_slices import JudgedSlices
from rules.scenario.timeline import evaluation_of

_EVENTS_A_SLICE = 10
_MOST_COUNTED = {"1m": 6, "5m": 1}
"""Slices that one evaluation counts: a part of five minutes holds both its ends in older versions of Prometheus."""
_SCARCE = 0.6
"""Of the slices that an alert asks for."""


def service_signals(slo: ServiceSlo) -> list[Signal]:
    """Some for each alert of the objective; UndrivenQuery where no series can be made for its queries."""
    events = queried_events(slo.ratio)
    target = slo.slo.spec.objectives[0]
    if target.timeSliceWindow is None:
        of_events = CountedEvents(slo.slo.terms, events.counts, situated=None)
        return [*counted.burn(of_events), counted.spent(of_events), *counted.ending(of_events)]
    slices = _slices(slo, events, Duration(target.timeSliceWindow), 1 - (target.timeSliceTarget or 1))
    burning, spent = slo_slices.burn(slices), slo_slices.spent(slices)
    return [
        *burning,
        spent,
        *(_scarce(slices, events, signal) for signal in (*burning, spent)),
        *slo_slices.ending(slices),
    ]


def untested_because(slo: ServiceSlo) -> str | None:
    """What `infranaut generate` tells where an objective has no tests."""
    try:
        queried_events(slo.ratio)
    except UndrivenQuery as reason:
        return (
            f"{slo.name} of {slo.service}: no tests of its alerts, as no series can be made for its queries: {reason}"
        )
    return None


def _slices(slo: ServiceSlo, events: QueriedEvents, slice_: Duration, allowed: float) -> JudgedSlices:
    """Half of the errors that a slice may have, against nothing else."""
    labels = ((names.MONITOR, slo.service), (names.SLO, slo.name))
    return JudgedSlices(
        terms=slo.slo.terms,
        slice=slice_,
        good=lambda rows: events.counts(rows, allowed / 2),
        bad=lambda rows: events.counts(rows, 1),
        seen_s=slice_.seconds / 2,
        rows=_EVENTS_A_SLICE,
        recorded=lambda series: ScenarioSeries(series, labels, source="service"),
        counted=_MOST_COUNTED[slice_],
        situated=None,
    )


def _scarce(slices: JudgedSlices, events: QueriedEvents, signal: Signal) -> Signal:
    """Bad slices, but fewer than the alert asks for, and then no events at all."""
    bad_s, evaluated_s = _SCARCE * slices.terms.minimum_events * slices.slice.seconds, evaluation_of(signal).seconds
    return replace(
        signal,
        lead=duration_text(bad_s // evaluated_s * evaluated_s),
        before=lambda rows, _after_s: events.counts(rows, 1),
        sound=lambda _rows: events.counts(0, 0),
        unsound=lambda _rows: events.counts(0, 0),
        history=lambda _rows, _after_s: {},
        fires=False,
    )
