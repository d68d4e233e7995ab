"""Panels over weeks: their queries, asked of the rules' own series by the real promtool."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards import render
from dashboards.queries import panel_queries, with_variables
from tests.support.promtool import RuleTest
from tests.support.slos import add_replica, slo_monitor

VALUES = {"cluster": ".*", "job": ".+"}


def test_the_panel_of_the_usual_volume_has_data_after_the_weeks_that_it_takes(tmp_path: Path) -> None:
    monitor = slo_monitor(traffic={"anomaly": {"weeks": 2}})
    test = RuleTest([monitor], evaluated_every="1h", scraped_every="15m")
    add_replica(test, "a", "0+100x2500", "0x2500")
    found = panel_queries(json.loads(render([monitor])["model-credit.json"]))
    asked = [with_variables(expr, VALUES) for title, expr in found if "Volume" in title]
    assert len(asked) == 2
    for query in asked:
        test.expect_value(f"count(({query}) > -Inf) > bool 0", "600h", 1)
    test.run(tmp_path)
