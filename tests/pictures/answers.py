"""Asks a Prometheus what Grafana would ask it: every query of some panels, over a time range, with variables set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from dashboards.queries import with_variables

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """What a dashboard shows, in seconds since the epoch; one sample a step."""

    from_s: int
    to_s: int
    step_s: int

    @property
    def ranges(self) -> dict[str, str]:
        """Grafana's variables of time, for scrapes a second apart."""
        interval = f"{max(4, self.step_s + 1)}s"
        return {
            "__range": f"{self.to_s - self.from_s}s",
            "__rate_interval": interval,
            "__interval": f"{self.step_s}s",
        }


def variables_of(dashboard: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, str]:
    """Each variable's value: the one `chosen`, else all of them, else the one the dashboard opens with."""
    return {variable["name"]: _value(variable, chosen) for variable in dashboard["templating"]["list"]}


def _value(variable: Mapping[str, Any], chosen: Mapping[str, str]) -> str:
    opened = variable.get("current", {}).get("value", "")
    return chosen.get(variable["name"]) or variable.get("allValue") or str(opened)


def titled(panel: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """The panel with the variables in its title replaced."""
    return {**panel, "title": with_variables(panel["title"], variables)}


def answers(
    prometheus_url: str, panels: Iterable[Mapping[str, Any]], variables: Mapping[str, str], span: TimeSpan
) -> dict[str, dict[str, list[Any]]]:
    """Panel id → refId → series, as Prometheus' API gives them; AssertionError with what it says against a query."""
    values = {**variables, **span.ranges}
    return {
        str(panel["id"]): {
            target["refId"]: _series(prometheus_url, with_variables(target["expr"], values), target, span)
            for target in panel.get("targets", [])
        }
        for panel in panels
    }


def _series(url: str, expr: str, target: Mapping[str, Any], span: TimeSpan) -> list[Any]:
    if target.get("instant"):
        path, when = "query", {"time": span.to_s}
    else:
        path, when = "query_range", {"start": span.from_s, "end": span.to_s, "step": span.step_s}
    body = requests.post(f"{url}/api/v1/{path}", data={"query": expr, **when}, timeout=_TIMEOUT_S).json()
    assert body["status"] == "success", f"{expr}: {body.get('error')}"
    return list(body["data"]["result"])
