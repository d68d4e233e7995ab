"""What a monitor reads from a payload: each field, the canonical column it becomes, and what it must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.batch import ERROR, ID, LABEL, LATENCY, MODEL_VERSION, PREDICTION, TIMESTAMP
from exporter.errors import InvalidMonitors
from exporter.monitor.fields import carried_features
from exporter.monitor.spec import Monitor, Task

_UNITS_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


class FieldKind(StrEnum):
    """What a field must hold.

    ID       : text, or a whole number that becomes text.
    TIMESTAMP: a number in the monitor's unit, or RFC 3339 text.
    NUMBER   : a number.
    SCORE    : a number in [0, 1].
    CATEGORY : text; whole numbers, fractions and booleans become text.
    OUTCOME  : what happened, in two classes: 0, 1, true, false, or text where the monitor names the positive class.
    """

    ID = "id"
    TIMESTAMP = "timestamp"
    NUMBER = "number"
    SCORE = "score"
    CATEGORY = "category"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class PayloadField:
    """A field of the payload, and the canonical column it becomes."""

    name: str
    column: str
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Projection:
    """The fields to read, in the order of the batch's columns; everything else in a payload is ignored.

    units_per_second : what a timestamp that is a number counts; 1000.0 for milliseconds.
    positive         : the text of the positive class, for an OUTCOME.
    """

    fields: tuple[PayloadField, ...]
    units_per_second: float = 1.0
    positive: str | None = None

    def __post_init__(self) -> None:
        for field in self.fields:
            if not field.name.isprintable() or any(character in field.name for character in '"\\'):
                raise InvalidMonitors(
                    f"the payload's field {field.name!r} cannot be read: quotes, backslashes and control characters"
                    " are not supported in the name of a field; rename it where the events are made"
                )

    def names(self) -> tuple[str, ...]:
        """The payload's fields, each once."""
        return tuple(dict.fromkeys(field.name for field in self.fields))

    def field_of(self, column: str) -> PayloadField | None:
        return next((field for field in self.fields if field.column == column), None)


def prediction_projection(monitor: Monitor) -> Projection:
    """The fields of a prediction; derived features are computed later, from these columns."""
    events, task = monitor.spec.events, monitor.spec.model.task
    optional = {
        LATENCY: (events.latency_seconds, FieldKind.NUMBER),
        MODEL_VERSION: (events.model_version, FieldKind.CATEGORY),
        ERROR: (events.error, FieldKind.CATEGORY),
    }
    fields = [
        PayloadField(events.id, ID, FieldKind.ID),
        PayloadField(events.timestamp, TIMESTAMP, FieldKind.TIMESTAMP),
        PayloadField(events.prediction, PREDICTION, _PREDICTION_KINDS[task]),
    ]
    fields += [PayloadField(name, column, kind) for column, (name, kind) in optional.items() if name is not None]
    fields += [
        PayloadField(feature.field or name, name, FieldKind(feature.type))
        for name, feature in carried_features(monitor).items()
    ]
    return Projection(tuple(fields), _UNITS_PER_SECOND[events.timestamp_unit])


def label_projection(monitor: Monitor) -> Projection:
    """The fields of a label; InvalidMonitors when the monitor has none."""
    labels, model = monitor.spec.labels, monitor.spec.model
    if labels is None:
        raise InvalidMonitors(f"monitor {monitor.name!r} has no labels; add spec.labels to its file")
    fields = (PayloadField(labels.join, ID, FieldKind.ID), PayloadField(labels.value, LABEL, _LABEL_KINDS[model.task]))
    return Projection(fields, positive=model.positive)


_PREDICTION_KINDS: Mapping[Task, FieldKind] = {
    "binary": FieldKind.SCORE,
    "multiclass": FieldKind.CATEGORY,
    "regression": FieldKind.NUMBER,
}
_LABEL_KINDS: Mapping[Task, FieldKind] = {
    "binary": FieldKind.OUTCOME,
    "multiclass": FieldKind.CATEGORY,
    "regression": FieldKind.NUMBER,
}
