"""Jensen-Shannon distance."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def js(comparison: Comparison) -> Floats:
    """A bounded and symmetric relative of KL, and a metric.

    JS = sqrt((KL(p‖m) + KL(a‖m)) / (2 ln 2)) with m = (p + a) / 2.
    p, a: smoothed ratios, float64[..., B]. Gives float64[...], the square root of bits, in [0, 1]; NaN for an empty
    window.
    Source: Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37(1),
    1991; Endres and Schindelin, "A new metric for probability distributions", same journal 49(7), 2003.
    """
    p, a = comparison.p, comparison.a
    twice_middle = p + a
    nats = (p * np.log(2 * p / twice_middle) + a * np.log(2 * a / twice_middle)).sum(axis=-1)
    distance: Floats = np.sqrt(np.maximum(nats / (2 * np.log(2)), 0.0))
    return distance
