"""A plan as one JSON document."""

from __future__ import annotations

import json

from exporter.cli.planning.document import plan_json
from exporter.cli.planning.figures import Figures
from exporter.cli.planning.outcome import BeforeAfter, Plan


def test_figures_have_no_digits_that_mean_nothing() -> None:
    figures = Figures(
        rules=7,
        cpu_seconds_per_minute=0.1 + 0.2,
        evaluations_per_minute=544.0000000000001,
        memory_bytes=7_340_813_136.0,
    )
    total = json.loads(plan_json(Plan(None, {}, BeforeAfter(None, figures), [], [], [], [])))["total"]
    assert total["before"] is None
    assert (total["after"]["rules"], total["after"]["cpu_seconds_per_minute"]) == (7, 0.3)
    assert (total["after"]["evaluations_per_minute"], total["after"]["memory_bytes"]) == (544.0, 7_340_813_136.0)
