"""Which pictures the documentation has: of which dashboard, which rows, in which theme and width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboards.layout import walk

DESKTOP_WIDTH, PHONE_WIDTH = 1360, 400


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the open panels of a dashboard, or only those under some of its rows.

    file  : under docs/pictures, without `.png`.
    rows  : titles of rows, opened if they are closed; None takes what is open when the dashboard is.
    lines : of Grafana's grid; panels that begin further down are left out.
    """

    file: str
    dashboard: str
    theme: Literal["light", "dark"] = "light"
    rows: tuple[str, ...] | None = None
    lines: int = 40
    is_phone: bool = False

    @property
    def width(self) -> int:
        return PHONE_WIDTH if self.is_phone else DESKTOP_WIDTH

    def panels(self, dashboard: dict[str, Any]) -> list[dict[str, Any]]:
        """The panels of the picture, moved together; ValueError names a row that is not there."""
        chosen = [panel for row in self._rows(dashboard) for panel in row]
        within = list(_within(chosen, self.lines, is_stacked=self.is_phone))
        while within and within[-1]["type"] == "row":
            within.pop()
        return within

    def _rows(self, dashboard: dict[str, Any]) -> list[list[dict[str, Any]]]:
        rows = _by_row(dashboard["panels"])
        if self.rows is None:
            return [panels for panels in rows.values() if not (panels and panels[0].get("collapsed"))]
        unknown = set(self.rows) - set(rows)
        if unknown:
            raise ValueError(f"{self.file}: {self.dashboard} has no row {sorted(unknown)}, only {list(rows)}")
        return [rows[title] for title in self.rows]


def _by_row(panels: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Title of a row → its header and its panels; what stands before the first row has the title ''."""
    rows: dict[str, list[dict[str, Any]]] = {"": []}
    title = ""
    for panel in walk(panels):
        if panel["type"] == "row":
            title = panel["title"]
        rows.setdefault(title, []).append(panel)
    return {title: panels for title, panels in rows.items() if panels}


def _within(panels: Iterable[dict[str, Any]], lines: int, *, is_stacked: bool) -> Iterable[dict[str, Any]]:
    """Panels whose end lies within so many lines, without the gaps that the rows between them have left."""
    top, last_y, height = 0, None, 0
    for panel in panels:
        place = panel["gridPos"]
        if last_y is None or place["y"] != last_y or is_stacked:
            top, height = top + height, 0
        last_y, height = place["y"], max(height, place["h"])
        if top + place["h"] > lines:
            return
        yield {**panel, "gridPos": {**place, "y": top}}
