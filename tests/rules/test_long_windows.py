"""Windows of many hours are summed from steps: exactly the rows that there were, whatever restarts or is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.drift.comparison import compare
from exporter.drift.psi import psi
from exporter.monitor.spec import Monitor
from exporter.reference.document import smoothed_ratios
from rules import names
from rules.group import RecordingRule, RuleGroup
from rules.links import Links
from rules.rendering import monitor_groups
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.promtool import RuleTest

WINDOW, WINDOW_MINUTES = "7h", 420
LABELS = {"job": "ml", "monitor": BINARY, "reference": "r1", "feature": "age"}
REFERENCE = np.array([4000, 3000, 2000, 1000, 7])
MISSING = np.nan


def a_monitor(**drift: object) -> Monitor:
    return golden_monitor(BINARY, drift={"window": WINDOW, "measures": ["psi"], **drift})


def group_of(monitor: Monitor, name: str) -> RuleGroup:
    (group,) = (each for each in monitor_groups(monitor, Links()) if each.name.endswith(name))
    return group


def rows_of(minutes: int, seed: int = 1) -> Floats:
    """float64[minutes, bins]: rows of each minute, many by day and few by night."""
    rng = np.random.default_rng(seed)
    busy = 40 + 30 * np.sin(np.arange(minutes) / 60)
    rows: Floats = rng.poisson(busy[:, None] * np.array([0.5, 0.25, 0.15, 0.1, 0.001])).astype(np.float64)
    return rows


def a_test(replicas: dict[str, Floats], evaluated_every: str = names.LONG_WINDOW_STEP) -> RuleTest:
    """Replicas by the values of their counters at each minute, float64[minutes, bins]; NaN where one is not scraped."""
    test = RuleTest([a_monitor()], evaluated_every=evaluated_every)
    ratios = smoothed_ratios(REFERENCE)
    for index, ratio in enumerate(ratios.tolist()):
        of_bin = {**LABELS, "bin": f"q{index:02d}"}
        test.series("infranaut_reference_bin_ratio", f"{ratio!r}x900", **of_bin, instance="a")
        for instance, values in replicas.items():
            text = " ".join("_" if np.isnan(value) else repr(value) for value in values[:, index].tolist())
            test.series("infranaut_feature_bin_total", text, **of_bin, instance=instance, model_version="v1")
    test.series("infranaut_reference_observations", f"{REFERENCE.sum()}x900", **LABELS, instance="a")
    return test


def counter(rows: Floats) -> Floats:
    """What a counter shows at minutes 0, 1, …, when it counts these rows in the minutes between."""
    return np.vstack([np.zeros(rows.shape[1]), rows.cumsum(axis=0)])


def expect_rows(test: RuleTest, rows: Floats, at_minute: int) -> RuleTest:
    """N and PSI over the window before are those of the rows, as NumPy has them."""
    inside = rows[max(0, at_minute - WINDOW_MINUTES) : at_minute].sum(axis=0)
    test.expect_value(names.feature_increase(WINDOW), f"{at_minute}m", inside.sum())
    expected = float(psi(compare(inside, REFERENCE.astype(np.float64), None)))
    return test.expect_value(names.drift_measure("psi", WINDOW), f"{at_minute}m", expected)


def test_a_full_window_holds_exactly_its_rows(tmp_path: Path) -> None:
    rows = rows_of(480)
    expect_rows(a_test({"a": counter(rows)}), rows, 480).run(tmp_path)


@pytest.mark.parametrize("evaluated_every", ["1m", "5m"])
def test_while_it_fills_it_holds_the_rows_that_there_were_however_often_it_is_evaluated(
    evaluated_every: str, tmp_path: Path
) -> None:
    """promtool, like some rulers, knows nothing of the interval of a group."""
    rows = rows_of(120)
    test = a_test({"a": counter(rows)}, evaluated_every)
    expect_rows(test, rows, 60)
    expect_rows(test, rows, 120).run(tmp_path)


def test_a_restarted_replica_loses_nothing(tmp_path: Path) -> None:
    steady, before, after = rows_of(450), rows_of(200, seed=2), rows_of(250, seed=3)
    before[-1] = 0
    restarted = np.vstack([counter(before)[:-1], counter(after)])
    test = a_test({"a": counter(steady), "b": restarted})
    expect_rows(test, steady + np.vstack([before, after]), 450).run(tmp_path)


def test_a_replica_that_is_gone_leaves_its_rows_in_the_window(tmp_path: Path) -> None:
    steady, gone = rows_of(450), rows_of(200, seed=2)
    lasting = np.vstack([counter(gone), np.full((250, gone.shape[1]), MISSING)])
    test = a_test({"a": counter(steady), "b": lasting})
    expect_rows(test, steady + np.vstack([gone, np.zeros((250, gone.shape[1]))]), 450).run(tmp_path)


def test_a_gap_is_not_filled_with_rows_that_nobody_saw(tmp_path: Path) -> None:
    """The whole stream stands still for two hours: the mean of the steps would count 7 hours of 5."""
    rows = rows_of(450)
    rows[200:320] = 0
    shown = counter(rows)
    shown[215:311] = MISSING
    expect_rows(a_test({"a": shown}), rows, 450).run(tmp_path)


def test_steps_are_recorded_once_for_all_long_windows_in_a_group_of_their_interval() -> None:
    monitor = a_monitor(window=["1h", "1d", "7d"])
    group = group_of(monitor, "drift-long")
    assert group.interval == "5m"
    recorded = [rule.record for rule in group.rules if isinstance(rule, RecordingRule)]
    assert recorded.count(names.bin_step_increase()) == 1
    assert {names.drift_measure("psi", window) for window in ("1d", "7d")} <= set(recorded)
    assert group_of(monitor, "drift-1h").interval is None


@pytest.mark.parametrize(("window", "name"), [("6h", "drift-6h"), ("6h1m", "drift-long"), ("1w", "drift-long")])
def test_windows_above_six_hours_are_long(window: str, name: str) -> None:
    assert any(
        rule.record == names.bin_increase(window) for rule in recording(group_of(a_monitor(window=window), name))
    )


def test_long_windows_have_every_measure_that_is_asked_for() -> None:
    monitor = a_monitor(window="1d", measures=["psi", "kl", "js", "hellinger", "tv", "chi2", "ks", "wasserstein"])
    recorded = {rule.record for rule in recording(group_of(monitor, "drift-long"))}
    assert recorded >= {names.drift_measure(measure, "1d") for measure in monitor.spec.drift.measures}
    assert names.drift_measure("ks", "1d") not in {
        rule.record for rule in recording(group_of(a_monitor(window="1d"), "drift-long"))
    }


def recording(group: RuleGroup) -> list[RecordingRule]:
    return [rule for rule in group.rules if isinstance(rule, RecordingRule)]
