"""Performance of a regression model from the sums of its errors."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.confidence import Bound, both, mean_interval, zscore
from rules.group import RecordingRule
from rules.labelled import labelled_increase, mean_bounds, mean_over_labels, some_labels
from rules.promql import equals, family, select


def rules(monitor: Monitor) -> list[RecordingRule]:
    """MAE, RMSE, and the bias: the mean of prediction - actual; each with its confidence interval."""
    window = monitor.spec.performance.window
    squares = names.model_increase(family(catalog.ERROR_SQUARED), window)
    signed = names.signed_error_increase(window)
    fourth_powers = names.model_increase(family(catalog.ERROR_SQUARED_SQUARES), window)
    labels, z, deff = some_labels(monitor), zscore(monitor), monitor.spec.performance.design_effect
    bias = mean_interval(select(names.performance("bias", window), monitor), select(squares, monitor), labels, z, deff)
    mean_of_squares = f"({select(squares, monitor)} / {labels})"
    mean_square = mean_interval(mean_of_squares, select(fourth_powers, monitor), labels, z, deff)
    high, low = (select(signed, monitor, equals(names.SIGN, sign)) for sign in ("positive", "negative"))
    return [
        *mean_over_labels(names.performance("mae", window), catalog.ERROR_ABSOLUTE, monitor),
        *mean_bounds("mae", catalog.ERROR_SQUARED, monitor),
        RecordingRule(names.performance("rmse", window), f"sqrt({select(squares, monitor)} / {some_labels(monitor)})"),
        labelled_increase(signed, catalog.ERROR_SIGNED, monitor),
        RecordingRule(
            names.performance("bias", window), f"({high} - ignoring ({names.SIGN}) {low}) / {some_labels(monitor)}"
        ),
        *both(lambda side: names.performance_bound("bias", side, window), bias),
        labelled_increase(fourth_powers, catalog.ERROR_SQUARED_SQUARES, monitor),
        *both(lambda side: names.performance_bound("rmse", side, window), _root_of(mean_square)),
    ]


def _root_of(interval: Bound) -> Bound:
    """The root grows with what it is taken of, so its bounds are the roots of those."""
    return lambda side: f"sqrt(clamp_min({interval(side)}, 0))"
