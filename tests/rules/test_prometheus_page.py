"""docs/prometheus.md shows what works: its configuration, the names of series and alerts."""

from __future__ import annotations

import re
from pathlib import Path

from rules import names
from tests.support.promtool import assert_promtool

PAGE = Path(__file__).parents[2] / "docs" / "prometheus.md"


def test_promtool_accepts_the_configuration_that_is_shown(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].partition("```")[0]
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(text, encoding="utf-8")
    assert_promtool("check", "config", "--syntax-only", configuration)


def test_every_alert_is_told() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert {f"runbooks/{alert}.md" for alert in names.ALERTS} <= set(links)


def test_the_series_that_it_names_are_recorded() -> None:
    recorded = (PAGE.parents[1] / "rules" / "generated" / "credit-default.rules.yaml").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+:infranaut_[a-z_]+:[a-z0-9_]+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 5
    assert [name for name in named if f"record: {name}\n" not in recorded] == []
