"""A plan as a person reads it."""

from __future__ import annotations

from exporter.cli.planning.figures import Figures
from exporter.cli.planning.outcome import BeforeAfter, Plan
from exporter.cli.planning.paging import AlertChange, FieldChange
from exporter.cli.planning.text import plan_text


def test_texts_that_are_cut_are_cut_around_what_differs() -> None:
    start, end = "a" * 500, "b" * 500
    changed = FieldChange("expr", f"{start} > 1 {end}", f"{start} > 200 {end}")
    shown = text_of_change(changed)
    assert shown == f"      expr: … {'a' * 37} > 1 {'b' * 118} … → … {'a' * 37} > 200 {'b' * 116} …"
    assert text_of_change(FieldChange("expr", "up > 1", f"{start}2")) == f"      expr: up > 1 → {'a' * 160} …"
    assert text_of_change(FieldChange("expr", f"{start}1", f"{start}2")) == (
        f"      expr: … {'a' * 159}1 → … {'a' * 159}2"
    )


def text_of_change(changed: FieldChange) -> str:
    """The line of an alert of which nothing else is different."""
    nothing = BeforeAfter(None, Figures())
    alert = AlertChange("changed", "credit-default", "InfranautFeatureDrift", "", "info", ["nobody"], [changed])
    lines = plan_text(Plan("before", {}, nothing, [alert], [], [], [])).splitlines()
    return lines[lines.index("Alerts: 0 added, 0 removed, 1 changed") + 2]
