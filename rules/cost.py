"""What rules cost a Prometheus: the series that they record, and the CPU that their evaluation takes."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from exporter.monitor.duration import parse_duration_s
from rules.dependencies import Selector
from rules.group import RecordingRule, RuleGroup
from rules.label_sets import Evaluation, KnownSeries, Series, Work
from rules.label_vectors import LabelSet, Vector

_FILE = Path(__file__).with_name("cost_coefficients.json")
_PASSES = 2
"""A group may read what a later group records."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What a Prometheus needs, as measured once.

    microseconds                 : CPU of one unit of each kind of `Work`.
    head_bytes_a_series          : memory of a series that is being written to.
    disk_bytes_a_sample          : of a scraped sample in a block, its share of the index included.
    disk_bytes_a_recorded_sample : of one that a rule recorded, which has more digits.
    source                       : where the figures come from.

    Bytes are those of `python -m tests.bench plan-storage` (Prometheus 2.42): 60,000 series in the head; blocks of two
    days, of counters of which a feature's together get 10 events a second, and of what they grew in an hour.
    """

    microseconds: Mapping[str, float]
    head_bytes_a_series: float
    disk_bytes_a_sample: float
    disk_bytes_a_recorded_sample: float
    source: str

    def cpu_s(self, work: Work) -> float:
        """CPU seconds of so much work."""
        spent: float = sum(getattr(work, kind) * cost for kind, cost in self.microseconds.items())
        return spent / 1e6


@dataclass(frozen=True, slots=True)
class GroupCost:
    """What one evaluation of a group does; `interval_s` is its own, None where Prometheus decides."""

    rules: int
    work: Work
    interval_s: float | None


@dataclass(frozen=True, slots=True)
class RulesCost:
    """What evaluations of some groups do, and the series that are recorded by them."""

    groups: tuple[GroupCost, ...]
    recorded: Mapping[str, Sequence[LabelSet]]

    @property
    def work(self) -> Work:
        """Of one evaluation of every group."""
        return sum((group.work for group in self.groups), Work())

    def a_second(self, interval_s: float) -> Work:
        """On average, where groups without an interval of their own are evaluated every `interval_s`."""
        return sum((group.work.times(1 / (group.interval_s or interval_s)) for group in self.groups), Work())

    def rules_a_second(self, interval_s: float) -> float:
        """Rules that are evaluated."""
        return sum(group.rules / (group.interval_s or interval_s) for group in self.groups)

    @property
    def recorded_series(self) -> int:
        return sum(map(len, self.recorded.values()))


@lru_cache(maxsize=1)
def coefficients() -> Coefficients:
    """Those in `cost_coefficients.json`; `python -m tests.bench.plan_cost_fit` measures them anew."""
    return Coefficients(**json.loads(_FILE.read_text(encoding="utf-8")))


def cost_of_rules(
    groups: Sequence[RuleGroup],
    exposed: Series,
    interval_s: float,
    history_s: float = math.inf,
    assumed: Mapping[Selector, Sequence[LabelSet]] | None = None,
) -> RulesCost:
    """The cost of evaluating the groups once over the exposed series, sampled every `interval_s` for so long.

    assumed : what selectors find of which the series are not known.
    """
    known = KnownSeries(exposed, interval_s, assumed)
    for _ in range(_PASSES):
        costs, recorded = list[GroupCost](), defaultdict[str, list[Vector]](list)
        for group in groups:
            work = Work()
            for rule in group.rules:
                evaluation = Evaluation(known, history_s)
                yielded = evaluation.yields(rule.expr)
                work += evaluation.work + Work(rules=1)
                if isinstance(rule, RecordingRule):
                    made = known.record(rule, yielded, _interval_s(group))
                    work += Work(recorded=len(made))
                    recorded[rule.record].append(made)
            costs.append(GroupCost(len(group.rules), work, _interval_s(group)))
    return RulesCost(tuple(costs), {name: _distinct(vectors) for name, vectors in recorded.items() if any(vectors)})


def _interval_s(group: RuleGroup) -> float | None:
    return parse_duration_s(group.interval) if group.interval else None


def _distinct(vectors: Iterable[Vector]) -> list[LabelSet]:
    return list(dict.fromkeys(chain.from_iterable(vector.sets for vector in vectors)))
