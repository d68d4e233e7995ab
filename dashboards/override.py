"""What single series and columns show otherwise than the rest of their panel, as Grafana's field overrides."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.mending import Json


def dashed_red(series: str) -> Json:
    return override(
        series,
        [
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}},
            {"id": "custom.fillOpacity", "value": 0},
            {"id": "custom.stacking", "value": {"mode": "none", "group": "A"}},
        ],
    )


def dotted(endings: Sequence[str]) -> Json:
    return {
        "matcher": {"id": "byRegexp", "options": f"/.* ({'|'.join(endings)})$/"},
        "properties": [
            {"id": "custom.lineStyle", "value": {"fill": "dot", "dash": [2, 6]}},
            {"id": "custom.fillOpacity", "value": 0},
        ],
    }


def colored(series: str, color: str) -> Json:
    return override(series, [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}])


def override(name: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def links(link: tuple[str, str]) -> Json:
    """A property: where a click on a cell leads."""
    title, url = link
    return {"id": "links", "value": [{"title": title, "url": url, "targetBlank": False}]}
