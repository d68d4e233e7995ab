"""Processor, memory and open files of a process, from the standard `process_` metrics of client libraries."""

from __future__ import annotations

from collections.abc import Mapping

from rules import names
from rules.group import RecordingRule


def process_rules(
    condition: str = "", matchers: str = "", labels: Mapping[str, str] | None = None
) -> list[RecordingRule]:
    """Recorded for each process; those of `condition` only, and bearing `labels`."""
    chosen = f"{{{matchers}}}" if matchers else ""
    expressions = {
        names.process_cpu(): f"rate(process_cpu_seconds_total{chosen}[{names.RATE_WINDOW}])",
        names.process_memory(): f"process_resident_memory_bytes{chosen}",
        names.process_open_files(): f"process_open_fds{chosen} / (process_max_fds{chosen} > 0)",
    }
    return [
        RecordingRule(record, f"{expression}{condition}", labels or {}) for record, expression in expressions.items()
    ]
