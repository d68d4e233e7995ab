"""Bins that do not depend on data, for monitors that compare periods or versions and have no reference.

Replicas, versions and periods share them, so that their counts may be compared. A reference's quantiles are better bins
where there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.catalog import PREDICTION_FEATURE
from exporter.monitor.spec import Monitor, NumberFeature

EQUAL_BINS = 20
"""Between the declared minimum and maximum of a number, and of a score between 0 and 1."""

_DECADES = range(-3, 7)
_IN_A_DECADE = (1, 3)
_MAGNITUDES = tuple(float(f"{first}e{decade}") for decade in _DECADES for first in _IN_A_DECADE)
LADDER = (*(-magnitude for magnitude in reversed(_MAGNITUDES)), 0.0, *_MAGNITUDES)
"""Edges for a number of which nothing is known: powers of ten and their triples from 0.001 to 3 million, both signs."""

_LABEL_DIGITS = 10


@dataclass(frozen=True, slots=True)
class FixedBins:
    """Inner edges of every number's bins, by feature (and `__prediction__`).

    label : the value of the label `reference`, which changes with any bin: what was counted in other bins never meets.
    """

    label: str
    edges: Mapping[str, tuple[float, ...]]


def fixed_bins(monitor: Monitor) -> FixedBins | None:
    """None for a monitor that has a reference, or compares nothing without one."""
    spec = monitor.spec
    if spec.reference is not None or not spec.drift.compares_samples:
        return None
    edges = {
        name: number_edges(feature) for name, feature in spec.features.items() if isinstance(feature, NumberFeature)
    }
    if spec.model.task != "multiclass":
        edges[PREDICTION_FEATURE] = _equal_edges(0.0, 1.0) if spec.model.task == "binary" else LADDER
    return FixedBins(_label(monitor, edges), edges)


def number_edges(feature: NumberFeature) -> tuple[float, ...]:
    """The declared edges, else equal bins between the declared bounds, else the ladder."""
    if feature.bins:
        return tuple(feature.bins)
    if feature.min is not None and feature.max is not None:
        return _equal_edges(feature.min, feature.max)
    return LADDER


def _equal_edges(lowest: float, highest: float) -> tuple[float, ...]:
    """Inner edges, increasing; fewer where doubles do not tell them apart."""
    shares = (index / EQUAL_BINS for index in range(1, EQUAL_BINS))
    edges = {lowest * (1 - share) + highest * share for share in shares}
    return tuple(sorted(edge for edge in edges if lowest < edge < highest))


def _label(monitor: Monitor, edges: Mapping[str, tuple[float, ...]]) -> str:
    """`bins-` and a digest of everything that decides where a value counts."""
    spec = monitor.spec
    values = {name: feature.values for name, feature in spec.features.items() if feature.type == "category"}
    content = repr((sorted(edges.items()), sorted(values.items()), spec.model.classes))
    return f"bins-{hashlib.sha256(content.encode()).hexdigest()[:_LABEL_DIGITS]}"
