"""AUC and calibration error from the score bins: exact but for the order within a bin, where ties count half."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.confidence import area_rows, both, calibration_interval, wilson, zscore
from rules.group import RecordingRule
from rules.labelled import labelled_increase
from rules.promql import equals, select, without

MAXIMUM_SCORE_BINS = 30
_POSITIVE = equals(names.ACTUAL, "1")
_NEGATIVE = equals(names.ACTUAL, "0")
_SUM_OF_BINS = f"sum {without(names.BIN)}"


def score_bin_rules(monitor: Monitor) -> list[RecordingRule]:
    window = monitor.spec.performance.window
    return [
        labelled_increase(names.score_bin_increase(window), catalog.SCORE_BIN, monitor),
        labelled_increase(names.score_bin_score_increase(window), catalog.SCORE_BIN_SCORE_SUM, monitor),
        *_running_sums(monitor),
        *_totals(monitor),
        RecordingRule(names.performance("auc", window), _auc(monitor)),
        RecordingRule(names.performance("ece", window), _expected_calibration_error(monitor)),
        *_auc_bounds(monitor),
        *_calibration_bounds(monitor),
    ]


def _totals(monitor: Monitor) -> list[RecordingRule]:
    """Positives and negatives in all bins."""
    window = monitor.spec.performance.window
    return [
        RecordingRule(
            names.score_bin_rows(what, window),
            f"sum {without(names.ACTUAL, names.BIN)} ({select(names.score_bin_increase(window), monitor, outcome)})",
        )
        for what, outcome in (("positives", _POSITIVE), ("negatives", _NEGATIVE))
    ]


def _running_sums(monitor: Monitor) -> list[RecordingRule]:
    """Of each bin from that of the bin before it; a bin that a reference with ties lacks has none."""
    window = monitor.spec.performance.window
    record, before, rules = names.score_bin_running_sum(window), "", []
    for bin_name in (f"s{index:02d}" for index in range(MAXIMUM_SCORE_BINS)):
        own = select(names.score_bin_increase(window), monitor, equals(names.BIN, bin_name))
        rules.append(RecordingRule(record, own + before, {names.BIN: bin_name}))
        before = f" + ignoring ({names.BIN}) {select(record, monitor, equals(names.BIN, bin_name))}"
    return rules


def _auc(monitor: Monitor) -> str:
    """Mann and Whitney's U over its pairs: Σ_b n1_b (Σ_{c ≤ b} n0_c - n0_b / 2) / (n1 n0); only with both classes."""
    window = monitor.spec.performance.window
    counts, running = names.score_bin_increase(window), names.score_bin_running_sum(window)
    positives, negatives = select(counts, monitor, _POSITIVE), select(counts, monitor, _NEGATIVE)
    below = f"({select(running, monitor, _NEGATIVE)} - {negatives} / 2)"
    won = f"{_SUM_OF_BINS} ({positives} * ignoring ({names.ACTUAL}) {below})"
    totals = [f"({select(names.score_bin_rows(what, window), monitor)} > 0)" for what in ("positives", "negatives")]
    return f"{won} / ({' * '.join(totals)})"


def _auc_bounds(monitor: Monitor) -> list[RecordingRule]:
    """Wilson's interval of a share of so many rows as give the area's variance."""
    window = monitor.spec.performance.window
    area = select(names.performance("auc", window), monitor)
    positives, negatives = (select(names.score_bin_rows(what, window), monitor) for what in ("positives", "negatives"))
    record = names.score_bin_rows("auc_rows", window)
    rows = select(record, monitor)
    interval = wilson(f"({area} * {rows})", rows, zscore(monitor))
    return [
        RecordingRule(record, area_rows(area, positives, negatives, monitor.spec.performance.design_effect)),
        *both(lambda side: names.performance_bound("auc", side, window), interval),
    ]


def _calibration_bounds(monitor: Monitor) -> list[RecordingRule]:
    """The noise of a bin of n rows is that of n draws of its share p, pulled a little to 1/2: n p (1 - p)."""
    window = monitor.spec.performance.window
    counts, record = names.score_bin_increase(window), names.calibration_variance(window)
    rows = f"sum {without(names.ACTUAL)} ({select(counts, monitor)})"
    positives = f"sum {without(names.ACTUAL)} ({select(counts, monitor, _POSITIVE)})"
    share = f"(({positives} + 0.5) / ({rows} + 1))"
    interval = calibration_interval(
        select(names.performance("ece", window), monitor),
        select(record, monitor),
        _SUM_OF_BINS,
        f"({_SUM_OF_BINS} ({rows}) > 0)",
        zscore(monitor),
        monitor.spec.performance.design_effect,
    )
    return [
        RecordingRule(record, f"{rows} * {share} * (1 - {share})"),
        *both(lambda side: names.performance_bound("ece", side, window), interval),
    ]


def _expected_calibration_error(monitor: Monitor) -> str:
    """Σ_b |positives_b - Σ score_b| / n, which is Σ_b n_b / n |rate_b - mean score_b|."""
    window = monitor.spec.performance.window
    counts = names.score_bin_increase(window)
    positives = f"sum {without(names.ACTUAL)} ({select(counts, monitor, _POSITIVE)})"
    scores = f"sum {without(names.ACTUAL)} ({select(names.score_bin_score_increase(window), monitor)})"
    total = f"sum {without(names.ACTUAL, names.BIN)} ({select(counts, monitor)})"
    return f"{_SUM_OF_BINS} (abs({positives} - {scores})) / ({total} > 0)"
