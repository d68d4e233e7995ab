"""Windows that no monitor chooses."""

from __future__ import annotations

LONG_WINDOW_STEP = "5m"
"""What the long windows of drift are counted in."""
SLO_STEP = "5m"
"""What errors and events of objectives are counted in; every window of theirs is a multiple of it."""
SLO_TREND_WINDOW = "1d"
"""History that tells when an error budget will be spent."""
TRAFFIC_WINDOW = "1h"
"""Window of the volume that is compared with that of other weeks."""
RATE_WINDOW = "5m"
"""Window of traffic, latency, availability and lag."""
LATENCY_QUANTILES = ("0.5", "0.95", "0.99")
"""Values of the label `quantile`."""
