"""Where panels land on the grid."""

from __future__ import annotations

from dashboards.layout import PanelRow, place, walk
from dashboards.panel import PanelQuery, PanelText, Size, time_series


def test_panels_wrap_below_the_tallest_of_their_line() -> None:
    section = PanelRow("All", [a_panel(Size(12, 4)), a_panel(Size(8, 9)), a_panel(Size(8, 3))])
    assert positions(section) == [(0, 0, 24, 1), (0, 1, 12, 4), (12, 1, 8, 9), (0, 10, 8, 3)]


def test_the_next_section_starts_below_everything_before_it() -> None:
    sections = [PanelRow("One", [a_panel(Size(6, 5))]), PanelRow("Two", [a_panel(Size(6, 5))])]
    assert positions(*sections) == [(0, 0, 24, 1), (0, 1, 6, 5), (0, 6, 24, 1), (0, 7, 6, 5)]


def test_a_closed_section_takes_one_line_and_keeps_its_panels() -> None:
    closed, after = place([PanelRow("Closed", [a_panel(Size(6, 5))], collapsed=True), PanelRow("After", [])])
    assert [panel["gridPos"]["y"] for panel in (closed, closed["panels"][0], after)] == [0, 1, 1]


def test_ids_count_from_one_through_closed_sections_too() -> None:
    placed = place([PanelRow("Closed", [a_panel(Size(6, 5))], collapsed=True), PanelRow("Open", [a_panel(Size(6, 5))])])
    assert [panel["id"] for panel in walk(placed)] == [1, 2, 3, 4]


def a_panel(size: Size) -> object:
    return time_series(PanelText("Panel", "What it shows."), [PanelQuery("up")], unit="short", size=size)


def positions(*sections: PanelRow) -> list[tuple[int, int, int, int]]:
    return [(at["x"], at["y"], at["w"], at["h"]) for at in (panel["gridPos"] for panel in place(sections))]
