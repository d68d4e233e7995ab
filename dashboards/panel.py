"""Panels as the dashboards here want them, over grafanalib: a title, a description, a unit and queries.

grafanalib knows Grafana's panel types; its defaults are mended in `dashboards.mending`, which every panel passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from grafanalib import core as grafana

from dashboards.mending import Json
from dashboards.override import dashed_red, dotted
from dashboards.threshold import NEUTRAL, Steps

Format = Literal["time_series", "table"]

FULL_WIDTH = 24

THRESHOLD_LEGEND = "threshold"
BOUND_LEGENDS = ("lower", "upper")
"""How the legends of an interval's bounds end."""
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One PromQL query of a panel and the legend of its series, in Grafana's `{{label}}` form."""

    expr: str
    legend: str = ""


def lines(aggregation: Literal["sum", "max", "min"], expr: str, *labels: str) -> PanelQuery:
    """One series for each combination of the labels, whose values are its legend."""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    return PanelQuery(f"{aggregation} by ({', '.join(labels)}) ({expr})", legend)


def threshold_query(expr: str) -> PanelQuery:
    """A query whose series is drawn as a dashed red line."""
    return PanelQuery(expr, THRESHOLD_LEGEND)


class Size(NamedTuple):
    """Of a panel, in the columns and lines of Grafana's grid."""

    width: int
    height: int


SMALL = Size(4, 4)
THIRD = Size(8, 8)
HALF = Size(12, 10)
WHOLE = Size(FULL_WIDTH, 9)


@dataclass(frozen=True, slots=True)
class PanelText:
    """What a panel says about itself, and in place of values where it has none."""

    title: str
    description: str
    empty: str | None = None


def time_series(
    text: PanelText,
    queries: Sequence[PanelQuery],
    *,
    unit: str,
    size: Size = THIRD,
    steps: Steps = NEUTRAL,
    stacked: bool = False,
    minimum: float | None = 0,
    maximum: float | None = None,
) -> grafana.TimeSeries:
    """Lines over time; a `threshold_query` is drawn as a limit, and thin what the legend calls a bound."""
    return grafana.TimeSeries(
        **common(text, steps, size),
        targets=targets(queries),
        unit=unit,
        fillOpacity=30 if stacked else 8,
        stacking={"mode": "normal" if stacked else "none", "group": "A"},
        showPoints="never",
        legendDisplayMode="table",
        legendCalcs=["lastNotNull", "max"],
        tooltipMode="multi",
        tooltipSort="desc",
        overrides=[dashed_red(THRESHOLD_LEGEND), dotted(BOUND_LEGENDS)],
        extraJson={
            "fieldConfig": {
                "defaults": _limits(unit, minimum, maximum) | ({"noValue": text.empty} if text.empty else {})
            },
            "options": {"legend": {"showLegend": True}},
        },
    )


def stat(
    text: PanelText,
    query: PanelQuery,
    *,
    unit: str,
    size: Size = SMALL,
    steps: Steps = NEUTRAL,
    decimals: int | None = None,
) -> grafana.Stat:
    """One figure, as it is now, with its course behind it."""
    empty = text.empty or "no data"
    return grafana.Stat(
        **common(text, steps, size),
        targets=targets([query]),
        format=unit,
        decimals=decimals,
        reduceCalc="lastNotNull",
        noValue=empty,
        mappings=[without_value("text", empty)],
        color={"mode": "thresholds"},
        extraJson={"options": {"wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard"}},
    )


def common(text: PanelText, steps: Steps, size: Size) -> Json:
    return {
        "title": text.title,
        "description": text.description,
        "dataSource": DATASOURCE,
        "thresholds": coloured(steps),
        "gridPos": grafana.GridPos(h=size.height, w=size.width, x=0, y=0),
        "maxDataPoints": None,
        "editable": True,
    }


def targets(queries: Sequence[PanelQuery], form: Format = "time_series") -> list[grafana.Target]:
    return [
        grafana.Target(
            expr=query.expr,
            legendFormat=query.legend,
            refId=chr(ord("A") + index),
            format=form,
            instant=form == "table",
            datasource=DATASOURCE,
        )
        for index, query in enumerate(queries)
    ]


def coloured(steps: Steps) -> list[Json]:
    return [{"color": color, "value": value} for color, value in steps]


def _limits(unit: str, minimum: float | None, maximum: float | None) -> Json:
    """A share that is 0 all the time gets an axis up to 1 %; Grafana's own would go to 10,000 %."""
    limits = {"min": minimum, "max": maximum}
    defaults: Json = {key: value for key, value in limits.items() if value is not None}
    if unit == "percentunit" and maximum is None:
        defaults["custom"] = {"axisSoftMax": 0.01}
    return defaults


def without_value(color: str, text: str | None = None) -> Json:
    """A mapping of what is absent, which Grafana otherwise colours as the least value there can be."""
    return {"type": "special", "options": {"match": "null+nan", "result": {"color": color, "text": text, "index": 0}}}
