"""Three watched models, one for each task: their monitors, what they were trained on, and what replicas of them send.

Everything is drawn from a seeded generator. Each model also says, in plain Python and apart from the exporter, which
value of a feature an event carries; the tests bin those values themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from exporter.monitor.spec import PanelName

Event = dict[str, Any]
Value = float | str | None
"""None: missing."""

INVALID = "\0invalid"
"""Stands for a value that breaks a rule of its feature."""
PREDICTION = "__prediction__"

DESIGN_EFFECT = 1.5
DRIFT: Mapping[str, Any] = {
    "measures": ["psi", "kl", "js", "hellinger", "tv", "chi2", "ks", "wasserstein"],
    "design_effect": DESIGN_EFFECT,
    "hold": "1s",
}
APPROVALS = {
    "title": "Approvals",
    "query": 'sum by (model_version) (rate(infranaut_predictions_total{job=~"$job"}[$__rate_interval]))',
    "unit": "eps",
    "legend": "{{model_version}}",
}
"""A query in a dashboard of a person's own."""


@dataclass(frozen=True, slots=True)
class WatchedModel:
    """A model and its monitor.

    draw  : (generator, rows, whether the world has changed) → the events without id and timestamp.
    label : (generator, event) → the ground truth of it.
    values: feature → (event → its value).
    """

    name: str
    monitor: Mapping[str, Any]
    draw: Callable[[np.random.Generator, int, bool], list[Event]]
    label: Callable[[np.random.Generator, Event], Any]
    values: Mapping[str, Callable[[Event], Value]]

    @property
    def events(self) -> Mapping[str, str]:
        """The names of the payload's fields."""
        named: Mapping[str, str] = self.monitor["spec"]["events"]
        return named

    def segment_of(self, event: Event) -> str:
        """The value of the label `segment`; empty where the monitor asks for none."""
        by = self.monitor["spec"].get("segments", {}).get("by", [])
        shown: Mapping[Value, str] = {None: "missing", INVALID: "__other__"}
        values = [(name, self.values[name](event)) for name in by]
        return ",".join(f"{name}={shown.get(value, str(value))}" for name, value in values)

    def version_of(self, event: Event) -> str:
        """The value of the label `model_version`."""
        return str(event[self.events["model_version"]]) if "model_version" in self.events else "unversioned"

    def training_rows(self, count: int, seed: int) -> list[Event]:
        """What the reference is built from: nothing has changed yet, and nothing is wrong."""
        return self.draw(np.random.default_rng(seed), count, False)

    def live_events(self, prefix: str, count: int, at_s: float, seed: int, *, has_changed: bool) -> list[Event]:
        """Events of the minute before `at_s`, with ids `<prefix>0`, `<prefix>1`, …"""
        rng = np.random.default_rng(seed)
        drawn = self.draw(rng, count, has_changed)
        ages_s = rng.uniform(1, 60, count)
        id_field, time_field = self.events["id"], self.events["timestamp"]
        return [
            {id_field: f"{prefix}{row}", time_field: at_s - age_s, **event}
            for row, (age_s, event) in enumerate(zip(ages_s.tolist(), drawn, strict=True))
        ]

    def labels_of(self, events: Sequence[Event], share: float, seed: int) -> list[Event]:
        """The ground truth of a share of the events that hold a prediction."""
        rng = np.random.default_rng(seed)
        join = self.events["id"]
        made = [event for event in events if event[self.events["prediction"]] is not None]
        return [{join: event[join], "label": self.label(rng, event)} for event in made if rng.random() < share]


def watched_models(webhook: str) -> list[WatchedModel]:
    """Credit scores (binary), tickets (multiclass) and bicycle demand (regression); alerts go to the webhook."""
    return [_credit(webhook), _tickets(webhook), _demand(webhook)]


def _monitor(name: str, webhook: str, **spec: Any) -> dict[str, Any]:
    shared = {
        "drift": DRIFT,
        "alerts": {"severity": "critical", "route": {"webhook": webhook}},
        "sources": [{"file": "more.ndjson"}],
    }
    metadata = {"name": name, "labels": {"team": "risk", "tier": "1"}}
    return {"apiVersion": "infranaut.io/v1", "kind": "Monitor", "metadata": metadata, "spec": {**shared, **spec}}


def _credit(webhook: str) -> WatchedModel:
    plain = {name: _field(name) for name in ("income", "debt", "children", "device")}
    values = {
        "age": lambda event: _within(event["age"], 18, 120),
        "ratio": lambda event: event["income"] / event["debt"] if event["income"] and event["debt"] else None,
        "region": lambda event: _one_of(event["region"], ("north", "south", "east", "west")),
        PREDICTION: _field("score"),
    }
    return WatchedModel("credit", _credit_monitor(webhook), _draw_credit, _credit_label, {**plain, **values})


def _credit_monitor(webhook: str) -> dict[str, Any]:
    return _monitor(
        "credit",
        webhook,
        model={"name": "credit", "task": "binary", "versions": ["v1", "v2"]},
        events={
            "id": "request_id",
            "timestamp": "ts",
            "prediction": "score",
            "model_version": "version",
            "latency_seconds": "latency",
            "error": "error",
            "error_reasons": ["timeout"],
        },
        features={
            "age": {"type": "number", "min": 18, "max": 120, "required": True},
            "income": {"type": "number"},
            "debt": {"type": "number", "min": 0},
            "children": {"type": "number"},
            "ratio": {"type": "number", "sql": "income / nullif(debt, 0)"},
            "region": {"type": "category", "values": ["north", "south", "east", "west"]},
            "device": {"type": "category"},
        },
        rules=[{"name": "adult_income", "sql": "age >= 21 or income < 100"}],
        reference={"path": "reference/credit.parquet"},
        segments={"by": ["region"]},
        labels={"join": "request_id"},
        performance={"objectives": [{"metric": metric, "minimum": 0.01} for metric in ("auc", "f1", "accuracy")]},
        slos=[
            {"name": "latency", "objective": 0.99, "latency_below_seconds": 0.2},
            {"name": "availability", "objective": 0.999},
            {"name": "freshness", "objective": 0.99, "events_younger_than": "5m"},
        ],
        drift={**DRIFT, "versions": {"stable": "v1"}, "feature_correlation": 0.2},
        dashboards=[{"name": "everything", "panels": [*get_args(PanelName), APPROVALS]}],
        resources={"job": "ml", "maximum_memory": "1TiB", "maximum_cpu": 1000},
    )


def _draw_credit(rng: np.random.Generator, count: int, has_changed: bool) -> list[Event]:
    """A changed world: incomes grow, an unknown device appears, and one row in fifty has each of seven faults."""
    age = np.clip(np.round(rng.normal(42, 12, count)), 18, 90)
    income = rng.lognormal(3.5, 0.5, count) * (1.6 if has_changed else 1.0)
    debt = np.where(rng.random(count) < 0.05, 0.0, rng.exponential(20, count))
    score = np.clip(1 / (1 + np.exp(-(age - 42) / 10 + (income - 40) / 30 + rng.normal(0, 1, count))), 0.01, 0.99)
    devices = rng.choice([f"device-{number}" for number in range(40)], count, p=_fading(40))
    events = [
        {
            "score": float(score[row]),
            "version": "v2" if rng.random() < 0.3 else "v1",
            "latency": float(rng.exponential(0.05)),
            "error": None,
            "age": float(age[row]),
            "income": float(income[row]) if rng.random() > 0.03 else None,
            "debt": float(debt[row]),
            "children": float(rng.choice(5, p=[0.4, 0.25, 0.2, 0.1, 0.05])),
            "region": str(rng.choice(["north", "south", "east", "west"], p=[0.4, 0.3, 0.2, 0.1])),
            "device": str(devices[row]),
        }
        for row in range(count)
    ]
    return [event | _credit_fault(rng) for event in events] if has_changed else events


def _credit_fault(rng: np.random.Generator) -> Event:
    faults: list[Event] = [
        {"age": None},
        {"age": 7},
        {"age": "old"},
        {"region": None},
        {"region": "nowhere"},
        {"device": "robot"},
        {"score": None, "error": "timeout"},
    ]
    which = int(rng.integers(50))
    return faults[which] if which < len(faults) else {}


def _credit_label(rng: np.random.Generator, event: Event) -> int:
    return int(rng.random() < event["score"])


def _tickets(webhook: str) -> WatchedModel:
    monitor = _monitor(
        "tickets",
        webhook,
        model={"name": "tickets", "task": "multiclass", "classes": list(_QUEUES), "versions": ["r1"]},
        events={"id": "id", "timestamp": "at", "prediction": "queue", "model_version": "release"},
        features={"channel": {"type": "category"}, "length": {"type": "number", "min": 0}},
        reference={"path": "reference/tickets.ndjson", "bins": 5},
        labels={"join": "id"},
        performance={"window": "6h", "objectives": [{"metric": "f1", "minimum": 0.01}]},
    )
    values = {"channel": _field("channel"), "length": _field("length"), PREDICTION: _field("queue")}
    return WatchedModel("tickets", monitor, _draw_tickets, _ticket_label, values)


_QUEUES = ("billing", "returns", "other tickets")


def _draw_tickets(rng: np.random.Generator, count: int, has_changed: bool) -> list[Event]:
    shares = [0.2, 0.3, 0.5] if has_changed else [0.5, 0.3, 0.2]
    return [
        {
            "queue": str(rng.choice(_QUEUES, p=shares)),
            "release": "r1",
            "channel": str(rng.choice(["mail", "phone", 'c"h\\at'], p=shares)),
            "length": float(np.round(rng.gamma(2, 150))),
        }
        for _ in range(count)
    ]


def _ticket_label(rng: np.random.Generator, event: Event) -> str:
    """Mostly what was predicted; now and then a queue that the monitor does not know."""
    return str(rng.choice([event["queue"], *_QUEUES, "abuse"], p=[0.7, 0.09, 0.09, 0.09, 0.03]))


def _demand(webhook: str) -> WatchedModel:
    monitor = _monitor(
        "demand",
        webhook,
        model={"name": "demand", "task": "regression"},
        events={"id": "id", "timestamp": "ts", "prediction": "demand", "latency_seconds": "took"},
        features={"temperature": {"type": "number", "min": -40, "max": 60}, "holiday": {"type": "category"}},
        reference={"path": "reference/demand.csv"},
        labels={"join": "id"},
        drift={**DRIFT, "measure": "js", "threshold": 0.2},
        performance={"objectives": [{"metric": "mae", "maximum": 1000}, {"metric": "bias", "minimum": -1000}]},
    )
    values = {"temperature": _field("temperature"), "holiday": _field("holiday"), PREDICTION: _field("demand")}
    return WatchedModel("demand", monitor, _draw_demand, _demand_label, values)


def _draw_demand(rng: np.random.Generator, count: int, has_changed: bool) -> list[Event]:
    temperature = rng.normal(24 if has_changed else 14, 7, count)
    return [
        {
            "demand": float(10 * degrees + rng.normal(0, 20)),
            "took": float(rng.exponential(0.01)),
            "temperature": float(degrees),
            "holiday": "yes" if rng.random() < 0.05 else "no",
        }
        for degrees in temperature
    ]


def _demand_label(rng: np.random.Generator, event: Event) -> float:
    return float(event["demand"] + rng.normal(5, 15))


def _fading(count: int) -> Any:
    weights = 0.85 ** np.arange(count)
    return weights / weights.sum()


def _field(name: str) -> Callable[[Event], Value]:
    return lambda event: event[name]


def _within(value: Any, lowest: float, highest: float) -> Value:
    if value is None:
        return None
    return float(value) if isinstance(value, int | float) and lowest <= value <= highest else INVALID


def _one_of(value: str | None, known: Sequence[str]) -> Value:
    return value if value is None or value in known else INVALID
