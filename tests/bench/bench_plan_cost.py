"""What `infranaut plan` reckons that rules cost, against what a real Prometheus takes for them.

The figures of the plan were measured by `python -m tests.bench.plan_cost_fit` with queries of its own; here they meet
whole monitors that they have not seen. Another processor, or the same one while others use it, is slower or faster in
one proportion: a yardstick of those queries is measured before and after each monitor, and the plan is scaled by it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.monitor.spec import Monitor
from rules.cost import coefficients, cost_of_rules
from tests.bench.harness import BenchRow
from tests.bench.rule_probes import yardstick
from tests.bench.rule_timing import cpu_of_rules
from tests.support.golden_monitors import MULTICLASS, golden_monitor
from tests.support.rule_loads import SCRAPE_S, RuleLoad, a_rule_load, a_wide_monitor, loaded_prometheus
from tests.support.services import RunningPrometheus

TOLERANCE = 0.25
RECORDED = 'count({__name__=~".+:.+", __name__!~"probe:.+"})'


@dataclass(frozen=True, slots=True)
class PlanCostSizes:
    """Features of the widest monitor, minutes of samples before the rules begin, and CPU that is waited for."""

    features: int = 60
    minutes: int = 62
    least_cpu_s: float = 1.5


def run(sizes: PlanCostSizes | None = None) -> list[BenchRow]:
    """For each monitor its recorded series (the very number) and its CPU (within 25 %)."""
    sizes = sizes or PlanCostSizes()
    return [
        row
        for name, monitor in _monitors(sizes).items()
        for row in _rows(name, a_rule_load(monitor, sizes.minutes), sizes)
    ]


def _monitors(sizes: PlanCostSizes) -> dict[str, Monitor]:
    hour: dict[str, Any] = {"window": "1h"}
    return {
        f"{sizes.features} features, drift by PSI": a_wide_monitor(sizes.features, drift={"measures": ["psi"]}),
        f"{sizes.features // 4} features, every measure": a_wide_monitor(sizes.features // 4),
        "multiclass": golden_monitor(MULTICLASS, drift=hour, performance=hour),
    }


def _rows(name: str, load: RuleLoad, sizes: PlanCostSizes) -> list[BenchRow]:
    with tempfile.TemporaryDirectory(prefix="infranaut-bench-") as temporary:
        folder = Path(temporary)
        with loaded_prometheus(load, folder, sizes.minutes) as server:
            slowness = _slowness(server, load, folder, sizes)
            measured = cpu_of_rules(server, load.groups, folder, sizes.least_cpu_s)
            recorded = server.value(RECORDED)
            slowness = (slowness + _slowness(server, load, folder, sizes)) / 2
    planned = coefficients().cpu_s(load.cost.work) * slowness
    series = load.cost.recorded_series
    ratio = planned / measured
    note = f"ratio: planned over measured; this machine took {slowness:.2f} times as long as the one of the plan"
    return [
        BenchRow(f"{name}: series", series, recorded, "recorded", series / recorded, 1.0, series == recorded, note),
        BenchRow(
            f"{name}: CPU",
            planned * 1e3,
            measured * 1e3,
            "ms an evaluation",
            ratio,
            1.0,
            abs(ratio - 1) <= TOLERANCE,
            note,
        ),
    ]


def _slowness(server: RunningPrometheus, load: RuleLoad, folder: Path, sizes: PlanCostSizes) -> float:
    """How many times as long the yardstick takes as planned."""
    group = yardstick()
    planned = coefficients().cpu_s(cost_of_rules([group], load.exposed, SCRAPE_S).work)
    return cpu_of_rules(server, [group], folder, sizes.least_cpu_s) / planned
