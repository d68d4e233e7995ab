"""The alerts about the exporter itself: an exporter that is well, against one with one thing wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.duration import Duration
from rules import names
from rules.scenario.series import REFERENCE, VERSION, ScenarioSeries
from rules.scenario.signal import Gauge, Signal

SELF_STEP = Duration("30s")
"""Half of the shortest hold."""
_SPAN = Duration("5m")
_MANY_TIMES = 40
_MONITOR = {names.MONITOR: "some-monitor"}
_FEATURE = {**_MONITOR, names.REFERENCE: REFERENCE, names.FEATURE: "some_feature"}

_Gauges = Mapping[ScenarioSeries, float]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What each replica exposes while all is well and while it is not; of counters, how much they grow in a step."""

    alert: str
    sound: _Gauges
    unsound: _Gauges
    sound_growth: _Gauges = field(default_factory=dict)
    unsound_growth: _Gauges = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, str] = field(default_factory=dict)


def self_signals() -> list[Signal]:
    """At least one for each alert but the watchdog, to which nothing need be wrong."""
    return [
        *(_signal(fault) for faults in (_presence(), _bins(), _duties(), _archive(), _dropped()) for fault in faults),
        _dead_letters(),
    ]


def _signal(fault: _Fault) -> Signal:
    replicas = ("a", "b")

    def of_all(growth: _Gauges) -> _Gauges:
        steps = _SPAN.seconds / SELF_STEP.seconds
        return {each: value * steps * len(replicas) for each, value in growth.items()}

    return Signal(
        alert=fault.alert,
        window=_SPAN,
        sound=lambda _: of_all(fault.sound_growth),
        unsound=lambda _: of_all(fault.unsound_growth),
        gauges={},
        states=lambda is_sound: _gauges(fault.sound if is_sound else fault.unsound),
        low_rows=None,
        high_rows=1.0,
        step=SELF_STEP,
        own=fault.own,
        found=fault.found,
        replicas=replicas,
    )


def _gauges(values: _Gauges) -> Mapping[ScenarioSeries, Gauge]:
    return {each: Gauge(value) for each, value in values.items()}


def _presence() -> Iterator[_Fault]:
    up, build = _series("up"), _series(catalog.BUILD_INFO)
    loaded = _series(catalog.MONITOR_INFO, _MONITOR)
    counted = _series(catalog.INGEST_RECORDS, _MONITOR, source="inbox")
    all_there = {build: 1, loaded: 1, counted: 1}
    yield _Fault(names.EXPORTER_DOWN, {up: 1, build: 1}, {up: 0, build: 1})
    yield _Fault(names.SERIES_ABSENT, all_there, {build: 1})
    yield _Fault(names.SERIES_ABSENT, all_there, {build: 1, loaded: 1}, found=_MONITOR)


def _bins() -> Iterator[_Fault]:
    """A bin that only is counted, and one that only the reference has."""
    counted = [_series(catalog.FEATURE_BIN, _FEATURE, model_version=VERSION, bin=name) for name in ("q00", "q01")]
    expected = [_series(catalog.REFERENCE_BIN_RATIO, _FEATURE, bin=name) for name in ("q00", "q01")]
    both = dict.fromkeys((*counted, *expected), 0.5)
    for gone in (counted[1], expected[1]):
        left = {each: value for each, value in both.items() if each != gone}
        yield _Fault(names.BIN_MISMATCH, both, left, found=_FEATURE)


def _duties() -> Iterator[_Fault]:
    reloaded, build = _series(catalog.CONFIG_LAST_RELOAD_SUCCESSFUL), _series(catalog.BUILD_INFO)
    collected = _series(catalog.COLLECTOR_SUCCESS, collector="bus")
    queue = _series(catalog.INGEST_QUEUE, _MONITOR)
    pace = {_series(catalog.INGEST_RECORDS, _MONITOR, source="inbox"): 100.0}
    opened, most = _series("process_open_fds"), _series("process_max_fds")
    yield _Fault(names.RELOAD_FAILED, {reloaded: 1}, {reloaded: 0})
    yield _Fault(names.COLLECTOR_FAILING, {collected: 1}, {collected: 0}, found={"collector": "bus"})
    yield _Fault(names.INGEST_LAGGING, {queue: 50}, {queue: 500}, pace, pace, found=_MONITOR)
    yield _Fault(
        names.EXPORTER_RESOURCES_HIGH,
        {build: 1, opened: 400, most: 1000},
        {build: 1, opened: 900, most: 1000},
        own={names.RESOURCE: "open_files"},
    )


def _archive() -> Iterator[_Fault]:
    lag, size, limit = _series(catalog.SPOOL_LAG), _series(catalog.SPOOL_SIZE), _series(catalog.SPOOL_LIMIT)
    tier, set_aside = _series(catalog.TIER_UP, tier="warm"), _series(catalog.ARCHIVE_QUARANTINED)
    behind = names.ARCHIVE_BEHIND
    yield _Fault(behind, {lag: 300}, {lag: 1200}, own={names.REASON: "spool_lag"})
    yield _Fault(behind, {size: 40, limit: 100}, {size: 90, limit: 100}, own={names.REASON: "spool_full"})
    yield _Fault(behind, {tier: 1}, {tier: 0}, own={names.REASON: "tier_down"}, found={"tier": "warm"})
    yield _Fault(behind, {}, {}, {set_aside: 0}, {set_aside: 1}, own={names.REASON: "quarantined"})


def _dropped() -> Iterator[_Fault]:
    for reason, severity in (("series_limit", "warning"), ("segment_limit", "info")):
        dropped, own = _series(catalog.SERIES_DROPPED, _MONITOR, reason=reason), {names.SEVERITY: severity}
        yield _Fault(names.SERIES_DROPPED, {}, {}, {dropped: 0}, {dropped: 1}, own, {names.REASON: reason, **_MONITOR})


def _dead_letters() -> Signal:
    """A day like any other, and then so many more that minutes of it show."""
    failed = _series(catalog.INGEST_RECORDS_FAILED, _MONITOR, source="inbox", reason="schema")
    return Signal(
        alert=names.DEAD_LETTERS_GROWING,
        window=Duration("1h"),
        sound=lambda rows: {failed: rows},
        unsound=lambda rows: {failed: _MANY_TIMES * rows},
        gauges={},
        low_rows=5,
        high_rows=10_000,
        few_rows=19 / _MANY_TIMES,
        step=Duration("5m"),
        lead=Duration("26h"),
        found=_MONITOR,
    )


def _series(metric: Metric | str, of: Mapping[str, str] | None = None, **labels: str) -> ScenarioSeries:
    name = metric if isinstance(metric, str) else metric.name
    return ScenarioSeries(name, tuple({**(of or {}), **labels}.items()))
