"""Which panels a picture takes from a dashboard, and where it puts them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pictures.shots import DESKTOP_WIDTH, PHONE_WIDTH, Shot


def a_panel(title: str, x: int, y: int, w: int = 12, h: int = 8) -> dict[str, Any]:
    return {"type": "stat", "title": title, "gridPos": {"x": x, "y": y, "w": w, "h": h}}


def a_row(title: str, y: int, *panels: dict[str, Any]) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": 24, "h": 1}
    return {"type": "row", "title": title, "collapsed": bool(panels), "gridPos": place, "panels": list(panels)}


DASHBOARD = {
    "panels": [
        a_row("Now", 0),
        a_panel("left", 0, 1),
        a_panel("right", 12, 1, h=6),
        a_row("Closed", 9, a_panel("inside", 0, 10)),
        a_row("Later", 10),
        a_panel("below", 0, 11),
    ]
}


def places(shot: Shot) -> dict[str, int]:
    """Title → line of the grid."""
    return {panel["title"]: panel["gridPos"]["y"] for panel in shot.panels(DASHBOARD)}


def test_without_rows_it_takes_what_is_open_and_closes_the_gaps() -> None:
    assert places(Shot("x", "d")) == {"Now": 0, "left": 1, "right": 1, "Later": 9, "below": 10}


def test_a_row_that_is_asked_for_is_opened() -> None:
    assert places(Shot("x", "d", rows=("Later", "Closed"))) == {"Later": 0, "below": 1, "Closed": 9, "inside": 10}


def test_what_ends_below_the_last_line_is_left_out_and_a_header_without_panels_too() -> None:
    assert list(places(Shot("x", "d", lines=17))) == ["Now", "left", "right"]


def test_a_phone_counts_the_panels_one_under_the_other() -> None:
    shot = Shot("x", "d", lines=14, is_phone=True)
    assert list(places(shot)) == ["Now", "left"]
    assert (shot.width, Shot("x", "d").width) == (PHONE_WIDTH, DESKTOP_WIDTH)


def test_a_row_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"x: d has no row \['Soon'\], only \['Now', 'Closed', 'Later'\]"):
        Shot("x", "d", rows=("Now", "Soon")).panels(DASHBOARD)


def test_the_dashboard_itself_stays_as_it_was() -> None:
    Shot("x", "d").panels(DASHBOARD)
    assert DASHBOARD["panels"][4]["gridPos"]["y"] == 10
