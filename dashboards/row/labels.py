"""Ground truth of one monitor: how much of it came, and how late."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.panel import PanelQuery, PanelText, time_series
from dashboards.scope import Scope, quantile
from dashboards.threshold import bad_above
from exporter.catalog import LABEL_DELAY, LABELS, LABELS_EXPIRED, LABELS_UNMATCHED


def joined(scope: Scope) -> grafana.TimeSeries:
    """What becomes of labels and of predictions."""
    metrics = {"joined": LABELS, "without a prediction": LABELS_UNMATCHED, "expired": LABELS_EXPIRED}
    return time_series(
        PanelText(
            "Labels",
            "Labels a second: joined to their prediction, given up because no prediction of their id came, and "
            "predictions given up because no label came within the maximum delay.",
        ),
        [PanelQuery(scope.sum_by(scope.rate(metric)), legend) for legend, metric in metrics.items()],
        unit="eps",
    )


def delay(scope: Scope) -> grafana.TimeSeries:
    """How long labels take."""
    labels = scope.monitor.spec.labels
    limit = labels.maximum_delay if labels else None
    buckets = scope.sum_by(scope.rate(LABEL_DELAY, suffix="_bucket"), "le")
    return time_series(
        PanelText(
            "Label delay", f"From a prediction to the arrival of its label; after {limit} it is given up as expired."
        ),
        [PanelQuery(quantile(level, buckets), f"p{level * 100:g}") for level in (0.5, 0.9)],
        unit="s",
        steps=bad_above(limit.seconds) if limit else (),
    )
