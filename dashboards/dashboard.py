"""A whole dashboard: variables, annotations, links and placed panels, as the same text every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from grafanalib import core as grafana

from dashboards.layout import PanelRow, place
from dashboards.mending import SCHEMA_VERSION, Json, to_plain, without_nulls
from dashboards.panel import DATASOURCE

TAG = "infranaut"

_DASHBOARD = frozenset(
    {
        "annotations",
        "description",
        "editable",
        "graphTooltip",
        "links",
        "panels",
        "refresh",
        "schemaVersion",
        "tags",
        "templating",
        "time",
        "timepicker",
        "timezone",
        "title",
        "uid",
        "version",
    }
)
_SHARED_TOOLTIP = 2


@dataclass(frozen=True, slots=True)
class DashboardPlan:
    """What a dashboard is made of; `firing` selects the alerts that are drawn over its panels."""

    uid: str
    title: str
    description: str
    variables: Sequence[Json]
    firing: str
    sections: Sequence[PanelRow]


def to_text(plan: DashboardPlan) -> str:
    """The dashboard's JSON, keys sorted, ending in a newline."""
    dashboard = grafana.Dashboard(
        title=plan.title,
        description=plan.description,
        uid=plan.uid,
        tags=[TAG, "generated"],
        templating=grafana.Templating(list=list(plan.variables)),
        annotations=grafana.Annotations(list=[_firing_alerts(plan.firing)]),
        links=[_other_dashboards()],
        time=grafana.Time("now-6h", "now"),
        timezone="browser",
        refresh="1m",
        schemaVersion=SCHEMA_VERSION,
        graphTooltip=_SHARED_TOOLTIP,
        editable=False,
        version=1,
    )
    plain = {key: value for key, value in to_plain(dashboard).items() if key in _DASHBOARD}
    plain |= {"panels": place(plan.sections), "timepicker": {}}
    return json.dumps(without_nulls(plain), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _firing_alerts(expr: str) -> Json:
    return {
        "name": "Firing alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": expr,
        "step": "60s",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{feature}} {{metric}} {{model_version}} {{segment}}",
        "tagKeys": "severity",
    }


def _other_dashboards() -> grafana.DashboardLink:
    return grafana.DashboardLink(
        title="Infranaut",
        type="dashboards",
        tags=[TAG],
        asDropdown=True,
        includeVars=True,
        keepTime=True,
        tooltip="The other dashboards, with this time and these variables",
    )
