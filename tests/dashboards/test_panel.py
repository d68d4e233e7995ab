"""What panels say where there is nothing to show, and how their lines are named."""

from __future__ import annotations

from typing import Any

from dashboards.mending import mend_panel, to_plain
from dashboards.panel import PanelQuery, PanelText, lines, stat, time_series
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import bad_below


def made(panel: object) -> dict[str, Any]:
    plain: dict[str, Any] = mend_panel(to_plain(panel))
    return plain


def test_a_line_is_named_by_the_labels_that_tell_it_from_others() -> None:
    assert lines("max", "x", "monitor", "slo") == PanelQuery("max by (monitor, slo) (x)", "{{monitor}} {{slo}}")


def test_a_figure_without_a_value_is_neither_good_nor_bad() -> None:
    text = PanelText("Budget", "What is left.", "not yet")
    defaults = made(stat(text, PanelQuery("x"), unit="percentunit", steps=bad_below(0.5)))["fieldConfig"]["defaults"]
    (mapping,) = defaults["mappings"]
    assert mapping["options"] == {"match": "null+nan", "result": {"color": "text", "text": "not yet", "index": 0}}
    assert defaults["noValue"] == "not yet"


def test_lines_that_are_not_there_say_why() -> None:
    def told(empty: str | None) -> Any:
        panel = time_series(PanelText("Left", "Until it ends.", empty), [PanelQuery("x")], unit="s")
        return made(panel)["fieldConfig"]["defaults"].get("noValue")

    assert (told("none shrinks"), told(None)) == ("none shrinks", None)


def test_an_empty_cell_of_a_coloured_column_has_no_colour() -> None:
    columns = [
        TableColumn("Left", "x", steps=bad_below(0.5), cell="color-background"),
        TableColumn("Trend", "y", steps=bad_below(0.5), cell="color-text"),
    ]
    panel = made(table(PanelText("All", "Each of them."), [RowLabel("slo", "Objective")], columns, sort_by="Left"))
    mappings = [
        (override["matcher"]["options"], [part["value"] for part in override["properties"] if part["id"] == "mappings"])
        for override in panel["fieldConfig"]["overrides"]
    ]
    nothing = {"type": "special", "options": {"match": "null+nan", "result": {"color": "transparent", "index": 0}}}
    assert mappings == [("Left", [[nothing]]), ("Trend", [])]
