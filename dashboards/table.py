"""Tables, and bars, which Grafana draws of one: a row for each combination of labels, a column for each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grafanalib import core as grafana

from dashboards.mending import Json
from dashboards.override import colored, links, override
from dashboards.panel import HALF, WHOLE, PanelQuery, PanelText, Size, coloured, common, targets, without_value
from dashboards.threshold import NEUTRAL, Steps

_NARROWEST = 90
"""A column of a table, in pixels: ten stand side by side on a desktop, three on a phone."""


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

    A hidden one is there for the links of the others: `${__data.fields.<title>}`. Columns without a `width`, in pixels,
    share what is left.
    """

    label: str
    title: str
    link: tuple[str, str] | None = None
    hidden: bool = False
    width: int | None = None


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
        **common(text, NEUTRAL, size),
        targets=targets([PanelQuery(column.expr) for column in columns], "table"),
        unit="short",
        sortBy=[grafana.TableSortByField(displayName=sort_by, desc=descending)],
        transformations=[{"id": "merge", "options": {}}, _organized(labels, columns)],
        overrides=[
            *(_label_override(label) for label in labels if label.link or label.hidden or label.width),
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
        **common(text, NEUTRAL, size),
        thresholdSteps=coloured(NEUTRAL),
        targets=targets([PanelQuery(group.expr) for group in groups], "table"),
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
    if label.width:
        properties.append({"id": "custom.width", "value": label.width})
    if label.hidden:
        everywhere = {"viz": True, "legend": True, "tooltip": True}
        properties += [{"id": "custom.hidden", "value": True}, {"id": "custom.hideFrom", "value": everywhere}]
    return override(label.title, properties)


def _column_override(column: TableColumn) -> Json:
    properties: list[Json] = [
        {"id": "unit", "value": column.unit},
        {"id": "thresholds", "value": {"mode": "absolute", "steps": coloured(column.steps)}},
        {"id": "custom.cellOptions", "value": _cell(column)},
    ]
    if column.cell == "color-background":
        properties.append({"id": "mappings", "value": [without_value("transparent")]})
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    if column.link:
        properties.append(links(column.link))
    return override(column.title, properties)


def _cell(column: TableColumn) -> Json:
    modes = {"gauge": {"mode": "basic"}, "color-background": {"mode": "basic"}}
    return {"type": column.cell} | modes.get(column.cell, {})
