"""Drawing in a real Chromium with Grafana's components; skipped where node, Chromium or the packages are missing."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.pictures.answers import TimeSpan
from tests.pictures.drawing import DrawingTools, draw, find_tools, install_packages, job, missing_tools
from tests.pictures.shots import DESKTOP_WIDTH, PHONE_WIDTH, Shot

SPAN = TimeSpan(1_700_000_000, 1_700_000_060, 10)
TIMES = range(SPAN.from_s, SPAN.to_s + 1, SPAN.step_s)
PNG = b"\x89PNG\r\n\x1a\n"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tools() -> DrawingTools:
    missing = missing_tools()
    if missing:
        pytest.skip(f"no pictures can be drawn here; {missing}")
    return find_tools()


def a_panel(kind: str, number: int, **options: Any) -> dict[str, Any]:
    form = {"format": "table", "instant": True} if kind in ("table", "barchart") else {}
    return {
        "id": number,
        "type": kind,
        "title": f"a {kind}",
        "description": "What it shows.",
        "gridPos": {"x": number % 2 * 12, "y": number // 2 * 8, "w": 12, "h": 8},
        "targets": [{"refId": "A", "expr": "x", "legendFormat": "{{bin}}", **form}],
        "fieldConfig": {"defaults": {"unit": "short", "custom": {}}, "overrides": []},
        "options": options,
    }


def every_type() -> list[dict[str, Any]]:
    legend = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
    figure = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "graphMode": "area"}
    return [
        a_panel("timeseries", 0, legend=legend),
        a_panel("stat", 1, **figure, colorMode="value", textMode="auto", justifyMode="auto"),
        a_panel("bargauge", 2, **figure, displayMode="basic"),
        a_panel("table", 3),
        a_panel("barchart", 4, xField="bin"),
        a_panel("heatmap", 5),
    ]


def made_answers(panels: list[dict[str, Any]]) -> dict[str, Any]:
    """Two series for each panel, one of them without its last sample."""
    ranged = [
        {"metric": {"bin": name}, "values": [[time, str(time % 40)] for time in TIMES[:end]]}
        for name, end in (("low", 7), ("high", 6))
    ]
    instant = [{"metric": {"bin": name}, "value": [SPAN.to_s, value]} for name, value in (("low", "2"), ("high", "5"))]
    return {str(panel["id"]): {"A": instant if panel["type"] in ("table", "barchart") else ranged} for panel in panels}


def size_of(png: Path) -> tuple[int, int]:
    head = png.read_bytes()[:24]
    assert head[:8] == PNG
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_every_type_of_panel_is_drawn_in_both_themes_and_on_a_phone(tools: DrawingTools, tmp_path: Path) -> None:
    shots = [Shot("light", "d"), Shot("dark", "d", "dark"), Shot("phone", "d", is_phone=True)]
    panels = every_type()
    draw([job(shot, "All", panels, made_answers(panels), SPAN, tmp_path) for shot in shots], tools)
    pictures = {shot.file: tmp_path / f"{shot.file}.png" for shot in shots}
    assert size_of(pictures["light"]) == size_of(pictures["dark"])
    assert size_of(pictures["light"])[0] == DESKTOP_WIDTH
    assert size_of(pictures["phone"])[0] == PHONE_WIDTH
    assert size_of(pictures["phone"])[1] > size_of(pictures["light"])[1]
    assert len({path.read_bytes() for path in pictures.values()}) == 3


def test_a_type_without_a_component_is_named(tools: DrawingTools, tmp_path: Path) -> None:
    panels = [a_panel("flamegraph", 1)]
    with pytest.raises(RuntimeError, match=r'no component for panels of type flamegraph: "a flamegraph"'):
        draw([job(Shot("x", "d"), "Bad", panels, made_answers(panels), SPAN, tmp_path)], tools)
    assert not (tmp_path / "x.png").exists()


def test_what_is_missing_is_told_with_the_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("INFRANAUT_CHROMIUM", raising=False)
    told = r"missing: node, chromium, the packages of browser/package.json \(.*make pictures\)"
    with pytest.raises(FileNotFoundError, match=told):
        find_tools(tmp_path / "nothing")


def test_packages_are_installed_once_and_again_when_others_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, packages = tmp_path / "bin", tmp_path / "packages"
    programs.mkdir()
    npm = programs / "npm"
    npm.write_text('#!/bin/sh\necho "$@" >> asked\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin")
    for _ in range(2):
        install_packages(packages)
    assert (packages / "asked").read_text().count("install") == 1
    (packages / "installed.json").write_text("{}")
    install_packages(packages)
    assert "--ignore-scripts" in (packages / "asked").read_text().splitlines()[1]


def test_an_installation_that_fails_is_not_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "npm").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(subprocess.CalledProcessError):
        install_packages(tmp_path / "packages")
    assert not (tmp_path / "packages" / "installed.json").exists()
