"""The course of the demonstration: a while without drift, then the fault, then its alert on the way to a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from exporter.cli.demo.fault import FaultPlan
from exporter.cli.demo.monitor_file import PERFORMANCE_WINDOW
from exporter.cli.demo.receiver import Delivery
from exporter.cli.demo.scenario import Scenario
from exporter.cli.demo.services import Programs
from exporter.cli.demo.stream import LATEST_LABEL_S
from exporter.cli.demo.watch import Observation
from rules import names


class Phase(StrEnum):
    """Where the demonstration is."""

    WARM_UP = "no fault yet"
    FAULT = "the fault is there, its alert is on the way"
    TOLD = "the alert has arrived"


class Step(StrEnum):
    """What follows a fault, in this order; `DRIFTED` is the exporter's own verdict."""

    DRIFTED = "drifted"
    PENDING = "pending"
    FIRING = "firing"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class DemoTiming:
    """How long things take.

    warm_up_s : without a fault; longer, up to the longest, until there is something to compare with.
    settle_s  : after the fault, until the windows of performance hold nothing from before it.
    timeout_s : after the fault, until its alert is given up.
    """

    timeout_s: float
    warm_up_s: float = 30.0
    longest_warm_up_s: float = 90.0
    settle_s: float = PERFORMANCE_WINDOW.seconds + LATEST_LABEL_S + 3.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Drift by feature and performance at one moment."""

    drift: dict[str, float]
    performance: float | None


@dataclass(slots=True)
class Story:
    """Goes on with every look; `inject` starts a fault. Times are seconds since the epoch."""

    scenario: Scenario
    timing: DemoTiming
    programs: Programs
    inject: Callable[[FaultPlan], None]
    started_at: float
    phase: Phase = Phase.WARM_UP
    plan: FaultPlan | None = None
    fault_at: float | None = None
    reached: dict[Step, float] = field(default_factory=dict)
    early_alerts: dict[str, float] = field(default_factory=dict)
    restless: set[str] = field(default_factory=set)
    before: Snapshot | None = None
    after: Snapshot | None = None
    alert: str = names.FEATURE_DRIFT
    """The one that was delivered first."""

    @property
    def last_step(self) -> Step:
        """The step that ends the story: delivery, or what can be seen without the missing services."""
        if self.programs.prometheus is None:
            return Step.DRIFTED
        return Step.FIRING if self.programs.alertmanager is None else Step.DELIVERED

    def advance(
        self, observation: Observation, performance: float | None, deliveries: Sequence[Delivery], now: float
    ) -> list[str]:
        """Takes in one look; what is worth telling, in sentences."""
        snapshot = Snapshot(observation.drift(), performance)
        if self.plan is None:
            told = self._note_early_alerts(observation, now)
            if self._is_warm(observation, performance, now):
                told.append(self._break(observation, snapshot, now))
            return told
        told = self._note_steps(observation, deliveries, now)
        if self.phase is Phase.FAULT:
            self.after = snapshot
            if self._is_complete(now):
                self.phase = Phase.TOLD
        return told

    def seconds_to(self, step: Step) -> float | None:
        """From the fault to a step."""
        if self.fault_at is None or step not in self.reached:
            return None
        return round(self.reached[step] - self.fault_at, 1)

    def problem(self, now: float) -> str | None:
        """Why this takes too long, once it does."""
        if self.fault_at is None or self.phase is Phase.TOLD or now - self.fault_at < self.timing.timeout_s:
            return None
        came = ", ".join(f"{step} after {self.seconds_to(step):g} s" for step in self.reached) or "no sign of it"
        what = "the alert was not delivered" if self.last_step is Step.DELIVERED else f"it was not {self.last_step}"
        drift = self.after.drift if self.after else {}
        now_psi = ", ".join(f"{name} {drift.get(name, 0):.3f}" for name in self._watched)
        return f"{what} within {self.timing.timeout_s:g} s of the fault ({came}; PSI now: {now_psi})"

    @property
    def _watched(self) -> tuple[str, ...]:
        """The features whose alert ends the story."""
        return self.plan.watched if self.plan else ()

    def _note_early_alerts(self, observation: Observation, now: float) -> list[str]:
        told = []
        for alert in observation.alerts:
            if alert.state == "firing" and alert.name != names.WATCHDOG and str(alert) not in self.early_alerts:
                self.early_alerts[str(alert)] = now
                kind = "a false alarm" if self.scenario.is_drift_free else "your data's own drift"
                told.append(f"{alert} fires before any fault: {kind}")
        return told

    def _is_warm(self, observation: Observation, performance: float | None, now: float) -> bool:
        waited_s = now - self.started_at
        is_known = bool(observation.drift()) and performance is not None
        return waited_s >= (self.timing.warm_up_s if is_known else self.timing.longest_warm_up_s)

    def _break(self, observation: Observation, snapshot: Snapshot, now: float) -> str:
        drifted = {feature.feature for feature in observation.features if feature.is_drifted}
        self.restless = drifted | {alert.feature for alert in observation.alerts if alert.name != names.WATCHDOG}
        self.plan = self.scenario.choose_plan(self.restless)
        self.before, self.fault_at, self.phase = snapshot, now, Phase.FAULT
        self.inject(self.plan)
        return f"FAULT: {self.plan.description}"

    def _note_steps(self, observation: Observation, deliveries: Sequence[Delivery], now: float) -> list[str]:
        features = self._watched
        states = {alert.state for alert in observation.alerts if self._tells_of_fault(alert.name, alert.feature)}
        fault_at = self.fault_at or 0.0
        arrived = [
            each
            for each in deliveries
            if self._tells_of_fault(each.alert, each.feature) and (each.at >= fault_at or each.feature in self.restless)
        ]
        seen: dict[Step, float | None] = {
            Step.DRIFTED: now if any(f.is_drifted for f in observation.features if f.feature in features) else None,
            Step.PENDING: now if states else None,
            Step.FIRING: now if "firing" in states else None,
            Step.DELIVERED: max(arrived[0].at, fault_at) if arrived else None,
        }
        new = {step: at for step, at in seen.items() if at is not None and step not in self.reached}
        self.reached |= new
        if arrived:
            self.alert = arrived[0].alert
        told = {Step.DELIVERED: f" — {arrived[0].summary}" if arrived else ""}
        return [f"{_WORDS[step]} {self._when(step)}{told.get(step, '')}" for step in new]

    def _when(self, step: Step) -> str:
        """What a model's own drift had brought about already is said so."""
        waited_s = self.seconds_to(step)
        return f"{waited_s:g} s after the fault" if waited_s else "before the fault, by drift of its own"

    def _tells_of_fault(self, alert: str, feature: str) -> bool:
        """Where many features drift, one message about the model stands for those about each of them."""
        return alert == names.MODEL_DRIFT or (alert == names.FEATURE_DRIFT and feature in self._watched)

    def _is_complete(self, now: float) -> bool:
        return (
            self.last_step in self.reached
            and self.fault_at is not None
            and now >= self.fault_at + min(self.timing.settle_s, self.timing.timeout_s)
        )


_WORDS = {
    Step.DRIFTED: "the exporter's own measures say drift",
    Step.PENDING: "the alert is pending",
    Step.FIRING: "the alert is firing",
    Step.DELIVERED: "the alert was delivered to the webhook",
}
