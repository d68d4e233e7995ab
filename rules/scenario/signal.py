"""What a rule of an alert watches: the counters of a sound model, and of one that the alert is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from exporter import catalog
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.scenario.series import ScenarioSeries, a_series

Growth = Mapping[ScenarioSeries, float]
"""How much each counter grows in the window, over all replicas."""
Counters = Callable[[float], Growth]
"""The growth, given how many rows come in a window."""
Past = Callable[[float, float], Growth]
"""What had been before, given the rows of a window and how many seconds are played after it."""


class Gauge(NamedTuple):
    """Its value at the beginning, and how much it grows a second."""

    value: float
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule of an alert.

    sound, unsound : the counters of all replicas together.
    gauges   : those of the first replica, whatever happens.
    states   : gauges of every replica, given whether all is sound.
    own      : labels of the rule that no other rule of the alert has.
    found    : labels of the series that it finds.
    window   : how far it looks back; the rows are those of a window.
    low_rows, few_rows : None where the alert asks for no number of rows.
    span     : what is played before the alert is held, where the window need not be full; the whole window else.
    step     : from one scrape to the next; a part of the span where absent.
    evaluated: from one evaluation to the next, a multiple of the step; the step itself where absent.
    lead     : how long all is sound before, for alerts that compare with the past.
    before   : how much the counters grow in all of that time, where not at the pace of `sound`.
    lasting  : how long what is unsound can be told from what was before; as long as the alert is held where absent.
    patience : how much of the past the alert asks for before it can begin to be held.
    shaken   : how long before the end something happens to a replica; half of the last window where absent.
    history  : what the rules had recorded before the first scrape.
    situated : the label that tells situations apart; where no label does, each is a test of its own.
    replicas : of what the series are scraped from.
    fires    : whether it alerts; where not, it must be silent although it is not sound.
    """

    alert: str
    window: Duration
    sound: Counters
    unsound: Counters
    gauges: Mapping[ScenarioSeries, float]
    low_rows: float | None
    high_rows: float
    few_rows: float | None = None
    span: Duration | None = None
    step: Duration | None = None
    evaluated: Duration | None = None
    lead: Duration | None = None
    before: Past | None = None
    lasting: Duration | None = None
    patience: Duration | None = None
    states: Callable[[bool], Mapping[ScenarioSeries, Gauge]] = lambda _: {}
    shaken: Duration | None = None
    history: Past = lambda _rows, _played_s: {}
    own: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, str] = field(default_factory=dict)
    situated: str | None = names.JOB
    replicas: tuple[str, ...] = ("a", "b")
    fires: bool = True


def threshold_gauges(monitor: Monitor, *prefixes: str) -> dict[ScenarioSeries, float]:
    """The thresholds of the checks that begin so, as an exporter exposes them."""
    return {
        a_series(catalog.MONITOR_THRESHOLD, monitor, **{names.CHECK: check}): value
        for check, value in thresholds(monitor).items()
        if check.startswith(prefixes)
    }
