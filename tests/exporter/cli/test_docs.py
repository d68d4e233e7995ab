"""`infranaut docs`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.catalog import CATALOG
from exporter.cli.docs import PAGES, command
from exporter.errors import InvalidSettings
from exporter.monitor.keys import is_model, members, unwrap
from exporter.monitor.spec import Monitor

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_pages_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "write them with: infranaut docs"


def test_check_tells_what_is_stale_and_writes_nothing(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(command, ["--out", str(tmp_path)]).exit_code == 0
    assert runner.invoke(command, ["--out", str(tmp_path), "--check"]).exit_code == 0
    (tmp_path / "metrics.md").write_text("old")
    result = runner.invoke(command, ["--out", str(tmp_path), "--check"])
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path}/metrics.md: not up to date; write it with: infranaut docs --out {tmp_path}\n"
    assert (tmp_path / "metrics.md").read_text() == "old"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    result = CliRunner().invoke(command, ["--out", str(file)])
    assert isinstance(result.exception, InvalidSettings)
    assert str(result.exception) == f"--out {file}: cannot be written to: File exists; name another folder"


def test_every_series_stands_on_the_page_of_metrics() -> None:
    page = PAGES["metrics.md"]()
    assert all(f"| `{metric.name}` |" in page for metric in CATALOG)


def test_every_key_has_a_meaning() -> None:
    undocumented: list[str] = []
    _collect(Monitor, undocumented)
    assert undocumented == []


def _collect(model: object, undocumented: list[str]) -> None:
    if not is_model(model):
        return
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]  # it is a model
        annotation = unwrap(field.annotation)
        arguments = getattr(annotation, "__args__", ())
        inner = [annotation, *map(unwrap, arguments), *members(annotation)]
        inner += [member for argument in arguments for member in members(unwrap(argument))]
        if not field.description and not is_model(annotation) and name not in {"type", "name"}:
            undocumented.append(f"{model.__name__}.{name}")  # type: ignore[attr-defined]  # it is a model
        for part in inner:
            _collect(part, undocumented)
