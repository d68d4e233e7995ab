"""Monitors whose series a real Prometheus has, without an exporter: every counter grows, so no filter drops any."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import requests
import yaml

from exporter.cli.planning.assumed import PlannedMonitor, assumed_reference
from exporter.cli.planning.exposed import PlannedFleet, exposed_series
from exporter.monitor.load import LoadedMonitor
from exporter.monitor.spec import Monitor
from rules.cost import RulesCost, cost_of_rules
from rules.group import RuleGroup
from rules.label_sets import Series
from rules.links import Links
from rules.rendering import monitor_groups
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.remote_write import FLAG, push
from tests.support.services import RunningPrometheus, a_prometheus_config, prometheus

SCRAPE_S = 15.0
AHEAD_S = 120.0


@dataclass(frozen=True, slots=True)
class RuleLoad:
    """The exposed series of a monitor (`series` with `__name__`), its groups of rules, and their cost by the model."""

    exposed: Series
    series: Sequence[Mapping[str, str]]
    groups: Sequence[RuleGroup]
    cost: RulesCost


def a_rule_load(monitor: Monitor, minutes: int, fleet: PlannedFleet | None = None) -> RuleLoad:
    """As `infranaut plan` reckons with it, where samples go back so many minutes; all groups at one interval."""
    planned = PlannedMonitor(LoadedMonitor(monitor, Path("monitor.yaml"), "sha"), assumed_reference(monitor))
    exposed = exposed_series(planned.loaded, planned.reference, fleet or PlannedFleet())
    series = [dict(labels) | {"__name__": name} for name, sets in exposed.items() for labels in sets]
    groups = [replace(group, interval=None) for group in monitor_groups(monitor, Links())]
    return RuleLoad(exposed, series, groups, cost_of_rules(groups, exposed, SCRAPE_S, minutes * 60 - AHEAD_S))


def a_wide_monitor(features: int, **parts: Any) -> Monitor:
    """The golden binary monitor with so many numbers as features, over one hour at most, and without SLOs.

    Those read what was recorded for days, which no test can wait for.
    """
    spec: dict[str, Any] = {"drift": {"window": "1h"}, **parts}
    monitor = golden_monitor(BINARY, **spec)
    document = monitor.model_dump(mode="json", exclude_none=True)
    document["spec"] |= {"rules": [], "slos": []}
    document["spec"]["features"] = {f"feature_{number:03d}": {"type": "number"} for number in range(features)}
    return Monitor.model_validate(document)


@contextmanager
def loaded_prometheus(
    load: RuleLoad, folder: Path, minutes: int, evaluation: str = "1s"
) -> Iterator[RunningPrometheus]:
    """A Prometheus that holds the last minutes of all series, and some to come; no rules are loaded yet."""
    config = a_prometheus_config(interval=evaluation)
    with prometheus(config, folder, [FLAG]) as server:
        _push_all(server.url, load.series, minutes)
        yield server


def load_rules(server: RunningPrometheus, groups: Sequence[RuleGroup], folder: Path, evaluation: str = "1s") -> None:
    """From now on Prometheus evaluates the groups."""
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": [group.as_document() for group in groups]}, width=10_000))
    config = a_prometheus_config(rule_files=[rules], interval=evaluation)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(config), sort_keys=False))
    server.reload()


def own_metrics(server: RunningPrometheus) -> dict[str, float]:
    """What Prometheus tells about itself, summed over labels."""
    found: dict[str, float] = {}
    for line in requests.get(f"{server.url}/metrics", timeout=30).text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            key = name.partition("{")[0]
            found[key] = found.get(key, 0.0) + float(value)
    return found


def _push_all(url: str, series: Sequence[Mapping[str, str]], minutes: int) -> None:
    """Counters begin apart and grow by different steps; a gauge stays where it is, above 0."""
    is_counter = np.array([labels["__name__"].endswith(("_total", "_bucket", "_count", "_sum")) for labels in series])
    steps = np.where(is_counter, 1.0 + np.arange(len(series)) % 7, 0.0)
    values = 1.0 + np.arange(len(series)) % 11
    end = time.time() + AHEAD_S
    for at in np.arange(end - minutes * 60, end, SCRAPE_S):
        values = values + steps
        push(url, series, values.tolist(), float(at))


def joined(first: RuleLoad, second: RuleLoad) -> RuleLoad:
    """Both in one Prometheus."""
    names = {**first.cost.recorded, **second.cost.recorded}
    recorded = {name: [*first.cost.recorded.get(name, ()), *second.cost.recorded.get(name, ())] for name in names}
    exposed = {
        name: [*first.exposed.get(name, ()), *second.exposed.get(name, ())]
        for name in {**first.exposed, **second.exposed}
    }
    cost = RulesCost((*first.cost.groups, *second.cost.groups), recorded)
    return RuleLoad(exposed, [*first.series, *second.series], [*first.groups, *second.groups], cost)
