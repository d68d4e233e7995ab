"""A dashboard as Grafana's dashboard-linter looks at it: variables, panels, targets, parsed queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import promql_parser

from dashboards.layout import walk
from dashboards.queries import with_variables

Json = Mapping[str, Any]

RATE_INTERVAL = timedelta(seconds=11_277_964)
"""Stands for `$__rate_interval` in a parsed query: nobody writes such a range."""
CHECKED_PANELS = frozenset({"stat", "singlestat", "graph", "table", "timeseries", "gauge"})
"""The types of panels that the linter looks into."""


@dataclass(frozen=True, slots=True)
class LintComplaint:
    """What a rule has against a dashboard, or a panel of it; `panel` is its title."""

    rule: str
    dashboard: str
    message: str
    panel: str | None = None


@dataclass(frozen=True, slots=True)
class LintedTarget:
    """One query of a panel."""

    panel: str
    target: Json
    datasource: str

    @property
    def expr(self) -> str:
        return str(self.target["expr"])


@dataclass(frozen=True, slots=True)
class ParsedNode:
    """A node of a query with those it stands in, the outermost first."""

    node: Any
    parents: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class LintView:
    """The JSON of a dashboard with the questions that rules ask of it."""

    dashboard: Json

    @property
    def title(self) -> str:
        return str(self.dashboard["title"])

    @property
    def variables(self) -> list[Json]:
        return list(self.dashboard["templating"]["list"])

    @property
    def datasources(self) -> list[Json]:
        return [variable for variable in self.variables if variable["type"] == "datasource"]

    @property
    def is_prometheus(self) -> bool:
        return bool(self.datasources) and self.datasources[0]["query"] == "prometheus"

    def variable(self, name: str) -> Json | None:
        return next((variable for variable in self.variables if variable["name"] == name), None)

    def panels(self) -> Iterator[Json]:
        """The panels that rules look into."""
        return (panel for panel in walk(self.dashboard["panels"]) if panel["type"] in CHECKED_PANELS)

    def targets(self) -> Iterator[LintedTarget]:
        """The queries that are not hidden, of panels of any type."""
        for panel in walk(self.dashboard["panels"]):
            for target in panel.get("targets", []):
                if not target.get("hide"):
                    yield LintedTarget(panel["title"], target, target.get("datasource", {}).get("type", ""))

    def prometheus_targets(self) -> Iterator[tuple[LintedTarget, Any]]:
        """Queries of Prometheus and what they parse to; those that do not parse are the business of one rule only."""
        for target in self.targets():
            parsed = self.parse(target.expr) if self.is_prometheus and target.datasource != "loki" else None
            if parsed is not None and not isinstance(parsed, ValueError):
                yield target, parsed

    def parse(self, expr: str) -> Any:
        """A parsed query, its variables kept in strings; the ValueError of one that does not parse."""
        try:
            return promql_parser.parse(with_variables(expr, self._placeholders()))
        except KeyError as error:
            return ValueError(f"no variable {error}")
        except ValueError as error:
            return error

    def _placeholders(self) -> dict[str, str]:
        ranges = dict.fromkeys(("__interval", "__range"), "5m")
        ranges["__rate_interval"] = f"{RATE_INTERVAL.total_seconds():.0f}s"
        return {variable["name"]: f"${variable['name']}" for variable in self.variables} | ranges


def nodes(parsed: Any) -> list[ParsedNode]:
    """Every node of a query."""
    found: list[ParsedNode] = []
    above: list[Any] = []

    def enter(node: Any) -> None:
        found.append(ParsedNode(node, tuple(above)))
        above.append(node)

    def leave(_node: Any) -> None:
        above.pop()

    promql_parser.walk(parsed, enter, leave)
    return found


def selectors(parsed: Any) -> list[ParsedNode]:
    """The selectors of a query, those with a range included; of the latter the parents end with the ranged one."""
    plain = [part for part in nodes(parsed) if isinstance(part.node, promql_parser.VectorSelector)]
    ranged = [part for part in nodes(parsed) if isinstance(part.node, promql_parser.MatrixSelector)]
    return plain + [ParsedNode(part.node.vector_selector, (*part.parents, part.node)) for part in ranged]
