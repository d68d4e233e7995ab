"""Heatmaps, which grafanalib only knows in a form that Grafana dropped."""

from __future__ import annotations

from dashboards.mending import Json
from dashboards.panel import DATASOURCE, PanelQuery, PanelText, Size
from dashboards.threshold import NEUTRAL


def heatmap(text: PanelText, query: PanelQuery, *, unit: str, size: Size, row_unit: str = "") -> Json:
    """Cells over time: each series of the query is a row, named by its legend, and its value the colour.

    Buckets of a histogram come as rows with `row_unit`, cumulative buckets taken apart.
    """
    of_buckets = query.legend == "{{le}}"
    steps = [{"color": color, "value": value} for color, value in NEUTRAL]
    return {
        "type": "heatmap",
        "title": text.title,
        "description": text.description,
        "datasource": DATASOURCE,
        "gridPos": {"x": 0, "y": 0, "w": size.width, "h": size.height},
        "targets": [_target(query, "heatmap" if of_buckets else "time_series")],
        "fieldConfig": {
            "defaults": {"unit": unit, "custom": {}, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": _options(unit, row_unit),
    }


def _target(query: PanelQuery, form: str) -> Json:
    return {
        "expr": query.expr,
        "legendFormat": query.legend,
        "refId": "A",
        "format": form,
        "instant": False,
        "datasource": DATASOURCE,
    }


def _options(unit: str, row_unit: str) -> Json:
    return {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": unit},
        "color": {
            "mode": "scheme",
            "scheme": "Blues",
            "fill": "blue",
            "exponent": 0.5,
            "steps": 64,
            "reverse": False,
            "min": 0,
        },
        "exemplars": {"color": "text"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": True},
        "yAxis": {"axisPlacement": "left", "unit": row_unit or "short"},
    }
