"""One page of /metrics in each format: well formed for Prometheus's own tools, and the same numbers in both."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.fleet import Fleet
from tests.support.polling import wait_until
from tests.support.programs import require
from tests.support.scrapes import Identity, ParsedScrape, parse_scrape

AS_PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain"
)
PASSING = {"infranaut_collector_duration_seconds"}
"""Series that change without anybody doing anything."""

pytestmark = pytest.mark.slow


def test_promtool_finds_nothing_to_complain_about_in_a_live_page(fleet: Fleet) -> None:
    page = fleet.exporters[1].scrape().content
    done = subprocess.run(
        [require("promtool"), "check", "metrics"], input=page, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_openmetrics_and_text_tell_the_same(fleet: Fleet) -> None:
    exporter = fleet.exporters[1]
    openmetrics = exporter.scrape(AS_PROMETHEUS, "gzip")
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.headers["Content-Encoding"] == "gzip"
    assert own_series(parse_scrape(openmetrics.text, is_openmetrics=True)) == own_series(exporter.metrics())


@pytest.mark.parametrize("index", [0, 1])
def test_a_prometheus_that_scrapes_gzipped_openmetrics_sees_what_plain_text_tells(fleet: Fleet, index: int) -> None:
    exporter = fleet.exporters[index]

    def seen() -> dict[Identity, float]:
        samples = fleet.prometheus.query(f'{{__name__=~"infranaut_.+", instance="{exporter.address}"}}')
        added = {"__name__", "instance", "job"}
        return {
            (sample.labels["__name__"], frozenset(pair for pair in sample.labels.items() if pair[0] not in added)): (
                sample.value
            )
            for sample in samples
            if sample.labels["__name__"] not in PASSING
        }

    told = own_series(exporter.metrics())
    assert len(told) > 1_000
    wait_until(lambda: seen() == told, 10, "the same series and values")


def own_series(scrape: ParsedScrape) -> dict[Identity, float]:
    return {
        (name, labels): value
        for (name, labels), value in scrape.series.items()
        if name.startswith("infranaut_") and name not in PASSING
    }
