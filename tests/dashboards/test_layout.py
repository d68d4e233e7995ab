"""Where panels land on the grid."""

from __future__ import annotations

from dashboards.layout import PanelRow, place, walk
from dashboards.panel import PanelQuery, PanelText, Size, time_series


def test_a_line_ends_at_the_right_edge() -> None:
    section = PanelRow("All", [a_panel(Size(12, 4)), a_panel(Size(12, 4)), a_panel(Size(24, 4))])
    assert positions(section) == [(0, 0, 24, 1), (0, 1, 12, 4), (12, 1, 12, 4), (0, 5, 24, 4)]


def test_a_line_ends_where_the_height_changes_so_that_no_hole_is_left() -> None:
    section = PanelRow("All", [a_panel(Size(12, 4)), a_panel(Size(12, 9))])
    assert positions(section) == [(0, 0, 24, 1), (0, 1, 24, 4), (0, 5, 24, 9)]


def test_what_is_left_of_a_line_is_shared_out() -> None:
    section = PanelRow("All", [a_panel(Size(4, 4))] * 5)
    assert [(x, w) for x, _, w, _ in positions(section)[1:]] == [(0, 5), (5, 5), (10, 5), (15, 5), (20, 4)]


def test_the_next_section_starts_below_everything_before_it() -> None:
    sections = [PanelRow("One", [a_panel(Size(24, 5))]), PanelRow("Two", [a_panel(Size(24, 5))])]
    assert positions(*sections) == [(0, 0, 24, 1), (0, 1, 24, 5), (0, 6, 24, 1), (0, 7, 24, 5)]


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
