"""InfranautResourcesHigh: a process that takes half of what it may, against one that takes twice as much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import Counters, Gauge, Signal, threshold_gauges

_STEP = Duration("1m")
_FILE_DESCRIPTORS = 1000.0


class _Taken(NamedTuple):
    """The threshold of a resource, and the metric that tells how much of it is taken; `total` what there is of it."""

    check: str
    metric: str
    total: Mapping[str, float]


_GAUGES: Mapping[str, _Taken] = {
    "memory": _Taken("memory_bytes", "process_resident_memory_bytes", {}),
    "open_files": _Taken("open_files", "process_open_fds", {"process_max_fds": _FILE_DESCRIPTORS}),
}


def signals(monitor: Monitor) -> list[Signal]:
    """One for each resource that has a limit, where the monitor names a process."""
    resources, limits = monitor.spec.resources, thresholds(monitor)
    if resources is None:
        return []
    found = [
        _of_gauge(monitor, resources.job, resource, taken, limits[taken.check])
        for resource, taken in _GAUGES.items()
        if taken.check in limits
    ]
    return [*found, _of_processors(monitor, resources.job, limits["cpu"])] if "cpu" in limits else found


def _of_gauge(monitor: Monitor, job: str, resource: str, taken: _Taken, limit: float) -> Signal:
    unit = next(iter(taken.total.values()), 1.0)

    def states(is_sound: bool) -> Mapping[ScenarioSeries, Gauge]:
        return {
            _of_process(taken.metric, job): Gauge(limit * unit * (0.5 if is_sound else 2)),
            **{_of_process(metric, job): Gauge(value) for metric, value in taken.total.items()},
        }

    return _signal(monitor, resource, taken.check, states=states)


def _of_processors(monitor: Monitor, job: str, limit: float) -> Signal:
    seconds = _of_process("process_cpu_seconds_total", job)
    usual = limit * Duration(names.RATE_WINDOW).seconds
    return _signal(monitor, "cpu", "cpu", sound=lambda _: {seconds: usual / 2}, unsound=lambda _: {seconds: 2 * usual})


def _signal(
    monitor: Monitor,
    resource: str,
    check: str,
    sound: Counters = lambda _: {},
    unsound: Counters = lambda _: {},
    states: Callable[[bool], Mapping[ScenarioSeries, Gauge]] = lambda _: {},
) -> Signal:
    return Signal(
        alert=names.RESOURCES_HIGH,
        window=Duration(names.RATE_WINDOW),
        sound=sound,
        unsound=unsound,
        gauges=threshold_gauges(monitor, check),
        states=states,
        low_rows=None,
        high_rows=1.0,
        step=_STEP,
        own={names.RESOURCE: resource},
        situated=names.INSTANCE,
        replicas=("process",),
    )


def _of_process(metric: str, job: str) -> ScenarioSeries:
    return ScenarioSeries(metric, ((names.JOB, job),), source="process")
