"""What is drawn over every panel: alerts that fire, new versions of a model, another reference."""

from __future__ import annotations

from dashboards.mending import Json
from dashboards.panel import DATASOURCE

_BEFORE = "[1h] offset 5m"
"""What was seen in this time is not new. After it, what was away comes as new."""
_STEP = "60s"


def firing_alerts(selector: str) -> Json:
    """`selector` of ALERTS."""
    text = "{{monitor}} {{feature}} {{metric}} {{model_version}} {{segment}}"
    return _annotation("Firing alerts", selector, "red", "{{alertname}}", text, tags="severity")


def deployments(predictions: str) -> Json:
    """The first predictions of a model version, `predictions` being the selector of their counter.

    A monitor that counted nothing before says nothing: all its versions would be new.
    """
    now = f"sum by (cluster, job, monitor, model_version) ({predictions}) > 0"
    before = f"max_over_time({predictions}{_BEFORE})"
    return _annotation(
        "Deployments",
        f"({now}) unless on (cluster, job, monitor, model_version) ({before} > 0) "
        f"and on (cluster, job, monitor) ({before} > 0)",
        "blue",
        "New version {{model_version}}",
        "{{monitor}}",
        tags="model_version",
    )


def reference_changes(reference: str) -> Json:
    """Another reference in use, `reference` being the selector of `infranaut_reference_info`."""
    before = f"max_over_time({reference}{_BEFORE})"
    return _annotation(
        "Reference changes",
        f"count by (cluster, job, monitor, reference) ({reference}) "
        f"unless on (cluster, job, monitor, reference) {before} and on (cluster, job, monitor) {before}",
        "purple",
        "New reference {{reference}}",
        "{{monitor}}",
        tags="reference",
    )


def _annotation(name: str, expr: str, color: str, title: str, text: str, *, tags: str) -> Json:
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": color,
        "expr": expr,
        "step": _STEP,
        "titleFormat": title,
        "textFormat": text,
        "tagKeys": tags,
    }
