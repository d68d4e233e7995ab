"""Counts at a moment between two scrapes: Prometheus extrapolates to it, VictoriaMetrics does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exporter.cli.backfilling.blocks import create_blocks
from exporter.cli.backtesting.programs import Tools, over_blocks
from tests.support.programs import require
from tests.support.services import RunningPrometheus
from tests.support.victoria_metrics import victoria_metrics

BEGAN_S = 1_750_118_400
SCRAPE_S, SCRAPES = 15, 480
ROWS_A_SCRAPE = np.linspace(2, 60, 20)
"""Of each bin; Poisson numbers around them."""


@pytest.mark.parametrize(("window", "rows", "share"), [("5m", 0.01, 0.005), ("1h", 0.001, 0.0005)])
def test_rows_and_shares_of_steady_traffic_agree_between_scrapes(
    window: str, rows: float, share: float, tmp_path: Path
) -> None:
    tools = Tools(require("prometheus"), require("promtool"))
    (tmp_path / "blocks").mkdir()
    (tmp_path / "counts.txt").write_text(exposition(milliseconds=1) + "# EOF\n", encoding="utf-8")
    create_blocks(tools.promtool, tmp_path / "counts.txt", tmp_path)
    with victoria_metrics(tmp_path) as victoria, over_blocks(tools, tmp_path / "blocks", tmp_path / "logs") as blocks:
        victoria.store(exposition(milliseconds=1000))
        for scrape in range(260, SCRAPES - 1, 40):
            at_s = BEGAN_S + (scrape + 0.5) * SCRAPE_S
            extrapolated = increases(RunningPrometheus(blocks.url), window, at_s)
            counted = increases(victoria, window, at_s)
            assert extrapolated.sum() == pytest.approx(counted.sum(), rel=rows)
            assert extrapolated / extrapolated.sum() == pytest.approx(counted / counted.sum(), abs=share)
            assert extrapolated.tolist() != counted.tolist()


def exposition(milliseconds: int) -> str:
    """Every scrape of every bin, series by series, its time in seconds times `milliseconds`."""
    counts = np.random.default_rng(5).poisson(ROWS_A_SCRAPE, (SCRAPES, len(ROWS_A_SCRAPE))).cumsum(axis=0)
    return "".join(
        f'rows_total{{bin="q{number:02d}"}} {count} {(BEGAN_S + scrape * SCRAPE_S) * milliseconds}\n'
        for number, column in enumerate(counts.T.tolist())
        for scrape, count in enumerate(column)
    )


def increases(server: RunningPrometheus, window: str, at_s: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = {sample.labels["bin"]: sample.value for sample in server.query(f"increase(rows_total[{window}])", at_s)}
    assert len(found) == len(ROWS_A_SCRAPE)
    return np.array([found[name] for name in sorted(found)])
