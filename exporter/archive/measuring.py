"""What is measured on the profiles of a closed window: drift and quality of each feature, performance of the model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from exporter import catalog
from exporter.archive.ledger import Measurement
from exporter.archive.warm.tier import Span
from exporter.batch import Integers
from exporter.drift.report import FeatureDrift, drift_report
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.children import Child
from exporter.window.family_counts import FamilyCounts
from exporter.window.performance import labels_of, performance_of
from exporter.window.profile import EMPTY, Profile


@dataclass(frozen=True, slots=True)
class _Value:
    feature: str
    measure: str
    value: float
    observations: int


def measure(
    monitor: Monitor, reference: Reference | None, span: Span, revision: int, profiles: Mapping[Child, Profile]
) -> list[Measurement]:
    """The measurements of one window, named as in `exporter.monitor.thresholds`.

    Drift and quality are told of all segments of a model version together, under an empty segment, since segments have
    no reference of their own; performance of all together and of each. Of features whose bins are not those of the
    reference, or are absent, there is no drift; values that are not defined are left out.
    """
    start, end = int(span.start), int(span.end)
    return [
        Measurement(
            monitor.name, child.model_version, child.segment or "", value.feature, value.measure,
            start, end, revision, value.value, value.observations,
        )
        for child, profile in {**_by_version(profiles), **profiles}.items()
        for value in _values(monitor, reference, child, profile)
        if math.isfinite(value.value)
    ]  # fmt: skip


def _by_version(profiles: Mapping[Child, Profile]) -> Mapping[Child, Profile]:
    together: dict[Child, Profile] = {}
    for child, profile in profiles.items():
        version = Child(child.model_version)
        together[version] = together.get(version, EMPTY).merge(profile)
    return together


def _values(monitor: Monitor, reference: Reference | None, child: Child, profile: Profile) -> Iterator[_Value]:
    if child.segment is None:
        yield from _drift(monitor, reference, profile)
        yield from _quality(profile)
    for metric, value in performance_of(profile, monitor.spec.model.task).items():
        yield _Value("", f"performance_{metric}", value, labels_of(profile))


def _drift(monitor: Monitor, reference: Reference | None, profile: Profile) -> Iterator[_Value]:
    if reference is None:
        return
    features = (*reference.features, catalog.PREDICTION_FEATURE)
    bins = {feature: profile.bins(feature, reference.label) for feature in features}
    known: dict[str, Integers] = {feature: counts for feature, counts in bins.items() if counts is not None}
    for drift in drift_report(known, reference, monitor.spec.drift.design_effect):
        yield from _of_feature(monitor, drift)


def _of_feature(monitor: Monitor, drift: FeatureDrift) -> Iterator[_Value]:
    for name in monitor.spec.drift.measures:
        if name in drift.measures:
            yield _Value(drift.feature, f"drift_{name}", drift.measures[name], drift.observations)
    yield _Value(drift.feature, "drift_zscore", drift.zscore, drift.observations)


def _quality(profile: Profile) -> Iterator[_Value]:
    for (metric, feature), family in profile.families.items():
        if metric == catalog.FEATURE_BIN.name and family is not None:
            observations = int(family.values.sum())
            for measure_name, bin_name in (
                ("missing_ratio", catalog.MISSING_BIN),
                ("invalid_ratio", catalog.INVALID_BIN),
            ):
                yield _Value(feature, measure_name, _share(family, "bin", bin_name, observations), observations)
    invalid = profile.family(catalog.RECORDS_INVALID)
    if invalid is not None:
        yield _Value("", "invalid_ratio", _share(invalid, "rule", catalog.ANY_RULE, profile.rows), profile.rows)


def _share(family: FamilyCounts, label: str, value: str, observations: int) -> float:
    """The share of the observations that count under a label's value; NaN where there are none."""
    at = [dict(labels)[label] for labels in family.form.labels].index(value)
    return float(family.values[at]) / observations if observations else float(np.nan)
