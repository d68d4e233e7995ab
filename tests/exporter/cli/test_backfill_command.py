"""`infranaut backfill`: what it refuses, what it says, and that it leaves nothing half done."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.warm.tier import Span
from exporter.cli.backfilling.blocks import block_folder, create_blocks, find_promtool
from exporter.cli.backfilling.run import Backfill, backfill
from exporter.errors import InfranautError, InvalidSettings, ServiceFailed
from exporter.monitor.spec import Monitor
from exporter.settings_file import load_settings_file
from tests.support.archives import an_entry, labels, predictions
from tests.support.backfills import backfilled, dumped, land, move_to_cold, run_backfill, write_monitor_file
from tests.support.batches import a_monitor
from tests.support.clocks import MovedClock
from tests.support.profiled import with_labels
from tests.support.programs import require

HOUR = 1_749_996_000
"""2025-06-15T14:00:00Z"""
PERIOD = ("--from", "2025-06-15T14:00Z", "--to", "2025-06-15T16:00Z")


def a_labelled_monitor(**spec: Any) -> Monitor:
    features: dict[str, dict[str, Any]] = {"age": {"type": "number"}, "region": {"type": "category"}}
    document = a_monitor(features).model_dump(mode="json", exclude_none=True)
    document["spec"] |= {"labels": {"join": "id"}} | spec
    return Monitor.model_validate(document)


def an_archive(folder: Path, monitor: Monitor | None = None, rows: int = 50, name: str = "p") -> None:
    """`rows` predictions of one hour, half of them labelled."""
    write_monitor_file(folder / "monitors", monitor or a_labelled_monitor(), None)
    (folder / "state").mkdir(exist_ok=True)
    ids = [f"{name}{row}" for row in range(rows)]
    times = (HOUR + 3600 * np.random.default_rng(1).random(rows)).tolist()
    batch = predictions(ids, times, 0.5, age=1.0, region="north")
    entries = [an_entry(batch, received_at=HOUR), an_entry(labels(ids[: rows // 2], HOUR + 5000))]
    land(folder / "state", entries, MovedClock(HOUR + 7200.0))


def refusal(folder: Path, *flags: str | Path) -> str:
    """Why the command ends with an error of ours."""
    result = run_backfill(folder, *flags)
    assert isinstance(result.exception, InfranautError), result.output
    return str(result.exception)


def test_a_dry_run_says_what_would_be_counted_and_writes_nothing(tmp_path: Path) -> None:
    an_archive(tmp_path)
    result = run_backfill(tmp_path, *PERIOD, "--monitor", "credit", "--dry-run")
    told = "credit, 2025-06-15T14:00Z to 2025-06-15T16:00Z: about 50 predictions and 25 labels would be counted\n"
    assert result.stdout == told
    assert {path.name for path in tmp_path.iterdir()} == {"monitors", "state"}


def test_results_are_one_line_or_one_document(tmp_path: Path) -> None:
    an_archive(tmp_path)
    told = backfilled(tmp_path, *PERIOD, "--monitor", "credit")
    assert (told["predictions"], told["outcomes"], told["left_out"]) == (50, 25, [])
    assert told["samples"] > 10_000
    result = run_backfill(tmp_path, *PERIOD, "--monitor", "credit", "--out", tmp_path / "again")
    assert result.stdout.startswith(
        "credit, 2025-06-15T14:00Z to 2025-06-15T16:00Z: 50 predictions and 25 outcomes as "
    )


def test_features_that_are_kept_out_of_the_archive_are_left_out_and_named(tmp_path: Path) -> None:
    an_archive(tmp_path, a_labelled_monitor(privacy={"drop": ["age"]}))
    told = backfilled(tmp_path, *PERIOD, "--monitor", "credit")
    assert told["left_out"] == ["age"]
    series = {line.partition("}")[0] for line in dumped(tmp_path / "blocks")}
    of_bins = [name for name in series if '"infranaut_feature_bin_total"' in name]
    assert any('feature="region"' in name for name in of_bins)
    assert not any('feature="age"' in name for name in of_bins)
    assert not any("infranaut_records_invalid_total" in name for name in series)


def test_rows_whose_key_was_taken_away_are_told(tmp_path: Path) -> None:
    an_archive(tmp_path)
    keys, config = tmp_path / "keys.json", tmp_path / "infranaut.yaml"
    keys.write_text("{}")
    config.write_text("archive: {cold: {column_keys: keys.json}}\n")
    clock = MovedClock(HOUR + 90 * 86_400.0)
    move_to_cold(tmp_path / "state", a_labelled_monitor(), clock, load_settings_file(config).archive)
    keys.write_text('{"credit/2025-06": null}')
    promtool = ("--promtool", require("promtool"))
    result = run_backfill(
        tmp_path, *PERIOD, "--monitor", "credit", "--config", config, "--out", tmp_path / "out", *promtool
    )
    assert result.exit_code == 0, result.output
    assert "warning: the key of 50 rows was taken away: their features count as missing" in result.stderr


def test_job_and_instance_are_as_asked(tmp_path: Path) -> None:
    an_archive(tmp_path)
    backfilled(tmp_path, *PERIOD, "--monitor", "credit", "--job", "ml", "--instance", "rebuilt")
    assert all('instance="rebuilt"' in line and 'job="ml"' in line for line in dumped(tmp_path / "blocks"))


def test_every_series_begins_at_0(tmp_path: Path) -> None:
    an_archive(tmp_path)
    backfilled(tmp_path, *PERIOD, "--monitor", "credit")
    first: dict[str, tuple[int, float]] = {}
    for line in dumped(tmp_path / "blocks"):
        series, value, time = line.rsplit(" ", 2)
        first[series] = min(first.get(series, (int(time), float(value))), (int(time), float(value)))
    counters = {series: sample for series, sample in first.items() if "_total" in series or "_bucket" in series}
    assert len(counters) > 50
    assert set(counters.values()) == {(HOUR * 1000, 0.0)}


def test_a_period_without_rows_is_all_zeros(tmp_path: Path) -> None:
    an_archive(tmp_path)
    told = backfilled(tmp_path, "--from", "2025-06-14", "--to", "2025-06-14T02:00", "--monitor", "credit")
    assert (told["predictions"], told["outcomes"]) == (0, 0)
    assert told["samples"] > 0


def test_other_files_beside_blocks_are_never_overwritten(tmp_path: Path) -> None:
    an_archive(tmp_path)
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "01ABC").mkdir()
    assert "not empty" in refusal(tmp_path, *PERIOD, "--monitor", "credit", "--out", tmp_path / "blocks")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--monitor", "cerdit"), "did you mean 'credit'"),
        (("--monitor", "credit", "--step", "7s"), "so many of which make two hours"),
        (("--monitor", "credit", "--step", "5m"), "expected up to 4m"),
        (("--monitor", "credit", "--step", "soon"), "is not a duration"),
        (("--monitor", "credit", "--to", "2025-06-15T14:00Z"), "the first before the second"),
        (("--monitor", "credit", "--promtool", "/nowhere/promtool"), "no program is there"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_was_expected(
    tmp_path: Path, flags: tuple[str, ...], words: str
) -> None:
    an_archive(tmp_path)
    assert words in refusal(tmp_path, *PERIOD, *flags, "--out", tmp_path / "blocks")
    assert not (tmp_path / "blocks").exists()


@pytest.mark.parametrize("flags", [(), ("--out", "blocks", "--dry-run")])
def test_either_a_folder_or_a_dry_run_is_asked_for(tmp_path: Path, flags: tuple[str, ...]) -> None:
    an_archive(tmp_path)
    result = run_backfill(tmp_path, *PERIOD, "--monitor", "credit", *flags)
    assert result.exit_code == 2
    assert "--dry-run" in result.stderr


def test_without_promtool_it_is_said_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidSettings, match="apt install prometheus"):
        find_promtool(None, tmp_path)


def test_promtool_is_found_beside_the_project_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("tools/bin", "path"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "promtool").write_text("#!/bin/sh\n")
        (tmp_path / folder / "promtool").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert find_promtool(None, tmp_path / "tools") == tmp_path / "tools/bin/promtool"
    assert find_promtool(None, tmp_path / "none") == tmp_path / "path/promtool"


def test_what_promtool_refuses_is_told(tmp_path: Path) -> None:
    promtool = tmp_path / "promtool"
    promtool.write_text("#!/bin/sh\necho 'no space left on device' >&2\nexit 3\n")
    promtool.chmod(0o755)
    an_archive(tmp_path)
    told = refusal(tmp_path, *PERIOD, "--monitor", "credit", "--out", tmp_path / "out", "--promtool", promtool)
    assert "exit code 3" in told
    assert "no space left on device" in told
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interrupted_backfill_leaves_no_block_and_can_be_repeated(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        interrupted(out)
    assert list(out.iterdir()) == []
    (out / ".backfill" / "blocks" / "01OLD").mkdir(parents=True)
    with block_folder(out) as work:
        (work / "blocks" / "01ABD").mkdir()
    assert [block.name for block in out.iterdir()] == ["01ABD"]


def test_a_full_disk_is_told_and_leaves_no_block(tmp_path: Path) -> None:
    def fill(out: Path) -> None:
        with block_folder(out):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InvalidSettings, match="No space left on device"):
        fill(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def interrupted(out: Path) -> None:
    with block_folder(out) as work:
        (work / "blocks" / "01ABC").mkdir()
        raise KeyboardInterrupt


def test_text_that_is_no_openmetrics_is_an_error(tmp_path: Path) -> None:
    text = tmp_path / "series.txt"
    text.write_text("no metrics at all {\n")
    with pytest.raises(ServiceFailed, match="promtool could not make blocks"):
        create_blocks(require("promtool"), text, tmp_path)


class ListedRows:
    """`RawRows` of one monitor from batches that are there."""

    def __init__(self, *outcomes: pa.RecordBatch) -> None:
        self._outcomes = outcomes

    def predictions(self, span: Span) -> Iterator[pa.RecordBatch]:
        yield from ()

    def outcomes(self, span: Span, maximum_delay_s: float) -> Iterator[pa.RecordBatch]:
        yield from self._outcomes


def test_what_is_known_when_a_block_ends_belongs_to_the_next_one(tmp_path: Path) -> None:
    end = HOUR + 7200
    known = [end - 1.0, float(end), end + 1.0]
    rows = with_labels(predictions(["a", "b", "c"], HOUR, 0.5, age=1.0, region="north"), [1.0] * 3, known)
    rows = rows.append_column("known_at", rows.column("label_time"))
    wanted = Backfill(a_labelled_monitor(), "", None, Span(HOUR, HOUR + 10_800), 60, (("instance", "x"),))
    done = backfill(
        wanted, ListedRows(), ListedRows(rows.slice(0, 2), rows.slice(2)), require("promtool"), tmp_path / "o"
    )
    assert done.outcomes == 3
    counted = {
        int(time) // 1000: float(value)
        for series, value, time in (line.rsplit(" ", 2) for line in dumped(tmp_path / "o"))
        if '"infranaut_labels_total"' in series
    }
    assert (counted[end - 60], counted[end], counted[end + 60]) == (0, 1, 3)


def test_periods_are_cut_where_blocks_end() -> None:
    wanted = Backfill(a_labelled_monitor(), "", None, Span(HOUR + 3600, HOUR + 4 * 3600), 60, ())
    assert list(wanted.blocks()) == [Span(HOUR + 3600, HOUR + 7200), Span(HOUR + 7200, HOUR + 14_400)]
