"""The monitors of tests/golden/monitors, as they are or with a part of their spec replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from exporter.monitor.load import load_monitors
from exporter.monitor.spec import Monitor

GOLDEN = Path(__file__).parents[1] / "golden"
BINARY, MULTICLASS, REGRESSION = "credit-default", "ticket-router", "bike-demand"


def golden_monitor(name: str, **parts: Any) -> Monitor:
    """The monitor with the keys of each part of its spec replaced: `golden_monitor(BINARY, drift={"window": "5m"})`."""
    document = yaml.safe_load((GOLDEN / "monitors" / f"{name}.yaml").read_text(encoding="utf-8"))
    for part, keys in parts.items():
        document["spec"][part] = None if keys is None else document["spec"].get(part, {}) | keys
    return Monitor.model_validate(document)


def golden_monitors() -> list[Monitor]:
    """All of them, read as a person's are."""
    return [loaded.monitor for loaded in load_monitors([GOLDEN / "monitors"]).monitors]
