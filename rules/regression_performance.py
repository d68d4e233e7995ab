"""Performance of a regression model from the sums of its errors."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.labelled import labelled_increase, mean_over_labels, some_labels
from rules.promql import equals, family, select


def rules(monitor: Monitor) -> list[RecordingRule]:
    """MAE, RMSE, and the bias: the mean of prediction - actual."""
    window = monitor.spec.performance.window
    squares = names.model_increase(family(catalog.ERROR_SQUARED), window)
    signed = names.signed_error_increase(window)
    high, low = (select(signed, monitor, equals(names.SIGN, sign)) for sign in ("positive", "negative"))
    return [
        *mean_over_labels(names.performance("mae", window), catalog.ERROR_ABSOLUTE, monitor),
        labelled_increase(squares, catalog.ERROR_SQUARED, monitor),
        RecordingRule(names.performance("rmse", window), f"sqrt({select(squares, monitor)} / {some_labels(monitor)})"),
        labelled_increase(signed, catalog.ERROR_SIGNED, monitor),
        RecordingRule(
            names.performance("bias", window), f"({high} - ignoring ({names.SIGN}) {low}) / {some_labels(monitor)}"
        ),
    ]
