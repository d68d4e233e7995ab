"""InfranautSloBurn fires when errors spend the budget too fast over a long and a short window, on enough events."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.names import SLO_BURN
from tests.support.promtool import RuleTest
from tests.support.slos import NAME, add_replica, availability_test

FIRING = f'ALERTS{{alertname="{SLO_BURN}",alertstate="firing"'


def expect(test: RuleTest, at: str, **firing: bool) -> RuleTest:
    """Which windows alert: `expect(test, "2h", w1h=True)`."""
    for window, is_firing in firing.items():
        query = f'{FIRING},window="{window[1:]}"}}'
        if is_firing:
            test.expect_value(query, at, 1)
        else:
            test.expect_nothing(query, at)
    return test


def test_it_fires_and_says_how_fast_how_much_remains_and_until_when(tmp_path: Path) -> None:
    """100 minutes of heavy traffic without errors, then 20 errors a minute of 100 predictions: the budget is 0.01."""
    labels = {"job": "ml", "monitor": NAME, "slo": "availability", "window": "1h", "severity": "critical"}
    texts = {
        "summary": "credit: availability burns its error budget 20 times too fast",
        "description": "Over 1h and 5m, errors came 20 times faster than the objective of 0.99 over 30d allows; it "
        "alerts above 14.4. 13.9% of the error budget is spent; at this pace the rest lasts until "
        "1970-01-02 09:49:40 +0000 UTC.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautSloBurn.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-slo?var-monitor=credit&var-job=ml&var-slo=availability",
    }
    test = availability_test("0+10000x100 1000000+100x100", "0x100 20+20x100")
    test.expect_alerts(SLO_BURN, "170m", (labels | {"kind": "slo"}, texts)).run(tmp_path)


@pytest.mark.parametrize("per_minute", [100, 10_000])
def test_it_is_silent_where_errors_are_as_many_as_owed(tmp_path: Path, per_minute: int) -> None:
    test = availability_test(f"0+{per_minute}x60", f"0+{per_minute // 100}x60")
    test.expect_value(f'slo:infranaut_slo:burn_rate6h{{monitor="{NAME}"}}', "50m", 1.0)
    test.expect_silence(SLO_BURN, "50m").run(tmp_path)


def test_it_is_silent_at_low_traffic_with_one_error(tmp_path: Path) -> None:
    """Four events an hour, and one of them an error: 25 times the budget, and no sign of anything."""
    test = availability_test(_one_in(15, 81), "0x60 1x20", minimum_events=1)
    test.expect_value(f'slo:infranaut_slo:burn_rate1h{{monitor="{NAME}"}} > bool 14.4', "67m", 1)
    test.expect_silence(SLO_BURN, "67m").expect_silence(SLO_BURN, "50m").run(tmp_path)


def test_it_is_silent_on_too_few_events_however_many_fail(tmp_path: Path) -> None:
    counts = "0x30 " + " ".join(str(min(count, 9)) for count in range(30))
    test = availability_test(counts, counts)
    test.expect_value(f'slo:infranaut_slo:zscore1h{{monitor="{NAME}"}} > bool 3', "40m", 1)
    test.expect_silence(SLO_BURN, "40m").run(tmp_path)
    eager = availability_test(counts, counts, minimum_events=5)
    eager.expect_value(f'count({FIRING},window="1h"}})', "40m", 1).run(tmp_path)


def test_a_page_at_a_factor_of_six_and_a_ticket_at_three_and_at_one(tmp_path: Path) -> None:
    """The pairs fire one after the other as the burn rises; the fastest needs 14.4."""
    slow = expect(availability_test("0+10000x60", "0+150x60"), "50m", w3d=True, w1d=False, w6h=False, w1h=False)
    slow.run(tmp_path)
    warm = expect(availability_test("0+10000x60", "0+310x60"), "50m", w3d=True, w1d=True, w6h=False, w1h=False)
    warm.run(tmp_path)
    hot = expect(availability_test("0+10000x60", "0+610x60"), "50m", w3d=True, w1d=True, w6h=True, w1h=False)
    hot.expect_value(f'count({FIRING},severity="critical"}})', "50m", 1)
    hot.expect_value(f'count({FIRING},severity="warning"}})', "50m", 2).run(tmp_path)


@pytest.mark.parametrize(("errors", "fires"), [(1430, False), (1450, True)])
def test_the_fast_page_fires_just_above_its_factor_and_not_just_below(tmp_path: Path, errors: int, fires: bool) -> None:
    expect(availability_test("0+10000x60", f"0+{errors}x60"), "50m", w1h=fires).run(tmp_path)


def test_it_ends_soon_after_the_errors_do(tmp_path: Path) -> None:
    """The hour is still far above its factor, the five minutes are not."""
    test = availability_test("0+100x80", "0+50x60 3000x20")
    test.expect_value(f'slo:infranaut_slo:burn_rate1h{{monitor="{NAME}"}} > bool 14.4', "67m", 1)
    expect(test, "59m", w1h=True)
    expect(test, "67m", w1h=False).run(tmp_path)


def test_it_fires_through_a_counter_reset(tmp_path: Path) -> None:
    test = availability_test("0+100x40 0+100x40", "0+20x40 0+20x40")
    expect(test, "43m", w1h=True)
    expect(test, "75m", w1h=True).run(tmp_path)


def test_it_fires_through_the_loss_of_a_replica_and_pools_versions(tmp_path: Path) -> None:
    """Neither a replica that vanishes nor a version without errors changes the verdict on all of them."""
    test = add_replica(availability_test("0+50x80", "0+20x80"), "b", "0+50x40 _x40", "0+20x40 _x40")
    add_replica(test, "a", "0+10x80", "0x80", version="v2")
    test.expect_value(f'slo:infranaut_slo:burn_rate5m{{monitor="{NAME}"}}', "35m", 100 * 40 / 110)
    test.expect_value(f'slo:infranaut_slo:burn_rate5m{{monitor="{NAME}"}}', "60m", 100 * 20 / 60)
    expect(test, "42m", w1h=True)
    expect(test, "75m", w1h=True).run(tmp_path)


def test_without_events_there_is_no_burn_rate_and_no_alert(tmp_path: Path) -> None:
    test = availability_test("0x60", "0x60")
    test.expect_nothing("slo:infranaut_slo:burn_rate1h", "50m").expect_silence(SLO_BURN, "50m").run(tmp_path)


def test_errors_that_were_never_counted_are_none(tmp_path: Path) -> None:
    """A monitor whose exporter has not seen a failure yet has no series of them."""
    test = availability_test("0+100x60", "_x60")
    test.expect_value(f'slo:infranaut_slo:burn_rate1h{{monitor="{NAME}"}}', "50m", 0).run(tmp_path)


def _one_in(minutes: int, length: int) -> str:
    return " ".join(str(minute // minutes) for minute in range(length))
