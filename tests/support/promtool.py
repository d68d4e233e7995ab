"""Unit tests of rules, run by the real promtool: series in, recorded series and alerts out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor
from rules.links import Links
from rules.rendering import render
from tests.support.programs import require

INTERVAL = "1m"
PRECISION = 1e-9

Labels = Mapping[str, str]


@dataclass(slots=True)
class RuleTest:
    """Rules of some monitors, series scraped once a minute, and what is expected of them at a time such as `90m`."""

    monitors: Sequence[Monitor]
    inputs: list[dict[str, str]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, Any]] = field(default_factory=list)
    evaluated_every: str = INTERVAL
    scraped_every: str = INTERVAL
    objectives: Sequence[ServiceSlo] = ()

    def series(self, name: str, values: str | Sequence[float], **labels: str) -> Self:
        """Adds a series; `values` in promtool's notation (`0+10x60`), or one for each minute."""
        text = values if isinstance(values, str) else " ".join(repr(float(value)) for value in values)
        self.inputs.append({"series": name + as_matchers(labels), "values": text})
        return self

    def expect_alerts(self, alert: str, at: str, *expected: tuple[Labels, Labels]) -> Self:
        """Exactly these alerts fire: the labels and the annotations of each."""
        firing = [{"exp_labels": dict(labels), "exp_annotations": dict(texts)} for labels, texts in expected]
        self.alerts.append({"eval_time": at, "alertname": alert, "exp_alerts": firing})
        return self

    def expect_firing(self, alert: str, at: str, count: int = 1) -> Self:
        """So many alerts of that name fire."""
        return self.expect_value(f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)', at, count)

    def expect_silence(self, alert: str, at: str) -> Self:
        return self.expect_firing(alert, at, count=0)

    def expect_value(self, expr: str, at: str, value: float) -> Self:
        """The query answers one sample, within a relative 1e-9 of `value`."""
        tolerance = PRECISION * max(1.0, abs(float(value)))
        near = f"abs(vector(scalar({expr})) - {float(value)!r}) <= bool {tolerance!r}"
        self.queries.append({"expr": near, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]})
        return self

    def expect_nothing(self, expr: str, at: str) -> Self:
        self.queries.append({"expr": expr, "eval_time": at, "exp_samples": []})
        return self

    def run(self, directory: Path) -> None:
        """AssertionError with what promtool printed."""
        rule_files = write_rules(self.monitors, directory, self.objectives)
        document = {
            "rule_files": [path.name for path in rule_files],
            "evaluation_interval": self.evaluated_every,
            "tests": [
                {
                    "interval": self.scraped_every,
                    "input_series": self.inputs,
                    "alert_rule_test": self.alerts,
                    "promql_expr_test": self.queries,
                }
            ],
        }
        test = directory / "test.yaml"
        test.write_text(yaml.safe_dump(document, sort_keys=False, width=10_000), encoding="utf-8")
        assert_promtool("test", "rules", test)


def write_rules(monitors: Sequence[Monitor], directory: Path, objectives: Sequence[ServiceSlo] = ()) -> list[Path]:
    """The generated rule files of the monitors and of OpenSLO objectives, in `directory`."""
    paths = []
    for name, text in render(monitors, Links(), objectives=objectives).items():
        path = directory / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def assert_promtool(*arguments: str | Path) -> str:
    """What promtool prints; AssertionError with it when it is not content."""
    done = subprocess.run([require("promtool"), *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def as_matchers(labels: Labels) -> str:
    pairs = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{{{pairs}}}"
