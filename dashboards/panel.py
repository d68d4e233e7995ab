"""Panels as the dashboards here want them, over grafanalib: a title, a description, a unit and queries.

grafanalib knows Grafana's panel types; its defaults are mended in `dashboards.mending`, which every panel passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from grafanalib import core as grafana

from dashboards.mending import Json
from dashboards.override import colored, dashed_red, dotted, links, override
from dashboards.threshold import NEUTRAL, Steps

Format = Literal["time_series", "table"]

FULL_WIDTH = 24
_NARROWEST = 90
"""A column of a table, in pixels: ten stand side by side on a desktop, three on a phone."""

THRESHOLD_LEGEND = "threshold"
BOUND_LEGENDS = ("lower", "upper")
"""How the legends of an interval's bounds end."""
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One PromQL query of a panel and the legend of its series, in Grafana's `{{label}}` form."""

    expr: str
    legend: str = ""


def threshold_query(expr: str) -> PanelQuery:
    """A query whose series is drawn as a dashed red line."""
    return PanelQuery(expr, THRESHOLD_LEGEND)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of values in a table: its query gives one value for each row's labels.

    cell: how Grafana draws the value; `color-background` and `gauge` use the steps.
    link: title and address of where a click on a value leads.
    """

    title: str
    expr: str
    unit: str = "short"
    decimals: int | None = None
    steps: Steps = NEUTRAL
    cell: Literal["auto", "color-background", "color-text", "gauge"] = "auto"
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RowLabel:
    """One column of labels in a table: the label, its title, where a click on it leads.

    A hidden one is there for the links of the others: `${__data.fields.<title>}`.
    """

    label: str
    title: str
    link: tuple[str, str] | None = None
    hidden: bool = False


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
    """What a panel says about itself."""

    title: str
    description: str


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
        **_common(text, steps, size),
        targets=_targets(queries),
        unit=unit,
        fillOpacity=30 if stacked else 8,
        stacking={"mode": "normal" if stacked else "none", "group": "A"},
        showPoints="never",
        legendDisplayMode="table",
        legendCalcs=["lastNotNull", "max"],
        tooltipMode="multi",
        tooltipSort="desc",
        overrides=[dashed_red(THRESHOLD_LEGEND), dotted(BOUND_LEGENDS)],
        extraJson=_limits(unit, minimum, maximum) | {"options": {"legend": {"showLegend": True}}},
    )


def stat(
    text: PanelText,
    query: PanelQuery,
    *,
    unit: str,
    size: Size = SMALL,
    steps: Steps = NEUTRAL,
    decimals: int | None = None,
    empty: str = "no data",
) -> grafana.Stat:
    """One figure, as it is now, with its course behind it."""
    return grafana.Stat(
        **_common(text, steps, size),
        targets=_targets([query]),
        format=unit,
        decimals=decimals,
        reduceCalc="lastNotNull",
        noValue=empty,
        color={"mode": "thresholds"},
        extraJson={"options": {"wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard"}},
    )


def table(
    text: PanelText,
    labels: Sequence[RowLabel],
    columns: Sequence[TableColumn],
    *,
    sort_by: str,
    descending: bool = True,
    size: Size = WHOLE,
) -> grafana.Table:
    """One row for each combination of labels, one column for each query; a click on a header sorts."""
    return grafana.Table(
        **_common(text, NEUTRAL, size),
        targets=_targets([PanelQuery(column.expr) for column in columns], "table"),
        unit="short",
        sortBy=[grafana.TableSortByField(displayName=sort_by, desc=descending)],
        transformations=[{"id": "merge", "options": {}}, _organized(labels, columns)],
        overrides=[
            *(_label_override(label) for label in labels if label.link or label.hidden),
            *(_column_override(column) for column in columns),
        ],
        extraJson={
            "options": {"frameIndex": 0, "cellHeight": "sm"},
            "fieldConfig": {
                "defaults": {"custom": {"cellOptions": {"type": "auto"}, "inspect": False, "minWidth": _NARROWEST}}
            },
        },
    )


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The bars of one colour: a query with one value for each category."""

    title: str
    expr: str
    color: str


def bars(
    text: PanelText, category: str, groups: Sequence[BarGroup], *, unit: str, size: Size = HALF
) -> grafana.BarChart:
    """Bars side by side for each value of the label `category`, in the order of its text."""
    columns = [TableColumn(group.title, group.expr) for group in groups]
    return grafana.BarChart(
        **_common(text, NEUTRAL, size),
        thresholdSteps=_steps(NEUTRAL),
        targets=_targets([PanelQuery(group.expr) for group in groups], "table"),
        transformations=[
            {"id": "merge", "options": {}},
            _organized([RowLabel(category, category)], columns),
            {"id": "sortBy", "options": {"sort": [{"field": category, "desc": False}]}},
        ],
        overrides=[colored(group.title, group.color) for group in groups],
        showValue="never",
        tooltipMode="multi",
        extraJson={
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}},
            "options": {"xField": category, "fullHighlight": False, "xTickLabelMaxLength": 20},
        },
    )


def _common(text: PanelText, steps: Steps, size: Size) -> Json:
    return {
        "title": text.title,
        "description": text.description,
        "dataSource": DATASOURCE,
        "thresholds": _steps(steps),
        "gridPos": grafana.GridPos(h=size.height, w=size.width, x=0, y=0),
        "maxDataPoints": None,
        "editable": True,
    }


def _targets(queries: Sequence[PanelQuery], form: Format = "time_series") -> list[grafana.Target]:
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


def _steps(steps: Steps) -> list[Json]:
    return [{"color": color, "value": value} for color, value in steps]


def _limits(unit: str, minimum: float | None, maximum: float | None) -> Json:
    """A share that is 0 all the time gets an axis up to 1 %; Grafana's own would go to 10,000 %."""
    limits = {"min": minimum, "max": maximum}
    defaults: Json = {key: value for key, value in limits.items() if value is not None}
    if unit == "percentunit" and maximum is None:
        defaults["custom"] = {"axisSoftMax": 0.01}
    return {"fieldConfig": {"defaults": defaults}}


def _organized(labels: Sequence[RowLabel], columns: Sequence[TableColumn]) -> Json:
    """Names the columns, puts them in order and hides the time; Grafana calls the value of a lone query `Value`."""
    values = ["Value"] if len(columns) == 1 else [f"Value #{chr(ord('A') + index)}" for index in range(len(columns))]
    titles = {label.label: label.title for label in labels}
    titles |= {value: column.title for value, column in zip(values, columns, strict=True)}
    return {
        "id": "organize",
        "options": {
            "excludeByName": {"Time": True},
            "indexByName": {name: index for index, name in enumerate(titles)},
            "renameByName": titles,
        },
    }


def _label_override(label: RowLabel) -> Json:
    properties: list[Json] = []
    if label.link:
        properties.append(links(label.link))
    if label.hidden:
        everywhere = {"viz": True, "legend": True, "tooltip": True}
        properties += [{"id": "custom.hidden", "value": True}, {"id": "custom.hideFrom", "value": everywhere}]
    return override(label.title, properties)


def _column_override(column: TableColumn) -> Json:
    properties: list[Json] = [
        {"id": "unit", "value": column.unit},
        {"id": "thresholds", "value": {"mode": "absolute", "steps": _steps(column.steps)}},
        {"id": "custom.cellOptions", "value": _cell(column)},
    ]
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    if column.link:
        properties.append(links(column.link))
    return override(column.title, properties)


def _cell(column: TableColumn) -> Json:
    modes = {"gauge": {"mode": "basic"}, "color-background": {"mode": "basic"}}
    return {"type": column.cell} | modes.get(column.cell, {})
