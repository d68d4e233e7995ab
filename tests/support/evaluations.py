"""One evaluation of a group of rules by a real Prometheus, and what `increase` made of each replica's rows there.

`increase` extrapolates: from a first sample at 0 no further back, and from the last sample to the time of evaluation,
as if counting had gone on. So each row of a replica counts for

    f = (t - first) / (last - first) >= 1

with t the time of the evaluation and `first` and `last` those of the replica's samples. Given f from the timestamps of
the samples, every recorded value is exact again: that of the rows with weights f. And where f is at most 1.03, the
share of a replica among the pooled rows is off by less than 0.03 / 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.polling import wait_until
from tests.support.services import RunningPrometheus, SampledSeries

WINDOW = "1h"
COMMIT_S = 0.1
"""How long Prometheus may take to store a scrape that has ended."""
DEADLINE_S = 60
LARGEST_WEIGHT = 1.03

Replica = tuple[str, str, str]
"""Instance, model version and segment (empty: none): the labels of one set of series that began together."""


@dataclass(frozen=True, slots=True)
class RuleEvaluation:
    """The time of an evaluation, and the weight of a row of each replica in it."""

    at_s: float
    weights: Mapping[Replica, float]

    def read(self, server: RunningPrometheus, record: str, monitor: str, *labels: str) -> dict[tuple[str, ...], float]:
        """What was recorded then, by the values of the given labels (empty where there is none)."""
        recorded = server.query(f'{record}{{monitor="{monitor}"}}', self.at_s)
        found = {tuple(sample.labels.get(label, "") for label in labels): sample.value for sample in recorded}
        assert len(found) == len(recorded), f"{labels} do not tell the series of {record} apart"
        return found


def an_evaluation(server: RunningPrometheus, monitor: str, record: str, after_s: float) -> RuleEvaluation:
    """An evaluation of the group of `record` after `after_s` of which it is certain which samples it saw.

    It waits until scrapes have gone on for so long that no weight is above `LARGEST_WEIGHT`. The newest evaluation does
    not count: rules behind `record` in its group may be under way.
    """

    def find() -> RuleEvaluation | None:
        latest = server.value("time()")
        for series in server.history(f'{record}{{monitor="{monitor}"}}[10s]', latest)[:1]:
            for at_s, _ in reversed(series.samples[:-1]):
                weights = _weights(server, monitor, at_s) if at_s > after_s else None
                if weights and max(weights.values()) <= LARGEST_WEIGHT:
                    return RuleEvaluation(at_s, weights)
        return None

    return wait_until(find, DEADLINE_S, f"an evaluation of {record} between two scrapes")


def _weights(server: RunningPrometheus, monitor: str, at_s: float) -> dict[Replica, float] | None:
    """None when a scrape was under way at that time."""
    took = server.history(f"scrape_duration_seconds[{WINDOW}]", at_s)
    duration_s = {series.labels["instance"]: series.samples[-1][1] for series in took}
    weights = {}
    for series in server.history(f'infranaut_predictions_total{{monitor="{monitor}"}}[{WINDOW}]', at_s):
        instance = series.labels["instance"]
        if series.samples[-1][0] + duration_s[instance] + COMMIT_S > at_s:
            return None
        replica = (instance, series.labels["model_version"], series.labels.get("segment", ""))
        weights[replica] = _extrapolation(series, at_s)
    return weights


def _extrapolation(series: SampledSeries, at_s: float) -> float:
    """How much `increase` makes of an increase by 1 of a series that began at 0 (Prometheus's extrapolatedRate).

    Beyond 1.1 times the mean distance of two samples it goes on for half that distance only.
    """
    first_ms, last_ms = round(series.samples[0][0] * 1000), round(series.samples[-1][0] * 1000)
    assert series.samples[0][1] == 0, f"{series.labels} did not begin at 0"
    sampled_s, to_end_s = (last_ms - first_ms) / 1000, (round(at_s * 1000) - last_ms) / 1000
    mean_s = sampled_s / (len(series.samples) - 1)
    return (sampled_s + (to_end_s if to_end_s < 1.1 * mean_s else mean_s / 2)) / sampled_s
