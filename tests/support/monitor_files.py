"""Monitor files as a person writes them."""

from __future__ import annotations

from pathlib import Path

FULL = """\
apiVersion: infranaut.io/v1
kind: Monitor
metadata: {name: credit-default, labels: {team: risk, tier: "1"}}
spec:
  model: {name: credit-default, task: binary}        # binary | multiclass | regression
  events:                                             # names of the fields in the payload
    id: request_id
    timestamp: ts
    prediction: score
    model_version: version
    latency_seconds: latency
    error: error
  features:
    age:      {type: number, min: 18, max: 120, required: true}
    income:   {type: number, min: 0}
    debt:     {type: number}
    region:   {type: category, values: [north, south, east, west]}
    ratio:    {type: number, sql: "income / nullif(debt, 0)"}
  rules:
    - {name: adult_income, sql: "age >= 18 or income is null"}
  reference: {path: reference/credit.parquet, bins: 10}
  segments: {by: [region], limit: 20}
  labels:   {join: request_id, maximum_delay: 7d}
  drift:    {window: 1h, measure: psi, threshold: 0.1, false_alarms_per_month: 1}
  performance: {window: 24h, objectives: [{metric: auc, minimum: 0.75}]}
  slos:
    - {name: latency, objective: 0.99, period: 30d, latency_below_seconds: 0.25}
    - {name: availability, objective: 0.999, period: 30d}
    - {name: freshness, objective: 0.99, period: 30d, events_younger_than: 5m}
  alerts:   {severity: critical, route: {pagerduty: risk-oncall, slack: "#risk-ml"}}
  privacy:  {pseudonymise: [customer_id], drop: [email]}
  retention: {hot: 24h, warm: 30d, cold: 7y}
"""
"""Every part of a monitor."""


def a_monitor_text(name: str = "credit", task: str = "binary", features: str = "age: {type: number}") -> str:
    """A small monitor; more of its spec can be appended, two spaces deep."""
    return (
        "apiVersion: infranaut.io/v1\nkind: Monitor\n"
        f"metadata: {{name: {name}}}\n"
        "spec:\n"
        f"  model: {{name: {name}, task: {task}}}\n"
        "  events: {id: id, timestamp: ts, prediction: score}\n"
        f"  features: {{{features}}}\n"
    )


def write_monitor(folder: Path, name: str = "credit", more: str = "", **parts: str) -> Path:
    """Writes `<name>.yaml` into the folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(a_monitor_text(name, **parts) + more, encoding="utf-8")
    return path
