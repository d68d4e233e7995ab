"""A whole dashboard: variables, annotations, links and placed panels, as the same text every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from grafanalib import core as grafana

from dashboards import link
from dashboards.layout import PanelRow, place
from dashboards.mending import SCHEMA_VERSION, Json, to_plain, without_nulls

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
    """What a dashboard is made of; annotations are drawn over all its panels."""

    uid: str
    title: str
    description: str
    variables: Sequence[Json]
    annotations: Sequence[Json]
    links: Sequence[Json]
    sections: Sequence[PanelRow]


def to_text(plan: DashboardPlan) -> str:
    """The dashboard's JSON, keys sorted, ending in a newline."""
    dashboard = grafana.Dashboard(
        title=plan.title,
        description=plan.description,
        uid=plan.uid,
        tags=[link.TAG, "generated"],
        templating=grafana.Templating(list=list(plan.variables)),
        annotations=grafana.Annotations(list=list(plan.annotations)),
        links=list(plan.links),
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
