"""OpenSLO objectives, and the ratios that they are measured by."""

from __future__ import annotations

from pathlib import Path

from exporter.monitor.load import load_monitors
from exporter.monitor.openslo import RatioMetric
from exporter.monitor.service_objectives import ServiceSlo


def a_ratio(total: str, **sides: str) -> RatioMetric:
    """Of the queries of `total`, and of `good` or `bad`."""
    queries = {"total": total, **sides}
    return RatioMetric.model_validate(
        {
            "counter": True,
            **{
                side: {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}
                for side, query in queries.items()
            },
        }
    )


def write_objective(folder: Path, name: str, total: str, bad: str, service: str = "api", target: float = 0.99) -> None:
    """A document of its own, without slices."""
    document = f"""apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {service}
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: '{bad}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: '{total}'}}}}}}
  timeWindow: [{{duration: 7d}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"""
    (folder / f"{name}.yaml").write_text(document, encoding="utf-8")


def objectives_in(*paths: Path) -> tuple[ServiceSlo, ...]:
    return load_monitors(paths).objectives
