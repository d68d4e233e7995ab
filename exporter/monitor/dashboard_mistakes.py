"""Mistakes across the keys of a monitor's own dashboards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from exporter.monitor.dashboards import OwnDashboard, OwnPanel, PanelName
from exporter.monitor.positions import KeyPath
from exporter.monitor.promql import promql_mistake, unknown_variables
from exporter.monitor.spec import Monitor, Spec
from exporter.monitor.suggestion import did_you_mean

DashboardMistake = tuple[KeyPath, str, tuple[KeyPath, ...]]
"""A key, what is wrong with it, and the other keys that this rests on."""

_Need = tuple[KeyPath, Callable[[Spec], bool]]

_ERRORS: _Need = (("spec", "events", "error"), lambda spec: spec.events.error is not None)
_LATENCY: _Need = (("spec", "events", "latency_seconds"), lambda spec: spec.events.latency_seconds is not None)
_REFERENCE: _Need = (("spec", "reference"), lambda spec: spec.reference is not None)
_LABELS: _Need = (("spec", "labels"), lambda spec: spec.labels is not None)
_SEGMENTS: _Need = (("spec", "segments"), lambda spec: spec.segments is not None)
_SLOS: _Need = (("spec", "slos"), lambda spec: bool(spec.slos))

_NEEDS: dict[PanelName, tuple[_Need, ...]] = {
    "errors": (_ERRORS,),
    "latency": (_LATENCY,),
    "drift": (_REFERENCE,),
    "significance": (_REFERENCE,),
    "drift_table": (_REFERENCE,),
    "distribution": (_REFERENCE,),
    "performance": (_LABELS,),
    "outcomes": (_LABELS,),
    "segments": (_LABELS, _SEGMENTS),
    "labels": (_LABELS,),
    "label_delay": (_LABELS,),
    "budget": (_SLOS,),
}


def dashboard_mistakes(monitor: Monitor) -> Iterator[DashboardMistake]:
    """Every mistake in `spec.dashboards` that one key alone does not tell."""
    seen: set[str] = set()
    for index, dashboard in enumerate(monitor.spec.dashboards):
        key: KeyPath = ("spec", "dashboards", index)
        if dashboard.name in seen:
            yield (*key, "name"), f"a second dashboard named {dashboard.name!r}", ()
        seen.add(dashboard.name)
        for place, panel in enumerate(dashboard.panels):
            panel_key = (*key, "panels", place)
            if panel.query is not None:
                known = dashboard_variables(monitor.spec, dashboard)
                yield from (((*panel_key, "query"), told, ()) for told in _query(panel.query, known))
            yield from _panel(monitor.spec, panel, panel_key)


def dashboard_variables(spec: Spec, dashboard: OwnDashboard) -> Sequence[str]:
    """What a query may read, beside what Grafana knows anyway."""
    has_feature = any(panel.show == "distribution" for panel in dashboard.panels)
    return [
        *("cluster", "job", "monitor", "model_version"),
        *(("segment",) if spec.segments else ()),
        *(("feature",) if has_feature else ()),
    ]


def _query(query: str, known: Sequence[str]) -> Iterator[str]:
    """A variable that is unknown makes the query none, too; once is enough."""
    unknown = unknown_variables(query, known)
    for name in unknown:
        expected = ", ".join(f"${variable}" for variable in known)
        yield f"no variable ${name} on this dashboard, expected one of {expected}{did_you_mean(name, known)}"
    if not unknown and (mistake := promql_mistake(query)):
        yield f"not PromQL: {mistake}"


def _panel(spec: Spec, panel: OwnPanel, key: KeyPath) -> Iterator[DashboardMistake]:
    if panel.show is None:
        return
    for needed, is_met in _NEEDS.get(panel.show, ()):
        if not is_met(spec):
            yield key, f"{panel.show} needs {'.'.join(map(str, needed))}, which is not given", (needed,)
    if panel.show == "outcomes" and spec.model.task == "regression":
        yield key, "outcomes are of classes, this model's task is regression", (("spec", "model", "task"),)
