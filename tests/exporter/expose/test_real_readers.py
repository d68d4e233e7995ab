"""Prometheus and promtool themselves read what is exposed, with every type and every family of the catalogue."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from exporter import catalog
from exporter.catalog import Metric
from exporter.expose import HistogramSamples, Part, Rendered, Samples
from tests.support.expositions import EDGES, OPENMETRICS, a_small_exposition, an_exposition, as_text, part, series
from tests.support.listening import listening
from tests.support.programs import require
from tests.support.services import a_prometheus_config, prometheus

AWKWARD = 'C:\\new "line"\n 100% ü 🙂 \x01\x7f'


def the_whole_catalogue() -> list[Part]:
    """One series of every family, with awkward label values."""
    return [part(*(one_of(metric) for metric in catalog.CATALOG if metric is not catalog.COLLECTOR_SUCCESS))]


def one_of(metric: Metric) -> Samples | HistogramSamples:
    labels = (tuple((label, f"{label} {AWKWARD}") for label in metric.labels),)
    if metric.type == "histogram":
        return HistogramSamples(metric, "x", labels, EDGES, np.array([[1, 2, 3]]), np.array([4.5]))
    return Samples(metric, "x", labels, ((),), np.array([7.5]))


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_every_family_of_the_catalogue_is_readable(accept: str) -> None:
    found = series(an_exposition().render(the_whole_catalogue(), accept))
    of_histograms = sum(metric.type == "histogram" for metric in catalog.CATALOG)
    assert len(found) == len(catalog.CATALOG) + of_histograms * 4


@pytest.mark.parametrize("parts", [a_small_exposition(), the_whole_catalogue()], ids=["small", "every family"])
def test_promtool_finds_nothing_to_say(parts: list[Part]) -> None:
    text = as_text(an_exposition().render(parts))
    checked = subprocess.run(
        [require("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("encoding", ["gzip", ""])
@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_a_real_prometheus_scrapes_it(tmp_path: Path, accept: str, encoding: str) -> None:
    exposition = an_exposition()
    with serving(lambda: exposition.render(the_whole_catalogue(), accept, encoding)) as address:
        config = a_prometheus_config({"infranaut": [address]})
        with prometheus(config, tmp_path) as server:
            server.wait_for('up{job="infranaut"} == 1', deadline_s=15)
            scraped = server.value('scrape_samples_scraped{job="infranaut"}')
            monitors = {sample.labels["monitor"] for sample in server.query("infranaut_series")}
    assert scraped == len(series(exposition.render(the_whole_catalogue())))
    assert monitors == {f"monitor {AWKWARD}"}


@contextmanager
def serving(render: Callable[[], Rendered]) -> Iterator[str]:
    """Answers every GET with what `render` gives, whatever was asked for, at the address."""

    class Scraped(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            rendered = render()
            self.send_response(200)
            for name, value in rendered.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(rendered.body)))
            self.end_headers()
            self.wfile.write(rendered.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that its base has
            """Says nothing."""

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Scraped)) as port:
        yield f"127.0.0.1:{port}"
