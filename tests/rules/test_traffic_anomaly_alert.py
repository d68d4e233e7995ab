"""InfranautTrafficAnomaly fires on far more or far fewer predictions than at this hour of the weeks before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from exporter.monitor.thresholds import thresholds
from rules import names
from rules.links import Links
from rules.names import TRAFFIC_ANOMALY
from rules.rendering import monitor_groups
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

STEPS_A_WEEK = 7 * 24 * 4
"""A scrape every quarter of an hour."""
AT = f"{3 * 7 * 24 + 2}h"
"""Two hours into the fourth week, which is the first that has three before it."""


def a_test(**streams: Sequence[float]) -> RuleTest:
    """Streams by their job, of so many predictions an hour in each week; the same monitor watches each."""
    monitor = golden_monitor(
        REGRESSION,
        traffic={"anomaly": {"weeks": 3}},
        quality={"no_predictions_for": "1d", "window": "1h"},
        performance={"window": "1h"},
        labels=None,
    )
    test = RuleTest([monitor], evaluated_every="1h", scraped_every="15m")
    for job, weeks in streams.items():
        for check, value in thresholds(monitor).items():
            steps = f"{value}x{4 * STEPS_A_WEEK}"
            test.series("infranaut_monitor_threshold_ratio", steps, **of(job), instance="a", check=check)
        with_counter(test, job, "a", weekly(weeks))
    return test


def with_counter(test: RuleTest, job: str, instance: str, values: str) -> RuleTest:
    return test.series("infranaut_predictions_total", values, **of(job), instance=instance, model_version="v1")


def weekly(weeks: Sequence[float]) -> str:
    """A counter that grows so much an hour in each week, the last of which is three hours long."""
    parts, value = [], 0.0
    for index, hourly in enumerate(weeks):
        steps = 12 if index == len(weeks) - 1 else STEPS_A_WEEK - 1
        parts.append(f"{value}+{hourly / 4}x{steps}")
        value += hourly / 4 * (steps + 1)
    return " ".join(parts)


def of(job: str) -> dict[str, str]:
    return {"job": job, "monitor": REGRESSION}


def test_it_fires_on_far_fewer_and_says_how_many_are_usual(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": REGRESSION, "severity": "info", "kind": "traffic", "direction": "below"}
    zscore = -3600 / math.sqrt((1.4826 * 200) ** 2 * (1 + math.pi / 6))
    texts = {
        "summary": "bike-demand: far fewer predictions than usual at this hour of the week",
        "description": "Model bike-demand made 400 predictions in the last hour; at this hour of the week it usually "
        f"makes 4k (median of the last 3 weeks). That is {zscore:.1f} standard deviations away.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautTrafficAnomaly.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-bike-demand?var-monitor=bike-demand&var-job=ml",
    }
    test = a_test(ml=(3800, 4000, 4400, 400))
    test.expect_value(names.volume_zscore(), AT, zscore)
    test.expect_alerts(TRAFFIC_ANOMALY, AT, (labels | {"window": "1h"}, texts)).run(tmp_path)


ANOMALIES = {
    "twice": (4000, 4000, 4000, 8000),
    "twice_at_high_traffic": (400_000, 404_000, 396_000, 1_000_000),
    "a_quarter_of_few": (400, 400, 400, 100),
    "where_there_never_was_any": (0, 0, 0, 120),
}
USUAL = {
    "what_weeks_differ_by": (4000, 4200, 3900, 4600),
    "significant_but_no_great_change": (4000, 4000, 4000, 5500),
    "what_weeks_differ_by_at_high_traffic": (400_000, 410_000, 390_000, 430_000),
    "weeks_that_differ_as_much_among_themselves": (400, 4000, 8000, 1000),
    "too_few": (80, 80, 80, 20),
    "too_few_where_there_were_none": (0, 0, 0, 90),
    "an_odd_week_among_the_others": (4000, 40, 4000, 4000),
    "not_scraped_any_more": (4000, 4000, 4000),
}


def test_it_takes_a_great_change_that_weeks_do_not_explain_and_enough_traffic(tmp_path: Path) -> None:
    test = a_test(**ANOMALIES, **USUAL)
    for job in ANOMALIES:
        test.expect_value(firing(job), AT, 1)
    for job in USUAL:
        test.expect_nothing(firing(job), AT)
    for job in (*ANOMALIES, *USUAL):
        test.expect_nothing(firing(job), f"{7 * 24 + 2}h")
        test.expect_nothing(f'{names.usual_volume()}{{job="{job}"}}', f"{7 * 24 + 2}h")
    with_replicas(test).run(tmp_path)


def with_replicas(test: RuleTest) -> RuleTest:
    """One replica takes over from another that goes missing; another one is restarted after two weeks."""
    with_counter(test, "what_weeks_differ_by", "b", weekly((0, 0, 0, 0)))
    with_counter(test, "not_scraped_any_more", "b", weekly((4000, 4000, 4000, 8000)))
    restarted = f"0+1000x{2 * STEPS_A_WEEK - 1} 0+1000x{STEPS_A_WEEK + 12}"
    with_counter(test, "restarted", "a", restarted)
    for at in (f"{2 * 7 * 24 + 1}h", AT):
        test.expect_nothing(firing("restarted"), at)
    return test


def firing(job: str) -> str:
    return f'count(ALERTS{{alertname="{TRAFFIC_ANOMALY}",alertstate="firing",job="{job}"}})'


def test_a_monitor_that_does_not_ask_for_it_has_no_such_rules() -> None:
    groups = monitor_groups(golden_monitor(REGRESSION), Links())
    assert not [group for group in groups if group.name.endswith("-traffic")]
