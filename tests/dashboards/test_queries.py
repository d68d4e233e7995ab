"""Queries read back from a dashboard's JSON."""

from __future__ import annotations

import pytest

from dashboards.layout import PanelRow, place
from dashboards.panel import PanelQuery, PanelText, time_series
from dashboards.queries import panel_queries, with_variables


def test_the_queries_of_closed_sections_are_there_too() -> None:
    def panel(title: str, *exprs: str) -> object:
        return time_series(PanelText(title, "What it shows."), [PanelQuery(expr) for expr in exprs], unit="short")

    sections = [PanelRow("Open", [panel("one", "a", "b")]), PanelRow("Closed", [panel("two", "c")], collapsed=True)]
    assert panel_queries({"panels": place(sections)}) == [("one", "a"), ("one", "b"), ("two", "c")]


def test_variables_are_replaced_in_every_form() -> None:
    expr = 'rate(a{job=~"$job", feature="${feature}"}[$__rate_interval]) + ${job:regex}'
    replaced = with_variables(expr, {"job": "x|y", "feature": "age", "__rate_interval": "1m"})
    assert replaced == 'rate(a{job=~"x|y", feature="age"}[1m]) + x|y'


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="segment"):
        with_variables('a{segment=~"$segment"}', {"job": "x"})
