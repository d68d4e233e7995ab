"""What a rule of an alert watches: the counters of a sound model, and of one that the alert is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exporter import catalog
from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.scenario.series import ScenarioSeries, a_series

Growth = Mapping[ScenarioSeries, float]
"""How much each counter grows in the window, over all replicas."""
Counters = Callable[[float], Growth]
"""The growth, given how many rows come in a window."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule of an alert.

    own      : labels of the rule that no other rule of the alert has.
    found    : labels of the series that it finds.
    window   : how far it looks back; the rows are those of a window.
    span     : what is played before the alert is held, where the window need not be full; the whole window else.
    step     : from one scrape and evaluation to the next; a part of the span where absent.
    lead     : how long all is sound before, for alerts that compare with the past.
    few_rows : None where the alert asks for no number of rows.
    """

    alert: AlertName
    window: Duration
    sound: Counters
    unsound: Counters
    gauges: Mapping[ScenarioSeries, float]
    low_rows: float
    high_rows: float
    few_rows: float | None = None
    span: Duration | None = None
    step: Duration | None = None
    lead: Duration | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, str] = field(default_factory=dict)


def threshold_gauges(monitor: Monitor, *prefixes: str) -> dict[ScenarioSeries, float]:
    """The thresholds of the checks that begin so, as an exporter exposes them."""
    return {
        a_series(catalog.MONITOR_THRESHOLD, monitor, **{names.CHECK: check}): value
        for check, value in thresholds(monitor).items()
        if check.startswith(prefixes)
    }
