"""Windows too long to count from the raw series: what each step counted is recorded once, and windows add steps up.

A day of raw counters scraped every 15 s is 5,760 samples a series and replica; in steps of 5 minutes it is 288 a
series. The sum over a window is that of the steps that there were, so it is the number of rows that were seen, also
while the window still fills and where steps are missing. The mean of the steps times their number would fill gaps with
rows that nobody saw, and drift would look surer than it is.

The subquery reads one value for each step whatever the interval of evaluation, where a plain range would count a step
as often as it was recorded. It ends a millisecond short of the window, because Prometheus 2 takes both ends of a range.
"""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.promql import pooled_labels, select, total_increase

LONGEST_RAW_S = 6 * 3600.0
"""Windows up to it are counted from the raw series."""


def is_long(window: Duration) -> bool:
    return window.seconds > LONGEST_RAW_S


def bin_steps(monitor: Monitor) -> RecordingRule:
    """Values in each bin in one step, pooled over replicas; a reset is seen by the replica's own counter."""
    pooled = total_increase(catalog.FEATURE_BIN.name, monitor, names.LONG_WINDOW_STEP, pool=pooled_labels(monitor))
    return RecordingRule(names.bin_step_increase(), pooled)


def summed_bin_steps(monitor: Monitor, window: Duration) -> str:
    """Values in each bin over a long window."""
    span = f"{round(window.seconds * 1000) - 1}ms"
    return f"sum_over_time({select(names.bin_step_increase(), monitor)}[{span}:{names.LONG_WINDOW_STEP}])"
