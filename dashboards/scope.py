"""Selects series in PromQL, narrowed by the dashboard's variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.catalog import MONITOR_THRESHOLD, SEGMENT, Metric
from exporter.monitor.spec import Monitor
from rules.promql import equals, matches

RATE = "$__rate_interval"

WHERE = ("cluster", "job")
"""Variables of every dashboard. Thanos, Mimir and federation tell clusters apart; one Prometheus need not."""
_OF_ALL_VERSIONS = ("monitor", "slo:")
"""How the names of series begin that tell no versions apart."""
_OF_A_SCRAPE = (*WHERE, "instance")


@dataclass(frozen=True, slots=True)
class Scope:
    """The series of one monitor in the clusters, jobs, model versions and segments that are chosen on top.

    What is chosen there comes from Grafana's variables, which Grafana escapes.
    """

    monitor: Monitor

    @property
    def slices(self) -> tuple[str, ...]:
        """The labels that cut a monitor's counts: its model versions, and its segments where it has them."""
        return ("model_version", SEGMENT) if self.monitor.spec.segments else ("model_version",)

    @property
    def slice_legend(self) -> str:
        return " ".join(f"{{{{{label}}}}}" for label in self.slices)

    def series(self, metric: Metric, *matchers: str, suffix: str = "") -> str:
        """A family of the catalogue; `suffix` is `_bucket`, `_sum` or `_count` of a histogram."""
        labels: list[str] = [label for label in ("monitor", "model_version") if label in metric.labels]
        if metric.is_segmented and self.monitor.spec.segments:
            labels.append(SEGMENT)
        return self._select(metric.name + suffix, labels, matchers)

    def rate(self, metric: Metric, *matchers: str, suffix: str = "", over: str = RATE) -> str:
        """What a counter adds a second."""
        return f"rate({self.series(metric, *matchers, suffix=suffix)}[{over}])"

    def recorded(self, name: str, *matchers: str, segmented: bool = False) -> str:
        """A recorded series; its segments, or where it is not `segmented` the one of them all."""
        slices = () if name.startswith(_OF_ALL_VERSIONS) else self.slices if segmented else ("model_version",)
        return self._select(name, ("monitor", *slices), matchers)

    def threshold(self, check: str) -> str:
        """A threshold of the monitor as the exporter publishes it, so that the line moves with it."""
        return f"max ({self.series(MONITOR_THRESHOLD, equals('check', check))})"

    def sum_by(self, expr: str, *labels: str) -> str:
        return f"sum by ({', '.join(labels)}) ({expr})" if labels else f"sum ({expr})"

    def _select(self, name: str, labels: Sequence[str], matchers: Sequence[str]) -> str:
        own = [equals(label, self.monitor.name) if label == "monitor" else _chosen(label) for label in labels]
        return _selector(name, [*map(_chosen, WHERE), *own, *matchers])


@dataclass(frozen=True, slots=True)
class FleetScope:
    """The series of all monitors, narrowed by those `variables` of a dashboard whose label they bear."""

    variables: tuple[str, ...]

    def series(self, metric: Metric, *matchers: str, suffix: str = "") -> str:
        """A family of the catalogue; `suffix` is `_bucket`, `_sum` or `_count` of a histogram."""
        borne = (*metric.labels, *([SEGMENT] if metric.is_segmented else []))
        return self.select(metric.name + suffix, borne, *matchers)

    def rate(self, metric: Metric, *matchers: str, suffix: str = "") -> str:
        """What a counter adds a second."""
        return f"rate({self.series(metric, *matchers, suffix=suffix)}[{RATE}])"

    def increase(self, metric: Metric, *matchers: str) -> str:
        """What a counter added in the time shown."""
        return f"increase({self.series(metric, *matchers)}[$__range])"

    def select(self, name: str, labels: Iterable[str], *matchers: str) -> str:
        """Any series that bears `labels`, besides those of the scrape."""
        borne = {*_OF_A_SCRAPE, *labels}
        return _selector(name, [*(_chosen(label) for label in self.variables if label in borne), *matchers])

    def recorded(self, name: str, *matchers: str) -> str:
        """A recorded series of one monitor or of several; replicas are pooled in it."""
        return _selector(name, [*(_chosen(label) for label in self.variables if label != "instance"), *matchers])


def quantile(level: float, buckets: str) -> str:
    """A quantile of a histogram's buckets, which must carry `le`."""
    return f"histogram_quantile({level:g}, {buckets})"


def share(part: str, whole: str, *labels: str) -> str:
    """Part of a whole as a ratio; the whole is one value for all, or for each value of `labels`."""
    return f"{part} / on ({', '.join(labels)}) group_left () ({whole} > 0)"


def _chosen(label: str) -> str:
    return matches(label, f"${label}")


def _selector(name: str, matchers: Sequence[str]) -> str:
    return f"{name}{{{', '.join(matchers)}}}"
