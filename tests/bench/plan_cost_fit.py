"""`python -m tests.bench.plan_cost_fit > rules/cost_coefficients.json`: measures what `infranaut plan` reckons with."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from scipy.optimize import nnls

from rules.cost import Coefficients, cost_of_rules
from rules.label_sets import Work
from tests.bench.harness import machine
from tests.bench.rule_probes import probes
from tests.bench.rule_timing import cpu_of_rules
from tests.support.rule_loads import SCRAPE_S, a_rule_load, a_wide_monitor, loaded_prometheus

KINDS = tuple(Work.__slots__)
HEAD_BYTES_A_SERIES = 6_000.0
DISK_BYTES_A_SAMPLE, DISK_BYTES_A_RECORDED_SAMPLE = 1.7, 5.2
"""Bytes, as `bench_plan_storage` measured them; they do not hang on the processor."""
FEATURES, MINUTES = 40, 62
LEAST_CPU_S = 0.7


def calibrate(least_cpu_s: float = LEAST_CPU_S, features: int = FEATURES, minutes: int = MINUTES) -> Coefficients:
    """The costs of units of work, none below 0, that explain best what each probe takes on this machine.

    Least squares, each probe weighted by one over its own time.
    """
    load = a_rule_load(a_wide_monitor(features), minutes)
    works, seconds = [], []
    with tempfile.TemporaryDirectory(prefix="infranaut-bench-") as temporary:
        folder = Path(temporary)
        with loaded_prometheus(load, folder, minutes) as server:
            for group in probes():
                works.append(cost_of_rules([group], load.exposed, SCRAPE_S).work)
                seconds.append(cpu_of_rules(server, [group], folder, least_cpu_s))
                click.echo(f"{group.name}: {seconds[-1]:.4f} CPU-seconds an evaluation", err=True)
    source = (
        f"CPU as python -m tests.bench.plan_cost_fit measured it on {machine()['cpu']}; memory and disk as python -m "
        "tests.bench plan-storage measured them"
    )
    disk = (DISK_BYTES_A_SAMPLE, DISK_BYTES_A_RECORDED_SAMPLE)
    return Coefficients(fitted(works, seconds), HEAD_BYTES_A_SERIES, *disk, source)


def fitted(works: Sequence[Work], seconds: Sequence[float]) -> dict[str, float]:
    """Microseconds of a unit of each kind of work."""
    rows = np.array([[getattr(work, kind) for kind in KINDS] for work in works], dtype=np.float64)
    taken = np.array(seconds, dtype=np.float64)
    costs, _ = nnls(rows / taken[:, None], np.ones(len(taken)))
    return {kind: float(f"{cost * 1e6:.3g}") for kind, cost in zip(KINDS, costs, strict=True)}


if __name__ == "__main__":
    click.echo(json.dumps(asdict(calibrate()), indent=2))
