"""What profiles tell of their windows, as plain figures for people and programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from exporter import catalog
from exporter.archive.latest_windows import ReadProfile
from exporter.window.profile import Profile, ValueSummary

QUANTILES = ("p05", "p25", "p50", "p75", "p95")

_RANKS = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_CATEGORIES = 10


class FeatureFigures(msgspec.Struct, frozen=True):
    """The valid values of one feature; without any, and of a category, mean, bounds and quantiles are null.

    missing, invalid : null where they were not counted, or in bins that cannot be added up.
    distinct         : about how many different values there were.
    quantiles        : by name, as in `QUANTILES`.
    categories       : of a category, the most frequent values that have a bin, and the rest under `__other__`.
    """

    feature: str
    count: int
    missing: int | None
    invalid: int | None
    distinct: int
    mean: float | None
    standard_deviation: float | None
    minimum: float | None
    maximum: float | None
    quantiles: dict[str, float] | None
    categories: dict[str, int] | None


class WindowFigures(msgspec.Struct, frozen=True):
    """One model version (and segment) in one window; times in seconds since the epoch.

    features : null where the profile cannot be read.
    """

    start: int
    end: int
    revision: int
    model_version: str
    segment: str | None
    rows: int
    labelled: int
    features: list[FeatureFigures] | None


class LatestFigures(msgspec.Struct, frozen=True):
    """Newest window first; of each, one entry for every model version and segment."""

    monitor: str
    windows: list[WindowFigures]


def latest_figures(monitor: str, profiles: Sequence[ReadProfile]) -> LatestFigures:
    """All that is told of the latest windows of a monitor."""
    return LatestFigures(monitor, [_window(each) for each in profiles])


def _window(read: ReadProfile) -> WindowFigures:
    stored, profile = read.stored, read.profile
    return WindowFigures(
        stored.start,
        stored.end,
        stored.revision,
        stored.model_version,
        stored.segment or None,
        stored.rows,
        stored.labelled,
        None if profile is None else [_feature(profile, *named) for named in profile.summaries.items()],
    )


def _feature(profile: Profile, name: str, summary: ValueSummary) -> FeatureFigures:
    counts = _bin_counts(profile, name)
    moments = summary.moments if summary.moments is not None and summary.moments.count else None
    quantiles = None if moments is None or summary.quantiles is None else summary.quantiles.quantiles(_RANKS)
    return FeatureFigures(
        feature=name,
        count=summary.present,
        missing=counts.get(catalog.MISSING_BIN),
        invalid=counts.get(catalog.INVALID_BIN),
        distinct=round(summary.distinct.estimate),
        mean=None if moments is None else moments.mean,
        standard_deviation=None if moments is None else math.sqrt(moments.variance),
        minimum=None if moments is None else moments.minimum,
        maximum=None if moments is None else moments.maximum,
        quantiles=None if quantiles is None else dict(zip(QUANTILES, quantiles, strict=True)),
        categories=_most_frequent(counts) if summary.moments is None else None,
    )


def _bin_counts(profile: Profile, feature: str) -> Mapping[str, int]:
    """By the name of the bin; none where they are absent."""
    family = profile.family(catalog.FEATURE_BIN, feature)
    if family is None:
        return {}
    return {dict(label)["bin"]: int(count) for label, count in zip(family.form.labels, family.values, strict=True)}


def _most_frequent(counts: Mapping[str, int]) -> dict[str, int]:
    prefix = catalog.CATEGORY_PREFIX
    found = [(name.removeprefix(prefix), count) for name, count in counts.items() if name.startswith(prefix) and count]
    return dict(sorted(found, key=lambda each: (-each[1], each[0]))[:_MOST_CATEGORIES])
