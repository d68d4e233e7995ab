"""What is asked of Prometheus for a picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pictures.answers import TimeSpan, answers, titled, variables_of
from tests.support.services import RunningPrometheus, a_prometheus_config, prometheus

NOW_S = int(time.time())
SPAN = TimeSpan(NOW_S - 60, NOW_S, 30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrometheus]:
    with prometheus(a_prometheus_config(), tmp_path_factory.mktemp("pictures")) as running:
        yield running


def a_panel(expr: str, **target: Any) -> dict[str, Any]:
    return {"id": 7, "title": "$thing now", "targets": [{"refId": "B", "expr": expr, **target}]}


def test_a_series_over_time_has_a_sample_each_step(server: RunningPrometheus) -> None:
    (series,) = answers(server.url, [a_panel("vector($count)")], {"count": "3"}, SPAN)["7"]["B"]
    assert [value for _, value in series["values"]] == ["3", "3", "3"]


def test_an_instant_query_has_the_value_at_the_end(server: RunningPrometheus) -> None:
    (series,) = answers(server.url, [a_panel("vector(time())", instant=True)], {}, SPAN)["7"]["B"]
    assert series["value"] == [SPAN.to_s, str(SPAN.to_s)]


def test_grafanas_ranges_are_those_of_the_span(server: RunningPrometheus) -> None:
    query = "count_over_time(vector(1)[$__range:$__interval]) + 0 * count_over_time(vector(1)[$__rate_interval:1s])"
    (series,) = answers(server.url, [a_panel(query, instant=True)], {}, SPAN)["7"]["B"]
    assert float(series["value"][1]) in (2, 3)


def test_a_query_that_prometheus_refuses_is_told_with_its_reason(server: RunningPrometheus) -> None:
    with pytest.raises(AssertionError, match=r"rate\(: .*parse error"):
        answers(server.url, [a_panel("rate(")], {}, SPAN)


def test_a_panel_without_queries_has_no_answers() -> None:
    assert answers("http://127.0.0.1:9", [{"id": 1, "title": "words"}], {}, SPAN) == {"1": {}}


def test_variables_are_what_was_chosen_else_everything_else_what_the_dashboard_opens_with() -> None:
    variables = [
        {"name": "feature", "current": {"value": "age"}},
        {"name": "job", "allValue": ".+", "current": {"value": "$__all"}},
        {"name": "monitor", "current": {"value": "credit"}},
        {"name": "datasource"},
    ]
    dashboard = {"templating": {"list": variables}}
    assert variables_of(dashboard, {"feature": "income"}) == {
        "feature": "income",
        "job": ".+",
        "monitor": "credit",
        "datasource": "",
    }


def test_variables_in_a_title_are_replaced() -> None:
    assert titled(a_panel("up"), {"thing": "income"})["title"] == "income now"
