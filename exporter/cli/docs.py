"""`infranaut docs`: the generated pages of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from exporter.cli.metrics_page import metrics_page
from exporter.errors import InvalidSettings
from exporter.monitor.page import monitor_page
from exporter.monitor.schema import schema_text

PAGES: Mapping[str, Callable[[], str]] = {
    "monitor.schema.json": schema_text,
    "monitor.md": monitor_page,
    "metrics.md": metrics_page,
}


@click.command("docs")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs"), show_default=True, help="The folder.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; exit 1 where a page is not up to date.")
def command(out: Path, is_check: bool) -> None:
    """Writes the monitor's JSON Schema and the references of monitors and metrics.

    \b
    Examples:
      infranaut docs
      infranaut docs --out docs --check
    """
    stale = [name for name, page in PAGES.items() if not _is_current(out / name, page())]
    if is_check:
        for name in stale:
            click.echo(f"{out / name}: not up to date; write it with: infranaut docs --out {out}", err=True)
        sys.exit(1 if stale else 0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, page in PAGES.items():
            (out / name).write_text(page(), encoding="utf-8")
            click.echo(out / name)
    except OSError as error:
        raise InvalidSettings(f"--out {out}: cannot be written to: {error.strerror}; name another folder") from error


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
