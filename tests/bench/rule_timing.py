"""How much CPU a real Prometheus takes for rules: its own count, which does not hang on what else the machine does."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rules.group import RuleGroup
from tests.support.rule_loads import load_rules, own_metrics
from tests.support.services import RunningPrometheus

_CPU = "process_cpu_seconds_total"
_SCHEDULED, _MISSED = "prometheus_rule_group_iterations_total", "prometheus_rule_group_iterations_missed_total"
_PATIENCE_S = 180
_SETTLE_S, _LOOK_EVERY_S = 3.0, 0.5


def cpu_of_rules(server: RunningPrometheus, groups: Sequence[RuleGroup], folder: Path, least_cpu_s: float) -> float:
    """CPU seconds of one evaluation of all groups, over as many as it takes to use so much CPU.

    All the CPU of the process counts: without rules it takes next to none.
    """
    load_rules(server, groups, folder)
    time.sleep(_SETTLE_S)
    before, started = own_metrics(server), time.perf_counter()
    after = before
    while after[_CPU] - before[_CPU] < least_cpu_s or _evaluations(after) - _evaluations(before) < len(groups):
        assert time.perf_counter() - started < _PATIENCE_S, f"{groups[0].name}: no {least_cpu_s} CPU-seconds of rules"
        time.sleep(_LOOK_EVERY_S)
        after = own_metrics(server)
    return (after[_CPU] - before[_CPU]) * len(groups) / (_evaluations(after) - _evaluations(before))


def _evaluations(told: Mapping[str, float]) -> float:
    """Of groups; a busy machine leaves some out."""
    return told.get(_SCHEDULED, 0.0) - told.get(_MISSED, 0.0)
