"""The queries of a dashboard's panels, read back from its JSON: for tests, and for a look at what a dashboard costs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dashboards.layout import walk
from dashboards.mending import Json

_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")


def panel_queries(dashboard: Json) -> list[tuple[str, str]]:
    """(title of the panel, PromQL with Grafana's variables in it) of every target, in order."""
    return [
        (panel["title"], target["expr"]) for panel in walk(dashboard["panels"]) for target in panel.get("targets", [])
    ]


def with_variables(expr: str, values: Mapping[str, str]) -> str:
    """The query with each variable (`$job`, `${job}`, `$__rate_interval`) replaced; KeyError for one not given."""
    return _VARIABLE.sub(lambda match: values[match.group(1) or match.group(2)], expr)
