"""When the marks over the panels appear, evaluated by the real promtool."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.annotation import deployments, firing_alerts, reference_changes
from tests.support.promtool import RuleTest

WHERE = {"job": "ml", "monitor": "credit"}


def a_test() -> RuleTest:
    return RuleTest([])


@pytest.mark.parametrize(("at", "count"), [("89m", 0), ("93m", 1), ("97m", 0)])
def test_the_first_predictions_of_a_version_are_a_deployment_for_five_minutes(
    tmp_path: Path, at: str, count: int
) -> None:
    """The second version stands at 0 from the start, as `model.versions` has it, and predicts from 91m on."""
    test = a_test()
    test.series("infranaut_predictions_total", "0+10x120", model_version="v1", instance="a", **WHERE)
    test.series("infranaut_predictions_total", "0x90 1+10x30", model_version="v2", instance="a", **WHERE)
    query = deployments("infranaut_predictions_total")["expr"]
    of_the_second = 'and on (model_version) infranaut_predictions_total{model_version="v2"}'
    test.expect_value(f"count({query}) or vector(0)", at, count)
    test.expect_value(f"count(({query}) {of_the_second}) or vector(0)", at, count)
    test.run(tmp_path)


def test_a_monitor_that_begins_to_predict_is_no_deployment(tmp_path: Path) -> None:
    test = a_test().series("infranaut_predictions_total", "0 5+10x60", model_version="v1", **WHERE)
    test.expect_nothing(deployments("infranaut_predictions_total")["expr"], "3m").run(tmp_path)


def test_a_replica_that_joins_is_no_deployment(tmp_path: Path) -> None:
    test = a_test()
    test.series("infranaut_predictions_total", "0+10x120", model_version="v1", instance="a", **WHERE)
    test.series("infranaut_predictions_total", "_x90 1+10x30", model_version="v1", instance="b", **WHERE)
    test.expect_nothing(deployments("infranaut_predictions_total")["expr"], "93m").run(tmp_path)


@pytest.mark.parametrize(("at", "count"), [("60m", 0), ("93m", 1), ("99m", 0)])
def test_another_reference_is_a_change_for_five_minutes(tmp_path: Path, at: str, count: int) -> None:
    test = a_test()
    test.series("infranaut_reference_info", "1x90 stale", reference="aaa", sha256="a1", **WHERE)
    test.series("infranaut_reference_info", "_x90 1x30", reference="bbb", sha256="b1", **WHERE)
    query = reference_changes("infranaut_reference_info")["expr"]
    test.expect_value(f"count({query}) or vector(0)", at, count).run(tmp_path)


def test_the_first_reference_of_a_monitor_is_no_change(tmp_path: Path) -> None:
    test = a_test().series("infranaut_reference_info", "_x5 1x30", reference="aaa", sha256="a1", **WHERE)
    test.expect_nothing(reference_changes("infranaut_reference_info")["expr"], "7m").run(tmp_path)


def test_alerts_are_told_by_name_and_by_what_they_are_about() -> None:
    annotation = firing_alerts('ALERTS{alertstate="firing"}')
    assert (annotation["expr"], annotation["titleFormat"]) == ('ALERTS{alertstate="firing"}', "{{alertname}}")
    assert "{{feature}}" in annotation["textFormat"]
