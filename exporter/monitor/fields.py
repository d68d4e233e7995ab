"""Which fields of a payload a monitor reads, and what it makes of them."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.monitor.spec import Feature, Monitor


def event_fields(monitor: Monitor) -> dict[str, str]:
    """The roles of `spec.events` that name a field: role → field, only those that are given."""
    events = monitor.spec.events
    roles = {
        "id": events.id,
        "timestamp": events.timestamp,
        "prediction": events.prediction,
        "model_version": events.model_version,
        "latency_seconds": events.latency_seconds,
        "error": events.error,
    }
    return {role: field for role, field in roles.items() if field is not None}


def carried_features(monitor: Monitor) -> dict[str, Feature]:
    """The features that events carry, in the monitor's order."""
    return {name: feature for name, feature in monitor.spec.features.items() if feature.sql is None}


def derived_features(monitor: Monitor) -> dict[str, Feature]:
    """The features that are computed from others, in the monitor's order."""
    return {name: feature for name, feature in monitor.spec.features.items() if feature.sql is not None}


def feature_fields(monitor: Monitor) -> Mapping[str, str]:
    """Feature → the field of the payload that carries it, without the derived ones."""
    return {name: feature.field or name for name, feature in carried_features(monitor).items()}


def payload_fields(monitor: Monitor) -> tuple[str, ...]:
    """Every field of a prediction's payload that the monitor reads, each once: events first, then features."""
    return tuple(dict.fromkeys((*event_fields(monitor).values(), *feature_fields(monitor).values())))
