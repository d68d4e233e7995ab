"""What is told of a monitor that has no mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.monitor.notes import monitor_notes
from tests.support.golden_monitors import MULTICLASS, golden_monitor

KS = {"measure": "ks", "versions": None}
CATEGORIES = {name: {"type": "category"} for name in "abc"}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, []),
        ({"drift": KS}, ["drift: ks is of numbers only, so no drift alerts for channel, the prediction"]),
        (
            {"drift": KS | {"measure": "wasserstein"}, "features": CATEGORIES},
            ["drift: wasserstein is of numbers only, so no drift alerts for channel, a, b and 2 more"],
        ),
        ({"drift": KS, "reference": None}, []),
        (
            {"drift": {"versions": {"stable": "r1"}}, "model": {"versions": ["r2", "r3"]}},
            ["drift: the stable version 'r1' is not one of spec.model.versions"],
        ),
        ({"drift": {"versions": {"stable": "r2"}}, "model": {"versions": ["r2", "r3"]}}, []),
    ],
)
def test_what_stays_silent_is_told(parts: dict[str, Any], told: list[str]) -> None:
    assert monitor_notes(golden_monitor(MULTICLASS, **parts)) == told
