"""The demonstration's model on a stage: streamed to a real exporter, scraped by a real Prometheus, broken half-way.

The monitor is the demonstration's, with objectives and segments besides, so that every dashboard has something to show.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from exporter.cli.demo.built_in import built_in_scenario
from exporter.cli.demo.monitor_file import DemoMonitor, write_monitor
from exporter.cli.demo.processes import started_programs
from exporter.cli.demo.scenario import Scenario
from exporter.cli.demo.services import PROMETHEUS, find_programs, start_services
from exporter.cli.demo.stream import Stream
from exporter.clock import SystemClock
from exporter.derive.sql import check_expressions
from exporter.errors import ServiceFailed
from exporter.monitor.load import load_monitors
from tests.pictures.answers import TimeSpan

BROKEN_FEATURE = "mean_concave_points"
MONITOR = "breast-cancer"

_SEED = 7
_ROWS_PER_SECOND = 300.0
_STEPS = 120
_SCRAPED_S, _STARTED_S = 2, 20
"""Left out at the end, which is not scraped yet, and at the beginning, where rates have nothing before them."""
_NOWHERE = "http://127.0.0.1:9/"
_MORE: dict[str, Any] = {
    "segments": {"by": ["size"], "limit": 10},
    "slos": [
        {"name": "latency", "objective": 0.99, "latency_below_seconds": 0.25},
        {"name": "validity", "objective": 0.999},
        {"name": "quality", "objective": 0.95, "metric": "accuracy", "minimum": 0.85, "slice": "1m"},
    ],
}


@dataclass(frozen=True, slots=True)
class Performed:
    """What there is to see: a Prometheus that goes on running, the generated dashboards, and when it all happened."""

    prometheus_url: str
    dashboards: Path
    span: TimeSpan


@contextmanager
def performed(folder: Path, seconds: int) -> Iterator[Performed]:
    """Streams for so many seconds, the last third of them with a fault; ServiceFailed where Prometheus is missing."""
    programs = replace(find_programs(os.environ), alertmanager=None)
    if programs.prometheus is None:
        raise ServiceFailed(f"{PROMETHEUS} cannot be found: make services")
    clock = SystemClock()
    scenario = built_in_scenario(np.random.default_rng(_SEED))
    monitor = write_stage_monitor(scenario, folder / "monitors", clock.now())
    with started_programs(folder / "logs") as children:
        loaded = monitor.loaded
        addresses = start_services(children, programs, loaded.monitor, loaded.path, folder)
        _play(Stream(scenario, monitor, addresses.ingest, _ROWS_PER_SECOND, clock), scenario, seconds)
        children.check()
        end_s = int(time.time()) - _SCRAPED_S
        span = TimeSpan(end_s - seconds + _STARTED_S, end_s, max(1, seconds // _STEPS))
        yield Performed(str(addresses.prometheus), folder / "dashboards", span)


def write_stage_monitor(scenario: Scenario, folder: Path, now: float) -> DemoMonitor:
    """The demonstration's monitor with what it leaves out."""
    monitor = write_monitor(scenario, folder, _NOWHERE, _ROWS_PER_SECOND, now)
    path = monitor.loaded.path
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["spec"] |= _MORE
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return DemoMonitor(load_monitors([path], check_expressions).monitors[0], monitor.fields)


def _play(stream: Stream, scenario: Scenario, seconds: int) -> None:
    stream.start()
    try:
        time.sleep(seconds * 2 / 3)
        stream.plan = scenario.choose_plan(())
        time.sleep(seconds / 3)
        stream.check()
    finally:
        stream.stop()
