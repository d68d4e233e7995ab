"""Small expositions, and the series that a reader of the two formats finds in one."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter import catalog
from exporter.catalog import Metric
from exporter.expose import Exposition, HistogramSamples, LabelPairs, Part, Rendered, Samples

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
EDGES = (0.25, 1.0)

SeriesKey = tuple[str, frozenset[tuple[str, str]]]


def an_exposition() -> Exposition:
    """One with an empty registry."""
    return Exposition(CollectorRegistry())


def a_small_exposition() -> list[Part]:
    """Two monitors, with a family of each type."""
    names = ("credit", "fraud")
    counted = [
        part(
            predictions(12_345, 0, monitor=name),
            latency([[1, 2, 3], [0, 0, 0]], [4.5, 0.0], name),
            gauges(catalog.MONITOR_THRESHOLD, "check", name, drift_psi=0.1, drift_rows=200),
            name=name,
        )
        for name in names
    ]
    awkward = ((("monitor", 'C:\\new "line"\n ü 100%'),),)
    return [
        *counted,
        part(Samples(catalog.SERIES_LIMIT, "awkward", awkward, ((),), np.array([50_000])), name="awkward"),
    ]


def head(monitor: str = "credit", version: str = "1") -> LabelPairs:
    return (("monitor", monitor), ("model_version", version))


def predictions(*values: int, monitor: str = "credit", version: int | None = None) -> Samples:
    """`infranaut_predictions_total` of the model versions 1, 2, …"""
    heads = tuple(head(monitor, str(index)) for index in range(1, len(values) + 1))
    return Samples(catalog.PREDICTIONS, monitor, heads, ((),), np.array(values)[:, None], version)


def gauges(metric: Metric, label: str, owner: str = "credit", **values: float) -> Samples:
    """A gauge with one label besides its monitor."""
    tails = tuple(((label, name),) for name in values)
    return Samples(metric, owner, ((("monitor", owner),),), tails, np.array([list(values.values())]))


def latency(counts: Sequence[Sequence[int]], sums: Sequence[float], monitor: str = "credit") -> HistogramSamples:
    """`infranaut_prediction_latency_seconds` with the bounds 0.25 and 1, of the model versions 1, 2, …"""
    heads = tuple(head(monitor, str(index)) for index in range(1, len(counts) + 1))
    return HistogramSamples(catalog.PREDICTION_LATENCY, monitor, heads, EDGES, np.array(counts), np.array(sums))


def part(*samples: Samples | HistogramSamples, name: str = "credit") -> Part:
    return Part(name, lambda: samples)


def failing_part(*samples: Samples, error: Exception | None = None) -> Part:
    """Gives its samples, and fails then."""

    def collect() -> Iterable[Samples]:
        yield from samples
        raise error or RuntimeError("the shared memory is gone")

    return Part("broken", collect)


def series(rendered: Rendered) -> dict[SeriesKey, float]:
    """Every series of a response by name and labels, read with the parser of its format."""
    text = as_text(rendered)
    parse: Any = parse_openmetrics if "openmetrics" in rendered.headers["Content-Type"] else parse_text
    found = [sample for family in parse(text) for sample in family.samples]
    by_key = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(by_key) == len(found), "a series came twice"
    return by_key


def as_text(rendered: Rendered) -> str:
    is_gzip = rendered.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(rendered.body) if is_gzip else rendered.body).decode()


def key(name: str, **labels: str) -> SeriesKey:
    return name, frozenset(labels.items())
