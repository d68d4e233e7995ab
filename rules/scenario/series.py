"""Input series of a scenario: their labels, and their values in promtool's notation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exporter.catalog import Metric
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import equals

VERSION = "v1"
REFERENCE = "r1"
_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class ScenarioSeries:
    """A series of a situation, without the labels that tell which situation it is.

    source   : `exporter`: the situation is its job, the replica its instance; `rules`: recorded, of no instance;
               `process`: has a job of its own, and the situation is its instance;
               `queried`: only its replica is told; `service`: recorded of what is queried, nothing is told.
    instance : the label that tells replicas apart.
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    source: Literal["exporter", "rules", "process", "queried", "service"] = "exporter"
    instance: str = names.INSTANCE

    def text(self, situation: str, replica: str) -> str:
        situated = {
            "exporter": ((names.JOB, situation), (self.instance, replica)),
            "rules": ((names.JOB, situation),),
            "process": ((names.INSTANCE, situation),),
            "queried": ((self.instance, replica),),
            "service": (),
        }
        pairs = (*situated[self.source], *self.labels)
        return f"{self.name}{{{','.join(equals(label, value) for label, value in pairs)}}}"


def a_series(metric: Metric | str, monitor: Monitor, **labels: str) -> ScenarioSeries:
    """A series of the monitor, and of the one version where the metric tells versions apart.

    metric: from the catalogue; or the full name, where a name differs from the family's, with all its labels.
    """
    if isinstance(metric, str):
        return ScenarioSeries(metric, ((names.MONITOR, monitor.name), *labels.items()))
    version = {names.MODEL_VERSION: VERSION} if names.MODEL_VERSION in metric.labels else {}
    return ScenarioSeries(metric.name, tuple({names.MONITOR: monitor.name, **version, **labels}.items()))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a replica is there, in steps: from the first, through a restart at `restart`, or until `end`."""

    steps: int
    restart: int | None = None
    end: int | None = None

    def counter(self, growth: float, before: float = 0, lead: int = 0) -> str:
        """A counter that begins at 0 and grows by `growth` a step; in the `lead` steps before, by `before`."""
        last = self.restart or self.end or self.steps
        climbed = _climb(growth, last) if lead == 0 else _bent(before, lead, growth, last - lead)
        if self.restart is not None:
            return f"{climbed} {_climb(growth, self.steps - self.restart)}"
        return self._until_end(climbed)

    def gauge(self, value: float, growth: float = 0.0) -> str:
        """A gauge that stays what it is, or grows by `growth` a step."""
        climbing = f"+{_text(growth)}" if growth else ""
        return self._until_end(f"{_text(value)}{climbing}x{self.end or self.steps}")

    def first(self, value: float) -> str:
        """There in the first step only."""
        return f"{_text(value)} _x{self.steps}"

    def _until_end(self, values: str) -> str:
        return values if self.end is None else f"{values} _x{self.steps - self.end}"


def _bent(before: float, lead: int, growth: float, steps: int) -> str:
    """The second part begins where the first ends, one step later."""
    return f"{_climb(before, lead)} {_text(before * lead + growth)}+{_text(growth)}x{steps - 1}"


def _climb(growth: float, steps: int) -> str:
    return f"0+{_text(growth)}x{steps}"


def _text(value: float) -> str:
    """A decimal number without an exponent, which promtool's notation does not read everywhere."""
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
