"""Links from dashboard to dashboard, which keep the time and what was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.mending import Json
from exporter.monitor.spec import Monitor
from rules import names

TAG = "infranaut"

CHOSEN = "${__url_time_range}&${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}"
"""What a link in a cell carries on, as a part of its address."""

GENERAL = {
    names.OVERVIEW_DASHBOARD: ("Overview", "Every model in one table"),
    names.SLO_DASHBOARD: ("Objectives", "What is left of the error budgets, and how fast it goes"),
    names.LABELS_DASHBOARD: ("Labels", "How much ground truth comes, and how late"),
    names.EXPORTER_DASHBOARD: ("Exporter", "Whether everything arrives, is kept and is counted"),
}
"""uid → (title, what it answers) of the dashboards that belong to no monitor."""


def general_links(uid: str) -> list[Json]:
    """From the dashboard `uid` to the general ones, and to all others in a list."""
    others = [_link(title, to, tooltip) for to, (title, tooltip) in GENERAL.items() if to != uid]
    return [*others, _all_dashboards()]


def monitor_links(monitor: Monitor, uid: str) -> list[Json]:
    """From the dashboard `uid` of a monitor to its other ones, and then as from everywhere."""
    own = [
        _link("Model", names.model_dashboard(monitor.name), "How the model does"),
        _link("Features", names.feature_dashboard(monitor.name), "One feature at a time"),
        *(
            _link(plan.title or plan.name, names.custom_dashboard(monitor.name, plan.name), "Asked for by the monitor")
            for plan in monitor.spec.dashboards
        ),
    ]
    return [*_without(own, uid), *general_links(uid)]


def _without(links: Sequence[Json], uid: str) -> list[Json]:
    return [link for link in links if link["url"] != f"/d/{uid}"]


def _link(title: str, uid: str, tooltip: str) -> Json:
    return {**_KEPT, "title": title, "type": "link", "url": f"/d/{uid}", "tooltip": tooltip, "tags": []}


def _all_dashboards() -> Json:
    tooltip = "All dashboards of Infranaut, with this time and these variables"
    listed = {"title": "All", "type": "dashboards", "url": "", "tooltip": tooltip, "tags": [TAG]}
    return {**_KEPT, **listed, "asDropdown": True}


_KEPT: Json = {
    "asDropdown": False,
    "icon": "dashboard",
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
}
