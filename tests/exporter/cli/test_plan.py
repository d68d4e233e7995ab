"""`infranaut plan`: what it tells of a change, and every way in which it cannot."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli import infranaut
from exporter.cli.planning.outcome import Plan
from exporter.errors import InvalidMonitors, InvalidSettings
from exporter.window.layout import Layout
from rules.cost import coefficients
from tests.support.golden_monitors import GOLDEN, golden_monitor

MONITORS = GOLDEN / "monitors"


def plan(*arguments: str | Path) -> Result:
    return CliRunner().invoke(infranaut, ["plan", *map(str, arguments)])


def planned(*arguments: str | Path) -> dict[str, Any]:
    result = plan(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def change(folder: Path, *replaced: tuple[str, str]) -> None:
    """Replaces text in the binary monitor's file."""
    path = folder / "credit-default.yaml"
    text = path.read_text()
    for before, after in replaced:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)


@pytest.fixture
def monitors(tmp_path: Path) -> Path:
    """The binary monitor alone, which is enough for most."""
    return copied(tmp_path / "repository" / "monitors", "credit-default")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The same again, which nobody changes."""
    return copied(tmp_path / "before", "credit-default")


def copied(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(MONITORS / f"{name}.yaml", folder)
    return folder


@pytest.fixture
def committed(monitors: Path) -> Path:
    """The folder in a repository whose last revision holds it."""
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "monitors")):
        git(monitors.parent, *command)
    return monitors


def git(folder: Path, *command: str) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *who, *command], check=True, capture_output=True)


def test_without_anything_to_compare_with_everything_is_new() -> None:
    document = planned("--monitors", MONITORS)
    assert document["against"] is None
    assert document["total"]["before"] is None
    assert {change["change"] for change in document["alerts"]} == {"added"}
    assert list(document["monitors"]) == ["bike-demand", "credit-default", "ticket-router", "(exporter)"]
    total = document["total"]["after"]
    assert total["recorded_series"] == sum(each["after"]["recorded_series"] for each in document["monitors"].values())


def test_exposed_series_are_those_that_the_exporter_counts_for_its_budget() -> None:
    layout = Layout(golden_monitor("bike-demand"), None)
    figures = planned("--monitors", MONITORS / "bike-demand.yaml")["monitors"]["bike-demand"]["after"]
    assert figures["budget_series"] == layout.overall.series + layout.static_series + layout.model.series
    assert figures["budget_series"] - 2 <= figures["exposed_series"] <= figures["budget_series"]


def test_replicas_and_versions_multiply_what_they_expose(monitors: Path) -> None:
    one = planned("--monitors", monitors)["monitors"]["credit-default"]["after"]
    two = planned("--monitors", monitors, "--replicas", "2")["monitors"]["credit-default"]["after"]
    versions = planned("--monitors", monitors, "--versions", "2")["monitors"]["credit-default"]["after"]
    assert two["exposed_series"] == 2 * one["exposed_series"]
    assert two["recorded_series"] == one["recorded_series"]
    assert versions["recorded_series"] > 1.5 * one["recorded_series"]


def test_slower_evaluation_costs_less(monitors: Path) -> None:
    fast = planned("--monitors", monitors)["total"]["after"]
    slow = planned("--monitors", monitors, "--evaluation-interval", "60s")["total"]["after"]
    assert slow["cpu_seconds_per_minute"] < 0.7 * fast["cpu_seconds_per_minute"]
    assert slow["evaluations_per_minute"] < fast["evaluations_per_minute"]


def test_memory_goes_by_series_and_disk_by_scraped_and_recorded_samples(monitors: Path) -> None:
    each_minute = ("--evaluation-interval", "60s", "--scrape-interval", "60s")
    figures = planned("--monitors", monitors, *each_minute)["monitors"]["credit-default"]["after"]
    known = coefficients()
    series = figures["exposed_series"] + figures["recorded_series"]
    assert figures["memory_bytes"] == pytest.approx(series * known.head_bytes_a_series)
    exposed_a_day = figures["exposed_series"] * 1440
    recorded_a_day = figures["samples_per_second"] * 86_400 - exposed_a_day
    assert figures["disk_bytes_per_day"] == pytest.approx(
        exposed_a_day * known.disk_bytes_a_sample + recorded_a_day * known.disk_bytes_a_recorded_sample
    )


def test_nothing_changes_against_the_same_monitors(monitors: Path, before: Path) -> None:
    document = planned("--monitors", monitors, "--against", before)
    assert document["alerts"] == []
    assert document["total"]["before"] == document["total"]["after"]


def test_a_threshold_a_severity_and_a_window_show_as_what_they_change(monitors: Path, before: Path) -> None:
    change(monitors, ("threshold: 0.1", "threshold: 0.2"), ("window: [1h, 5m]", "window: [1h]"))
    alerts = planned("--monitors", monitors, "--against", before)["alerts"]
    [drift] = [each for each in alerts if (each["alert"], each["about"]) == ("InfranautFeatureDrift", "window=1h")]
    assert drift["change"] == "changed"
    assert {"field": "threshold drift_psi", "before": "0.1", "after": "0.2"} in drift["fields"]
    [gone] = [each for each in alerts if (each["alert"], each["about"]) == ("InfranautFeatureDrift", "window=5m")]
    assert gone["change"] == "removed"
    assert gone["receivers"] == ["pagerduty risk-oncall, slack #risk-ml"]


def test_another_route_shows_who_is_told_instead(monitors: Path, before: Path) -> None:
    change(monitors, ("pagerduty: risk-oncall", "pagerduty: night-shift"))
    document = planned("--monitors", monitors, "--against", before)
    told = {each["receiver"]: (len(each["before"]), len(each["after"])) for each in document["receivers"]}
    old, new = told["pagerduty risk-oncall, slack #risk-ml"], told["pagerduty night-shift, slack #risk-ml"]
    assert old[0] == new[1] > 0
    assert (old[1], new[0]) == (0, 0)


def test_who_is_told_follows_the_delivery_file(monitors: Path, tmp_path: Path) -> None:
    delivery = tmp_path / "delivery.yaml"
    delivery.write_text('exporter: {slack: "#platform"}\n', encoding="utf-8")
    told = planned("--monitors", monitors, "--delivery", delivery)["receivers"]
    (platform,) = [one for one in told if one["receiver"] == "slack #platform"]
    assert any("InfranautExporterDown" in alert for alert in platform["after"])


def test_a_monitor_that_is_gone_has_figures_before_only(monitors: Path) -> None:
    document = planned("--monitors", monitors, "--against", MONITORS)
    assert document["monitors"]["bike-demand"]["after"] is None
    assert {each["change"] for each in document["alerts"] if each["monitor"] == "bike-demand"} == {"removed"}


def test_a_revision_of_git_is_compared_with(committed: Path) -> None:
    change(committed, ("threshold: 0.1", "threshold: 0.2"))
    document = planned("--monitors", committed, "--against", "HEAD")
    assert document["against"] == "HEAD"
    assert {each["change"] for each in document["alerts"]} == {"changed"}
    single = planned("--monitors", committed / "credit-default.yaml", "--against", "HEAD")
    assert single["monitors"]["credit-default"]["before"] == document["monitors"]["credit-default"]["before"]


def test_an_unknown_revision_is_named(committed: Path) -> None:
    result = plan("--monitors", committed, "--against", "no-such-branch")
    assert isinstance(result.exception, InvalidSettings)
    assert "--against no-such-branch: no folder has this name, and the repository" in str(result.exception)


def test_a_revision_that_looks_like_a_flag_is_none(committed: Path) -> None:
    assert isinstance(plan("--monitors", committed, "--against=--help").exception, InvalidSettings)


def test_a_folder_that_is_in_no_repository_is_named(monitors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(monitors.parents[1]))
    result = plan("--monitors", monitors, "--against", "HEAD")
    assert "--against HEAD: no folder has this name, and " in str(result.exception)
    assert str(result.exception).endswith(
        "is in no git repository of which it could be a revision; name a folder that is there"
    )


def test_monitors_that_a_revision_does_not_hold_are_named(committed: Path) -> None:
    new = copied(committed.parent / "new", "credit-default")
    assert "--against HEAD: new is not in it" in str(plan("--monitors", new, "--against", "HEAD").exception)


def test_without_git_a_revision_cannot_be_read(monitors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(monitors))
    assert "git, which could read a revision, is not on PATH" in str(
        plan("--monitors", monitors, "--against", "HEAD").exception
    )


def test_mistakes_of_a_revision_are_told_by_its_name(committed: Path) -> None:
    change(committed, ("task: binary", "task: binery"))
    git(committed.parent, "commit", "-qam", "a mistake")
    shutil.copy(MONITORS / "credit-default.yaml", committed)
    error = plan("--monitors", committed, "--against", "HEAD").exception
    assert isinstance(error, InvalidMonitors)
    assert str(error).startswith(f"HEAD:{committed}/credit-default.yaml:5: spec.model.task")


def test_a_monitor_beyond_its_own_budget_breaks_it(monitors: Path) -> None:
    change(monitors, ("  rules:\n", "  limits: {series: 150}\n  rules:\n"))
    result = plan("--monitors", monitors)
    assert result.exit_code == 2
    assert "credit-default: " in result.stderr
    assert "series to expose, spec.limits.series allows 150" in result.stderr


@pytest.mark.parametrize(
    ("flag", "told"), [("--series-budget", "series exposed and recorded"), ("--cpu-budget", "CPU")]
)
def test_a_budget_of_all_monitors_can_be_broken(monitors: Path, flag: str, told: str) -> None:
    kept, broken = plan("--monitors", monitors, flag, "1000000"), plan("--monitors", monitors, flag, "0")
    assert (kept.exit_code, broken.exit_code) == (0, 2)
    assert told in broken.stderr
    assert told in broken.stdout


@pytest.mark.parametrize(
    "arguments", [("--scrape-interval", "fast"), ("--evaluation-interval", "0s"), ("--json", "--markdown")]
)
def test_what_cannot_be_used_is_the_users_mistake(monitors: Path, arguments: tuple[str, ...]) -> None:
    error = plan("--monitors", monitors, *arguments).exception
    assert isinstance(error, InvalidSettings)
    assert str(error).startswith(arguments[0])


def test_the_text_tells_before_and_after(monitors: Path, before: Path) -> None:
    change(monitors, ("threshold: 0.1", "threshold: 0.2"), ("severity: critical", "severity: warning"))
    text = plan("--monitors", monitors, "--against", before).stdout
    assert "Plan against" in text
    assert "~ credit-default: InfranautFeatureDrift (window=1h), warning, tells pagerduty risk-oncall" in text
    assert "severity: critical → warning" in text
    assert "no built reference was found" in text


@pytest.mark.parametrize("is_collecting", [True, False])
def test_garbage_is_collected_after_a_plan_as_it_was_before(
    monitors: Path, monkeypatch: pytest.MonkeyPatch, *, is_collecting: bool
) -> None:
    was_collecting, seen = gc.isenabled(), list[bool]()

    def failing_plan(*_: object) -> Plan:
        seen.append(gc.isenabled())
        raise InvalidSettings("no plan")

    monkeypatch.setattr("exporter.cli.plan.make_plan", failing_plan)
    (gc.enable if is_collecting else gc.disable)()
    try:
        assert isinstance(plan("--monitors", monitors).exception, InvalidSettings)
        assert (seen, gc.isenabled()) == ([False], is_collecting)
    finally:
        (gc.enable if was_collecting else gc.disable)()


def test_markdown_is_a_table_and_lists(monitors: Path, before: Path) -> None:
    change(monitors, ("window: [1h, 5m]", "window: [1h]"))
    text = plan("--monitors", monitors, "--against", before, "--markdown").stdout
    assert "| --- | ---: |" in text
    assert "\n- - credit-default: InfranautFeatureDrift (window=5m)" in text
    assert "→" in text


def test_escalated_alerts_are_told_apart(monitors: Path, before: Path) -> None:
    change(monitors, ("severity: critical,", "severity: warning, escalate: {after: 1h},"))
    alerts = planned("--monitors", monitors, "--against", before)["alerts"]
    ours = [each for each in alerts if each["alert"] == "InfranautDataInvalid"]
    assert [(each["change"], each["severity"]) for each in ours] == [("added", "critical"), ("changed", "warning")]
