"""What stands in some files: monitors, each with the reference that is reckoned with, and OpenSLO objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.cli.amounts import count_text
from exporter.cli.planning.assumed import PlannedMonitor
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor


@dataclass(frozen=True, slots=True)
class PlannedFiles:
    """Everything that rules are generated from."""

    monitors: Sequence[PlannedMonitor] = ()
    objectives: Sequence[ServiceSlo] = ()

    @property
    def specified(self) -> list[Monitor]:
        return [planned.monitor for planned in self.monitors]

    def __bool__(self) -> bool:
        return bool(self.monitors or self.objectives)

    def __str__(self) -> str:
        counted = count_text(len(self.monitors), "monitor")
        return f"{counted}, {count_text(len(self.objectives), 'OpenSLO objective')}" if self.objectives else counted
