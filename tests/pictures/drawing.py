"""Draws dashboards in Chromium with Grafana's own components: finds node, Chromium and the npm packages, calls them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.pictures.answers import TimeSpan
from tests.pictures.shots import Shot

BROWSER = Path(__file__).with_name("browser")
PACKAGES = Path(__file__).parents[2] / ".tools" / "pictures"
CHROMIUM = "INFRANAUT_CHROMIUM"

_TIMEOUT_S = 600

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DrawingTools:
    """What draws: programs and the folder with `node_modules`."""

    node: str
    chromium: str
    packages: Path


def missing_tools(packages: Path = PACKAGES) -> str | None:
    """What is missing for drawing and how to get it; None when everything is there."""
    wanted = {
        "node": shutil.which("node"),
        "chromium": _chromium(),
        f"the packages of {BROWSER.name}/package.json": (packages / "installed.json").exists(),
    }
    missing = [what for what, found in wanted.items() if not found]
    hint = "apt install nodejs npm chromium, then make pictures"
    return f"missing: {', '.join(missing)} ({hint})" if missing else None


def find_tools(packages: Path = PACKAGES) -> DrawingTools:
    """The tools; FileNotFoundError says what is missing."""
    missing = missing_tools(packages)
    if missing:
        raise FileNotFoundError(missing)
    return DrawingTools(shutil.which("node") or "", _chromium() or "", packages)


def install_packages(packages: Path = PACKAGES) -> None:
    """Installs the pinned npm packages, unless those very ones were installed to the end; their scripts are not run."""
    wanted, installed = BROWSER / "package.json", packages / "installed.json"
    if installed.exists() and installed.read_bytes() == wanted.read_bytes():
        return
    packages.mkdir(parents=True, exist_ok=True)
    shutil.copy(wanted, packages / "package.json")
    flags = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--legacy-peer-deps")
    subprocess.run(["npm", "install", *flags], cwd=packages, check=True)
    shutil.copy(wanted, installed)


def job(shot: Shot, title: str, panels: Sequence[Json], answers: Json, span: TimeSpan, folder: Path) -> dict[str, Any]:
    """What `draw.mjs` needs for one picture."""
    picture = {
        "theme": shot.theme,
        "isPhone": shot.is_phone,
        "width": shot.width,
        "title": title,
        "fromS": span.from_s,
        "toS": span.to_s,
        "stepS": span.step_s,
        "panels": panels,
        "answers": answers,
    }
    return {"file": str(folder / f"{shot.file}.png"), "picture": picture}


def draw(jobs: Sequence[Json], tools: DrawingTools) -> None:
    """Writes every job's PNG; RuntimeError with what the page said when one cannot be drawn."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "jobs.json"
        given.write_text(json.dumps(jobs), encoding="utf-8")
        command = [tools.node, str(BROWSER / "draw.mjs"), str(tools.packages.absolute()), tools.chromium, str(given)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"drawing failed with code {done.returncode}:\n{done.stderr}")


def _chromium() -> str | None:
    named = os.environ.get(CHROMIUM)
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("chromium-browser")
