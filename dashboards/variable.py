"""The variables on top of a dashboard: which Prometheus, and which part of its series."""

from __future__ import annotations

from typing import Any

from grafanalib import core as grafana

from dashboards.mending import Json, to_plain, without_nulls
from dashboards.panel import DATASOURCE
from exporter.catalog import MONITOR_INFO
from rules.promql import matches

_REFRESH_ON_TIME_RANGE = 2
_HIDDEN = 2
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


def cluster(series: str) -> Json:
    """`$cluster`: where series of several clusters meet; all of them include the series without that label."""
    return label_values("cluster", "Cluster", series, "cluster", everything=".*")


def fleet_variables() -> list[Json]:
    """What can be chosen on every dashboard of many monitors."""
    info = MONITOR_INFO.name
    of_cluster = matches("cluster", "$cluster")
    return [
        datasource(),
        cluster(info),
        label_values("job", "Job", f"{info}{{{of_cluster}}}", "job"),
        label_values("monitor", "Monitor", f"{info}{{{of_cluster}, {matches('job', '$job')}}}", "monitor"),
    ]


def fixed(name: str, value: str) -> Json:
    """A variable that nobody sees and that has one value, for the links to dashboards where it can be chosen."""
    only = {"text": value, "value": value, "selected": True}
    template = grafana.Template(name=name, label=name.capitalize(), type="custom", query=value, hide=_HIDDEN, regex="")
    return _mended(template, _VARIABLE, {"current": only, "options": [only], "refresh": None, "sort": None})


def label_values(
    name: str, title: str, metric: str, label: str, *, default: str | None = None, everything: str = ".+"
) -> Json:
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
        allValue=None if one else everything,
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
