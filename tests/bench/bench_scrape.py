"""One scrape of 100,000 series, against prometheus_client's `generate_latest` over the same series and values.

Ours is timed with every value changed since the last scrape, with those of one monitor in ten, and with none. That both
sides expose the same series is checked before anything is timed.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from importlib import metadata

import numpy as np
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from exporter.catalog import FEATURE_BIN
from exporter.expose import Exposition, LabelPairs, Part, Samples
from tests.bench.harness import BenchRow, Timing, interleave

MONITORS, VERSIONS, FEATURES, BINS = 30, 12, 20, 14
SERIES = MONITORS * VERSIONS * FEATURES * BINS
ROUNDS = 7
UNIT = "CPU ms"
GOAL_FULL_MS, GOAL_CACHED_MS, GOAL_RATIO = 60.0, 10.0, 20.0


class ScrapedMonitors:
    """An exposition of its own, so that what one contender changes is new to no other."""

    def __init__(self, changed: int, encoding: str) -> None:
        """changed: monitors whose values all change between two scrapes."""
        self._changed = changed
        self._encoding = encoding
        self._exposition = Exposition(CollectorRegistry())
        self._counts = np.arange(VERSIONS * FEATURES * BINS) * 1009 + np.arange(MONITORS)[:, None]
        self._parts = [self._part(index) for index in range(MONITORS)]

    def scrape(self) -> bytes:
        return self._exposition.render(self._parts, accept_encoding=self._encoding).body

    def round(self) -> None:
        self._counts[: self._changed] += 1
        self.scrape()

    def _part(self, index: int) -> Part:
        heads, tails, counts = heads_of(index), tails_of_a_monitor(), self._counts[index]
        return Part(name_of(index), lambda: [Samples(FEATURE_BIN, name_of(index), heads, tails, counts)])


def run() -> list[BenchRow]:
    """Rows of the table: full, a tenth changed, cached, and against prometheus_client."""
    plain, peer = ScrapedMonitors(MONITORS, ""), peer_registry()
    check_equal(plain.scrape(), generate_latest(peer))
    timings = interleave(
        {
            "full": ScrapedMonitors(MONITORS, "gzip").round,
            "a tenth": ScrapedMonitors(MONITORS // 10, "gzip").round,
            "cached": ScrapedMonitors(0, "gzip").round,
            "plain": plain.round,
            "peer, plain": _forgetting(lambda: generate_latest(peer)),
            "peer": _forgetting(lambda: gzip.compress(generate_latest(peer))),
        },
        ROUNDS,
    )
    return _rows(timings)


def peer_registry() -> CollectorRegistry:
    """The same counters with the same values, as prometheus_client keeps them, without their times of creation."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated
    registry = CollectorRegistry()
    counter = Counter(FEATURE_BIN.name, FEATURE_BIN.help, FEATURE_BIN.labels, registry=registry)
    for index in range(MONITORS):
        pairs = [(*head, *tail) for head in heads_of(index) for tail in tails_of_a_monitor()]
        for at, labels in enumerate(pairs):
            counter.labels(**dict(labels)).inc(at * 1009 + index)
    return registry


def check_equal(ours: bytes, theirs: bytes) -> None:
    """The samples of both texts are the same, whatever the order of their labels."""
    found, wanted = _counters(ours), _counters(theirs)
    if found != wanted or len(found) != SERIES:
        raise AssertionError(f"{len(found)} series of ours and {len(wanted)} of prometheus_client's differ")


def _counters(text: bytes) -> dict[frozenset[tuple[str, str]], float]:
    samples = [sample for family in text_string_to_metric_families(text.decode()) for sample in family.samples]
    return {frozenset(sample.labels.items()): sample.value for sample in samples if sample.name == FEATURE_BIN.name}


def name_of(index: int) -> str:
    return f"monitor-{index:03d}"


def heads_of(index: int) -> tuple[LabelPairs, ...]:
    return tuple((("monitor", name_of(index)), ("model_version", f"2026.{version}")) for version in range(VERSIONS))


def tails_of_a_monitor() -> tuple[LabelPairs, ...]:
    return tuple(
        (("reference", "0123456789"), ("feature", f"feature_{feature:02d}"), ("bin", f"q{place:02d}"))
        for feature in range(FEATURES)
        for place in range(BINS)
    )


def _forgetting(work: Callable[[], object]) -> Callable[[], None]:
    def once() -> None:
        work()

    return once


def _rows(timings: dict[str, Timing]) -> list[BenchRow]:
    return [
        _alone("full, gzip", timings["full"], GOAL_FULL_MS, "every value changed"),
        _alone("a tenth changed, gzip", timings["a tenth"], None, f"{MONITORS // 10} of {MONITORS} monitors changed"),
        _alone("cached, gzip", timings["cached"], GOAL_CACHED_MS, "no value changed"),
        _against("full, plain, against generate_latest", timings["plain"], timings["peer, plain"]),
        _against("full, gzip, against generate_latest and gzip", timings["full"], timings["peer"]),
    ]


def _alone(name: str, ours: Timing, goal: float | None, note: str) -> BenchRow:
    figure = ours.cpu_s * 1e3
    meets = None if goal is None else figure <= goal
    return BenchRow(name, figure, None, UNIT, None, goal, meets, f"{note}; {ours.wall_s * 1e3:.1f} ms wall")


def _against(name: str, ours: Timing, peer: Timing) -> BenchRow:
    ratio = peer.cpu_ratio(ours)
    note = f"{SERIES:,} series; prometheus_client {metadata.version('prometheus_client')}"
    return BenchRow(name, ours.cpu_s * 1e3, peer.cpu_s * 1e3, UNIT, ratio, GOAL_RATIO, ratio >= GOAL_RATIO, note)
