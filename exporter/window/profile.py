"""What is known of the predictions of one model version (and segment) within one window, without keeping them.

Profiles are values: `EMPTY` and `merge` make any split of the rows, in any order, the same as the whole. Of that,

* counts, bounds and times are exactly the same: `Profile.exact` tells them;
* sums, means and spreads are the same up to rounding;
* quantiles and distinct counts answer within the errors that their sketches state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from exporter import catalog
from exporter.batch import Integers
from exporter.window.distinct_sketch import DistinctSketch
from exporter.window.family_counts import Families, FamilyCounts, FamilyKey, merge_families
from exporter.window.moments import Moments
from exporter.window.quantile_sketch import QuantileSketch


@dataclass(frozen=True, slots=True, eq=False)
class ValueSummary:
    """The valid values of a feature, or of the prediction; without moments and quantiles for a category."""

    present: int
    distinct: DistinctSketch
    moments: Moments | None = None
    quantiles: QuantileSketch | None = None

    def merge(self, other: ValueSummary) -> ValueSummary:
        """The summary of both; of a number merged with a category only what both have."""
        moments = quantiles = None
        if self.moments is not None and other.moments is not None:
            moments = self.moments.merge(other.moments)
        if self.quantiles is not None and other.quantiles is not None:
            quantiles = self.quantiles.merge(other.quantiles)
        return ValueSummary(self.present + other.present, self.distinct.merge(other.distinct), moments, quantiles)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The summary.

    rows      : predictions; labelled: those whose label is known.
    first     : timestamp of the earliest, infinity where there are none; last: of the latest, minus infinity.
    received  : when the first of them to arrive did, infinity where nobody knows.
    families   : everything that the exporter counts of predictions and outcomes, by family and feature. Outcomes are
                credited to the window in which the prediction was made, whenever the label came.
    summaries : by feature, and `__prediction__`.
    """

    rows: int = 0
    labelled: int = 0
    first: float = math.inf
    last: float = -math.inf
    received: float = math.inf
    families: Families = field(default_factory=dict)
    summaries: Mapping[str, ValueSummary] = field(default_factory=dict)

    def merge(self, other: Profile) -> Profile:
        """The profile of both."""
        summaries = dict(self.summaries)
        for name, summary in other.summaries.items():
            summaries[name] = summaries[name].merge(summary) if name in summaries else summary
        return Profile(
            self.rows + other.rows,
            self.labelled + other.labelled,
            min(self.first, other.first),
            max(self.last, other.last),
            min(self.received, other.received),
            merge_families(self.families, other.families),
            summaries,
        )

    def family(self, metric: catalog.Metric, feature: str = "") -> FamilyCounts | None:
        """The counts of a family; None where they are absent, or were never counted."""
        return self.families.get((metric.name, feature))

    def bins(self, feature: str, reference: str) -> Integers | None:
        """int64[B]: the feature's values in the bins of the reference of this label; None where others were counted."""
        family = self.family(catalog.FEATURE_BIN, feature)
        if family is None or dict(family.form.labels[0])["reference"] != reference:
            return None
        return family.values.astype(np.int64)

    def exact(self) -> Mapping[str, object]:
        """What any split of the rows has in common, to the last bit."""
        counts: dict[FamilyKey, list[int] | None] = {}
        for key, family in self.families.items():
            if family is None or family.values.dtype == np.int64:
                counts[key] = None if family is None else family.values.tolist()
        bounds = {
            name: (summary.present, summary.moments and (summary.moments.minimum, summary.moments.maximum))
            for name, summary in self.summaries.items()
        }
        times = (self.first, self.last, self.received)
        return {"rows": (self.rows, self.labelled), "times": times, "counts": counts, "bounds": bounds}


EMPTY = Profile()
"""The profile of no rows: merged with another it changes nothing."""
