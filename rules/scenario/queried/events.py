"""Events and errors of an objective that counts what queries of a person answer: series that make just those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

from exporter.monitor.counter_query import increase_of
from exporter.monitor.openslo import RatioMetric
from rules import names
from rules.dependencies import Selector, selectors
from rules.scenario.queried.growth import growth_of
from rules.scenario.queried.told_apart import QueriedSeries, told_apart
from rules.scenario.queried.undriven import UndrivenQuery
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import Growth

_REPLICAS = ("a", "b")
_REPLICA_LABELS = (names.INSTANCE, "pod", "replica", "infranaut_replica")
_MOST_SERIES = 3
"""Those of good events, of errors, and of all events where these are counted apart."""


class QueriedEvents(NamedTuple):
    """How much each series grows with a good event, and with an error."""

    good: Mapping[ScenarioSeries, float]
    error: Mapping[ScenarioSeries, float]

    def counts(self, events: float, errors: float) -> Growth:
        """The growth of so many events, of which a share are errors."""
        return {
            series: events * ((1 - errors) * self.good.get(series, 0.0) + errors * self.error.get(series, 0.0))
            for series in {**self.good, **self.error}
        }


class _Counted(NamedTuple):
    """How often the queries count a series as an event, and as an error."""

    series: QueriedSeries
    event: float
    error: float


def queried_events(ratio: RatioMetric) -> QueriedEvents:
    """The fewest series that tell good events from errors; UndrivenQuery where none do that we can think of."""
    queries = [side.query for side in (ratio.total, ratio.bad or ratio.good) if side is not None]
    read = list(dict.fromkeys(each for query in queries for each in selectors(increase_of(query, names.SLO_STEP))))
    instance, thinkable = _replica_label(read), told_apart(read)
    objections: list[UndrivenQuery] = []
    for count in range(1, _MOST_SERIES + 1):
        found = list(_found(ratio, combinations(thinkable, count), instance, objections))
        if found:
            return min(found, key=lambda events: len(events.good) + len(events.error))
    raise next(
        iter(objections), UndrivenQuery("no series comes to mind that it counts as an event and not as an error")
    )


def _found(
    ratio: RatioMetric,
    choices: Iterable[Sequence[QueriedSeries]],
    instance: str,
    objections: list[UndrivenQuery],
) -> Iterator[QueriedEvents]:
    """The choices that do, in their order; what is wrong with others is added to `objections`."""
    for present in choices:
        try:
            counted = _counted(ratio, present, instance)
        except UndrivenQuery as objection:
            objections.append(objection)
            continue
        good, error = _growths(counted, instance, errors=False), _growths(counted, instance, errors=True)
        if good and error:
            yield QueriedEvents(good, error)


def _replica_label(read: Sequence[Selector]) -> str:
    told = {label for selector in read for label, _, _ in selector.matchers}
    free = [label for label in _REPLICA_LABELS if label not in told]
    if not free:
        raise UndrivenQuery("every label that could tell replicas apart is in a selector")
    return free[0]


def _counted(ratio: RatioMetric, present: Sequence[QueriedSeries], instance: str) -> list[_Counted]:
    replicas = [(instance, replica) for replica in _REPLICAS]
    total, part = (
        growth_of(increase_of(side.query, names.SLO_STEP), present, replicas)
        for side in (ratio.total, ratio.bad or ratio.good)
        if side
    )
    return [
        _Counted(
            each,
            total.get(each, 0.0),
            part.get(each, 0.0) if ratio.bad else total.get(each, 0.0) - part.get(each, 0.0),
        )
        for each in present
    ]


def _growths(counted: Sequence[_Counted], instance: str, *, errors: bool) -> Mapping[ScenarioSeries, float] | None:
    """Of the fewest series that together are one event, and an error or not."""
    for chosen in _subsets(counted):
        events, error = sum(each.event for each in chosen), sum(each.error for each in chosen)
        if events > 0 and error == (events if errors else 0):
            return {
                ScenarioSeries(each.series.name, each.series.labels, source="queried", instance=instance): 1 / events
                for each in chosen
            }
    return None


def _subsets(counted: Sequence[_Counted]) -> Iterator[list[_Counted]]:
    choices = sorted(product((False, True), repeat=len(counted)), key=sum)
    return ([each for each, is_in in zip(counted, choice, strict=True) if is_in] for choice in choices)
