"""The dashboard of one feature at a time: what changed in it, since when, how sure that is, what is wrong in it."""

from __future__ import annotations

from dashboards.frame import monitor_dashboard
from dashboards.mending import Json
from dashboards.row import compared_drift, distribution, feature_drift, feature_quality
from dashboards.variable import label_values
from exporter.catalog import FEATURE_BIN, PREDICTION_FEATURE
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import matches, select


def feature_dashboard(monitor: Monitor) -> str:
    """The JSON of the monitor's feature dashboard; without a reference, what needs none."""
    return monitor_dashboard(
        monitor,
        names.feature_dashboard(monitor.name),
        "Feature",
        "One feature, chosen on top; __prediction__ is what the model predicted.",
        [
            distribution.section(monitor),
            *feature_drift.sections(monitor),
            *compared_drift.sections(monitor, feature_drift.CHOSEN),
            feature_quality.section(monitor),
        ],
        [feature_variable(monitor)],
    )


def feature_variable(monitor: Monitor) -> Json:
    """`$feature`: exactly one, at first the prediction."""
    where = (matches("cluster", "$cluster"), matches("job", "$job"))
    features = select(FEATURE_BIN.name, monitor, *where)
    return label_values("feature", "Feature", features, "feature", default=PREDICTION_FEATURE)
