"""`python -m tests.pictures`: draws the pictures of the documentation from a demonstration that it runs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from tests.pictures.answers import answers, titled, variables_of
from tests.pictures.drawing import draw, find_tools, install_packages, job
from tests.pictures.shots import Shot
from tests.pictures.stage import BROKEN_FEATURE, MONITOR, Performed, performed

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST_BYTES = 150_000

_MODEL = f"model-{MONITOR}"
SHOTS = (
    Shot("overview", "overview", lines=36),
    Shot("model-light", _MODEL, rows=("Objectives", "Predictions", "Performance over 20s"), lines=38),
    Shot("model-dark", _MODEL, "dark", rows=("Drift over 30s",), lines=30),
    Shot("feature", f"feature-{MONITOR}", lines=34),
    Shot("objectives", "slo", "dark", lines=26),
    Shot("phone", _MODEL, rows=("Predictions",), lines=29, is_phone=True),
)
"""Every picture of the documentation; a new one is a new line."""


@click.command(epilog="Examples: `python -m tests.pictures`, `python -m tests.pictures overview phone --out /tmp/look`")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice([shot.file for shot in SHOTS]))
@click.option("--out", "folder", type=click.Path(path_type=Path), default=FOLDER, help="Where to put them.")
@click.option("--seconds", default=600, show_default=True, help="How long the demonstration runs.")
def main(names: tuple[str, ...], folder: Path, seconds: int) -> None:
    """Draw the pictures NAME... (all of them where none is named): runs a demonstration, asks, draws in Chromium."""
    install_packages()
    tools = find_tools()
    folder.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if not names or shot.file in names]
    with tempfile.TemporaryDirectory(prefix="infranaut-pictures-") as place:
        click.echo(f"running a demonstration for {seconds} seconds", err=True)
        with performed(Path(place), seconds) as seen:
            jobs = list(_jobs(shots, seen, folder))
    click.echo("drawing", err=True)
    draw(jobs, tools)
    for made in jobs:
        size = Path(made["file"]).stat().st_size
        click.echo(f"{made['file']}  {size:,} bytes")
        if size > LARGEST_BYTES:
            raise click.ClickException(f"{made['file']} has {size:,} bytes, at most {LARGEST_BYTES:,} go into the docs")


def _jobs(shots: Iterable[Shot], seen: Performed, folder: Path) -> Iterable[dict[str, Any]]:
    for shot in shots:
        dashboard = json.loads((seen.dashboards / f"{shot.dashboard}.json").read_text(encoding="utf-8"))
        variables = variables_of(dashboard, {"feature": BROKEN_FEATURE, "monitor": MONITOR})
        panels = [titled(panel, variables) for panel in shot.panels(dashboard)]
        answered = answers(seen.prometheus_url, panels, variables, seen.span)
        yield job(shot, dashboard["title"], panels, answered, seen.span, folder)


if __name__ == "__main__":
    main()
