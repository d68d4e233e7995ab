"""The variables on top of a dashboard: which Prometheus, and which part of its series."""

from __future__ import annotations

from typing import Any

from grafanalib import core as grafana

from dashboards.mending import Json, to_plain, without_nulls
from dashboards.panel import DATASOURCE

_REFRESH_ON_TIME_RANGE = 2
_ALL = {"text": "All", "value": "$__all", "selected": True}
_VARIABLE = frozenset(
    {
        "allValue",
        "current",
        "datasource",
        "hide",
        "includeAll",
        "label",
        "multi",
        "name",
        "options",
        "query",
        "refresh",
        "regex",
        "sort",
        "type",
    }
)
_FIELDS_OF_DATASOURCES = frozenset({"hide", "label", "name", "options", "query", "refresh", "regex", "type"})


def datasource() -> Json:
    """`$datasource`: the Prometheus, Thanos, Mimir or VictoriaMetrics to read from."""
    template = grafana.Template(name="datasource", label="Data source", type="datasource", query="prometheus", regex="")
    return _mended(template, _FIELDS_OF_DATASOURCES, {})


def label_values(name: str, title: str, metric: str, label: str, *, default: str | None = None) -> Json:
    """The values of a label: several of them or all, or exactly one where there is a `default`."""
    one = default is not None
    query = f"label_values({metric}, {label})"
    template = grafana.Template(
        name=name,
        label=title,
        dataSource=DATASOURCE,
        query=query,
        refresh=_REFRESH_ON_TIME_RANGE,
        includeAll=not one,
        multi=not one,
        allValue=None if one else ".+",
        regex="",
    )
    current = {"text": default, "value": default, "selected": True} if one else _ALL
    return _mended(
        template,
        _VARIABLE,
        {"current": current, "query": {"query": query, "refId": name}},
    )


def _mended(template: Any, fields: frozenset[str], changes: Json) -> Json:
    plain = {key: value for key, value in to_plain(template).items() if key in fields}
    return without_nulls(plain | changes)  # type: ignore[no-any-return]
