"""Places panels on Grafana's grid of 24 columns: rows of panels from left to right, one under the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.mending import Json, mend_panel, to_plain
from dashboards.panel import FULL_WIDTH

_HEADER_HEIGHT = 1


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A titled row of a dashboard and its grafanalib panels; a collapsed one is queried only when it is opened."""

    title: str
    panels: Sequence[Any]
    collapsed: bool = False


def place(sections: Sequence[PanelRow]) -> list[Json]:
    """The panels of all sections as plain JSON, with ids from 1 and positions that do not overlap."""
    placed: list[Json] = []
    top = 0
    for section in sections:
        panels = [mend_panel(to_plain(panel)) for panel in section.panels]
        bottom = _flow(panels, top + _HEADER_HEIGHT)
        header = _header(section, top, panels if section.collapsed else [])
        placed += [header] if section.collapsed else [header, *panels]
        top = top + _HEADER_HEIGHT if section.collapsed else bottom
    for index, panel in enumerate(walk(placed), start=1):
        panel["id"] = index
    return placed


def walk(panels: Sequence[Json]) -> Iterator[Json]:
    """Every panel, headers included, those in collapsed sections after their header."""
    for panel in panels:
        yield panel
        yield from panel.get("panels", [])


def _flow(panels: list[Json], top: int) -> int:
    """Puts panels side by side, in lines of one height that fill the width; returns the first free line."""
    for line in _lines(panels):
        left = 0
        for panel, width in zip(line, _widths(line), strict=True):
            panel["gridPos"] |= {"x": left, "y": top, "w": width}
            left += width
        top += line[0]["gridPos"]["h"]
    return top


def _lines(panels: list[Json]) -> Iterator[list[Json]]:
    """A line ends at the right edge, and where the next panel has another height."""
    line: list[Json] = []
    for panel in panels:
        place = panel["gridPos"]
        width = sum(other["gridPos"]["w"] for other in line)
        if line and (width + place["w"] > FULL_WIDTH or place["h"] != line[0]["gridPos"]["h"]):
            yield line
            line = []
        line.append(panel)
    if line:
        yield line


def _widths(line: list[Json]) -> list[int]:
    """What is left of the line is shared out."""
    widths = [panel["gridPos"]["w"] for panel in line]
    share, rest = divmod(FULL_WIDTH - sum(widths), len(widths))
    return [width + share + (index < rest) for index, width in enumerate(widths)]


def _header(section: PanelRow, top: int, panels: list[Json]) -> Json:
    return {
        "type": "row",
        "title": section.title,
        "collapsed": section.collapsed,
        "gridPos": {"x": 0, "y": top, "w": FULL_WIDTH, "h": _HEADER_HEIGHT},
        "panels": panels,
    }
