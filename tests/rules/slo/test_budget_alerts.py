"""The error budget worked by hand, and the alerts about its end: InfranautSloBudgetSpent, InfranautSloBudgetEnding."""

from __future__ import annotations

from pathlib import Path

from rules.names import SLO_BUDGET_ENDING, SLO_BUDGET_SPENT
from tests.support.slos import NAME, availability_test

REMAINING = f'slo:infranaut_slo:budget_remaining_ratio{{monitor="{NAME}"}}'
EXHAUSTION = f'slo:infranaut_slo:exhaustion_seconds{{monitor="{NAME}"}}'


def test_the_budget_is_what_the_errors_so_far_leave_of_what_was_owed(tmp_path: Path) -> None:
    """By hand: 200 predictions a minute owe at most 2 errors a minute at 0.99; 1.5 came, so a quarter remains."""
    test = availability_test("0+200x60", "0+1.5x60")
    test.expect_value(REMAINING, "50m", 0.25)
    test.expect_value('slo:infranaut_slo:objective_ratio{slo="availability"}', "50m", 0.99)
    test.expect_value('slo:infranaut_slo:period_seconds{slo="availability"}', "50m", 30 * 86400)
    test.expect_silence(SLO_BUDGET_SPENT, "50m").run(tmp_path)


def test_counts_over_the_period_are_those_there_were_not_more(tmp_path: Path) -> None:
    """50 minutes of 100 a minute hold ten steps of 500 events, in a period of 30 days."""
    test = availability_test("0+100x60", "0+1x60")
    test.expect_value('slo:infranaut_slo_events:increase30d{slo="availability"}', "50m", 5000)
    test.expect_value('slo:infranaut_slo_errors:increase30d{slo="availability"}', "50m", 50).run(tmp_path)


def test_spent_fires_and_says_how_many_errors_there_were(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": NAME, "slo": "availability", "severity": "warning", "kind": "slo"}
    texts = {
        "summary": "credit: the error budget of availability is spent",
        "description": "Over 30d, 2% of the events were errors; the objective of 0.99 allows 1%. "
        "200% of the error budget is spent.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautSloBudgetSpent.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-slo?var-monitor=credit&var-job=ml&var-slo=availability",
    }
    test = availability_test("0+100x60", "0+2x60")
    test.expect_alerts(SLO_BUDGET_SPENT, "50m", (labels, texts)).run(tmp_path)


def test_the_first_error_of_a_new_monitor_spends_nothing(tmp_path: Path) -> None:
    """100 events owe one error: two of them say nothing yet, and 500 events with ten do."""
    small = availability_test("0+2x60", "0x10 2x50")
    small.expect_value(f"{REMAINING} < bool 0", "40m", 1).expect_silence(SLO_BUDGET_SPENT, "50m").run(tmp_path)
    large = availability_test("0+20x60", "0x10 20x50")
    large.expect_firing(SLO_BUDGET_SPENT, "50m").run(tmp_path)


def test_ending_fires_where_the_trend_spends_what_is_left_in_time(tmp_path: Path) -> None:
    """Clean traffic, then a steady burn: once the budget has a history of six hours, its trend is told."""
    test = availability_test("0+1000x440", "0x200 20+20x240", ending_within="1d")
    test.expect_value(f"{EXHAUSTION} < bool 86400", "350m", 1).expect_silence(SLO_BUDGET_ENDING, "350m")
    test.expect_value(f"{REMAINING} > bool 0", "389m", 1)
    test.expect_value(f"{EXHAUSTION} < bool 86400", "389m", 1)
    test.expect_value(f'ALERTS{{alertname="{SLO_BUDGET_ENDING}",alertstate="pending"}}', "389m", 1)
    test.run(tmp_path)


def test_a_budget_that_does_not_shrink_has_no_end(tmp_path: Path) -> None:
    test = availability_test("0+1000x60", "5000x60")
    test.expect_value(REMAINING, "50m", 1).expect_nothing(EXHAUSTION, "50m")
    test.expect_silence(SLO_BUDGET_ENDING, "50m").run(tmp_path)
