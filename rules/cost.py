"""What rules cost a Prometheus: the series that they record, and the CPU that their evaluation takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from exporter.monitor.duration import parse_duration_s
from rules.dependencies import Selector
from rules.group import RecordingRule, RuleGroup
from rules.label_sets import Evaluation, LabelSet, Series, Work, indexed

_FILE = Path(__file__).with_name("cost_coefficients.json")
_PASSES = 2
"""A group may read what a later group records."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What a Prometheus needs, as measured once.

    microseconds             : CPU of one unit of each kind of `Work`.
    head_bytes_a_series      : memory of a series that is being written to.
    disk_bytes_a_sample      : of a sample in a block.
    source                   : where the figures come from.
    """

    microseconds: Mapping[str, float]
    head_bytes_a_series: float
    disk_bytes_a_sample: float
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
    known: dict[str, Sequence[LabelSet]] = dict(exposed)
    for _ in range(_PASSES):
        costs, found = list[GroupCost](), list[tuple[str, LabelSet]]()
        for group in groups:
            work = Work()
            for rule in group.rules:
                evaluation = Evaluation(known, interval_s, history_s, assumed or {})
                yielded = evaluation.yields(rule.expr)
                work += evaluation.work + Work(rules=1)
                if isinstance(rule, RecordingRule):
                    made = [_labelled(labels, rule.labels) for labels in yielded]
                    work += Work(recorded=len(made))
                    found += [(rule.record, labels) for labels in made]
                    known[rule.record] = list(dict.fromkeys((*known.get(rule.record, ()), *made)))
            costs.append(GroupCost(len(group.rules), work, _interval_s(group)))
    return RulesCost(tuple(costs), indexed(found))


def _interval_s(group: RuleGroup) -> float | None:
    return parse_duration_s(group.interval) if group.interval else None


def _labelled(labels: LabelSet, added: Mapping[str, str]) -> LabelSet:
    if not added:
        return labels
    kept = [pair for pair in labels if pair[0] not in added]
    return frozenset([*kept, *((name, value) for name, value in added.items() if value)])
