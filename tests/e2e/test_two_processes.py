"""Two ingest processes behind one page: every scrape shows each process as it was between two batches."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.support.exporters import an_exporter
from tests.support.load import MONITOR, a_load
from tests.support.monitor_files import write_monitor
from tests.support.scrapes import ParsedScrape

FEATURES = "age: {type: number}, income: {type: number}, region: {type: category}"
COUNTED, BINS = "infranaut_predictions_total", "infranaut_feature_bin_total"
SCRAPES = 60


def test_every_bin_of_every_feature_adds_up_at_every_scrape_under_load(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors", features=FEATURES)
    with an_exporter(tmp_path, tmp_path / "monitors", processes=2) as exporter:
        with a_load(exporter, clients=4, rows=2_000) as load:
            scrapes = [exporter.metrics() for _ in range(SCRAPES)]
        for scrape in scrapes:
            assert set(scrape.sums(BINS, by="feature").values()) == {scrape.value(COUNTED)}
            assert scrape.value("infranaut_ingest_lag_seconds_count") == scrape.value(COUNTED)
        assert len({scrape.value(COUNTED) for scrape in scrapes}) > SCRAPES / 4, "the load was not on"
        assert_no_counter_falls(scrapes)
        exporter.wait_for_value(load.settled_rows, COUNTED, monitor=MONITOR)


def assert_no_counter_falls(scrapes: list[ParsedScrape]) -> None:
    for earlier, later in pairwise(scrapes):
        fallen = [
            identity
            for identity, value in earlier.series.items()
            if identity[0].endswith(("_total", "_count", "_bucket")) and later.series[identity] < value
        ]
        assert not fallen
