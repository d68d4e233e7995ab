"""What one evaluation of an objective's sums costs a real Prometheus, when their period is full of history.

The counts of five minutes are recorded every minute; `promtool tsdb create-blocks-from openmetrics` makes blocks of
them, as long as those that Prometheus puts together itself. Beside it stands what `infranaut plan` reckons.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exporter.cli.backfilling.blocks import BLOCK_S, create_blocks
from exporter.cli.backtesting.programs import Tools, over_blocks
from exporter.monitor.duration import Duration
from rules import names
from rules.cost import coefficients, cost_of_rules
from rules.group import RecordingRule, RuleGroup
from rules.slo.windows import sums_of_steps
from tests.bench.harness import BenchRow
from tests.support.programs import require
from tests.support.rule_loads import own_metrics
from tests.support.services import RunningPrometheus

OWNER, SLO = "credit-default", "latency"
LABELS = {"job": "ml", names.MONITOR: OWNER, names.SLO: SLO}
PACE_S = 60
LONG_BLOCK_S = BLOCK_S * 3**4
BEGAN_S = 1_750_118_400
_SEED, _CPU = 11, "process_cpu_seconds_total"
_NOTHING = "vector(1)"
"""What takes as long to ask, and is subtracted."""


@dataclass(frozen=True, slots=True)
class SloSumSizes:
    """Windows that are summed, and CPU that is waited for at each."""

    windows: tuple[str, ...] = ("3d", "7d", "30d", "90d")
    least_cpu_s: float = 2.0


def run(sizes: SloSumSizes | None = None) -> list[BenchRow]:
    """CPU of events and errors of one objective, evaluated once, for each window."""
    sizes = sizes or SloSumSizes()
    windows = [Duration(window) for window in sizes.windows]
    length_s = round(max(window.seconds for window in windows))
    tools = Tools(require("prometheus"), require("promtool"))
    with tempfile.TemporaryDirectory(prefix="infranaut-bench-") as temporary:
        folder = Path(temporary)
        (folder / "blocks").mkdir()
        with (folder / "counts.txt").open("w", encoding="utf-8") as file:
            file.writelines(_lines(length_s))
        create_blocks(tools.promtool, folder / "counts.txt", folder, LONG_BLOCK_S)
        with over_blocks(tools, folder / "blocks", folder / "logs") as blocks:
            server = RunningPrometheus(blocks.url)
            return [_row(server, window, BEGAN_S + length_s, sizes.least_cpu_s) for window in windows]


def _lines(length_s: int) -> Iterator[str]:
    """Some 50 events a minute, one in a hundred of them an error."""
    rng = np.random.default_rng(_SEED)
    count = length_s // PACE_S
    labels = ",".join(f'{name}="{value}"' for name, value in LABELS.items())
    for record, mean in ((names.slo_events, 250.0), (names.slo_errors, 2.5)):
        series = f"{record(names.SLO_STEP)}{{{labels}}}"
        for step, value in enumerate(rng.poisson(mean, count).tolist(), start=1):
            yield f"{series} {value} {BEGAN_S + step * PACE_S}\n"
    yield "# EOF\n"


def _row(server: RunningPrometheus, window: Duration, at_s: float, least_cpu_s: float) -> BenchRow:
    rules = sums_of_steps(OWNER, [SLO], window)
    planned_s = _planned_cpu_s(rules)
    queries = [rule.expr for rule in rules]
    asking_s = _cpu_s(server, [_NOTHING] * len(queries), at_s, least_cpu_s)
    measured_s = _cpu_s(server, queries, at_s, least_cpu_s) - asking_s
    note = f"one objective, recorded every {PACE_S} s; peer: the plan, for its own machine"
    ratio = planned_s / measured_s if measured_s > 0 else None
    return BenchRow(f"sums over {window}", measured_s * 1e3, planned_s * 1e3, "ms CPU", ratio, note=note)


def _planned_cpu_s(rules: Sequence[RecordingRule]) -> float:
    known = {record(names.SLO_STEP): [frozenset(LABELS.items())] for record in (names.slo_events, names.slo_errors)}
    return coefficients().cpu_s(cost_of_rules([RuleGroup("sums", tuple(rules))], known, PACE_S).work)


def _cpu_s(server: RunningPrometheus, queries: Sequence[str], at_s: float, least_cpu_s: float) -> float:
    """CPU of Prometheus for all the queries once, over as many rounds as it takes to use so much of it."""
    started, rounds = own_metrics(server)[_CPU], 0
    while True:
        for query in queries:
            assert server.value(query, at_s) > 0, f"{query}: nothing was summed"
        rounds += 1
        used = own_metrics(server)[_CPU] - started
        if used >= least_cpu_s:
            return used / rounds
