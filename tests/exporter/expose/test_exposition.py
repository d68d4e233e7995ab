from __future__ import annotations

import gzip
import logging
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporter import catalog
from exporter.expose import Exposition, Samples
from tests.support.expositions import (
    OPENMETRICS,
    a_small_exposition,
    an_exposition,
    as_text,
    failing_part,
    gauges,
    head,
    key,
    latency,
    part,
    predictions,
    series,
)
from tests.support.golden import GoldenFiles

GOLDEN = Path(__file__).parents[2] / "golden" / "exposition"
SUCCESS = key("infranaut_collector_success", collector="exposition")
BOTH_FORMATS = pytest.mark.parametrize("accept", ["", OPENMETRICS])


@BOTH_FORMATS
def test_values_come_out_as_they_went_in(accept: str) -> None:
    found = series(an_exposition().render([part(predictions(3, 2**53))], accept))
    assert found[key("infranaut_predictions_total", monitor="credit", model_version="1")] == 3
    assert found[key("infranaut_predictions_total", monitor="credit", model_version="2")] == 2**53


@BOTH_FORMATS
def test_numbers_that_are_not_finite_have_the_names_that_prometheus_knows(accept: str) -> None:
    values = gauges(catalog.MONITOR_THRESHOLD, "check", nan=math.nan, up=math.inf, down=-math.inf, third=1 / 3)
    rendered = an_exposition().render([part(values)], accept)
    by_check = {
        dict(labels)["check"]: value for (_, labels), value in series(rendered).items() if "check" in dict(labels)
    }
    assert math.isnan(by_check.pop("nan"))
    assert by_check == {"up": math.inf, "down": -math.inf, "third": 1 / 3}
    assert 'check="nan"} NaN\n' in as_text(rendered)


@BOTH_FORMATS
def test_a_histogram_accumulates(accept: str) -> None:
    found = series(an_exposition().render([part(latency([[1, 2, 3], [0, 0, 0]], [4.5, 0.0]))], accept))
    name, labels = "infranaut_prediction_latency_seconds", {"monitor": "credit", "model_version": "1"}
    buckets = [found[key(f"{name}_bucket", **labels, le=bound)] for bound in ("0.25", "1.0", "+Inf")]
    assert buckets == [1, 3, 6]
    assert found[key(f"{name}_sum", **labels)] == 4.5
    assert found[key(f"{name}_count", **labels)] == 6
    assert found[key(f"{name}_count", monitor="credit", model_version="2")] == 0


def test_all_samples_of_a_family_stand_together_under_one_header() -> None:
    parts = [part(latency([[1, 2, 3]], [4.5], name), predictions(1, monitor=name), name=name) for name in ("a", "b")]
    lines = as_text(an_exposition().render(parts)).splitlines()
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert families == [
        "infranaut_collector_success",
        "infranaut_predictions_total",
        "infranaut_prediction_latency_seconds",
    ]
    owners = [line for line in lines if line.startswith("infranaut_predictions_total")]
    assert owners == [f'infranaut_predictions_total{{monitor="{name}",model_version="1"}} 1' for name in ("a", "b")]


def test_a_family_without_samples_has_no_header() -> None:
    nothing = Samples(catalog.PREDICTIONS, "credit", (), ((),), np.zeros((0, 1)))
    assert "predictions" not in as_text(an_exposition().render([part(nothing)]))


@BOTH_FORMATS
@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_every_encoding_and_format_says_the_same(accept: str, encoding: str) -> None:
    exposition = an_exposition()
    expected = series(exposition.render(a_small_exposition()))
    assert series(exposition.render(a_small_exposition(), accept, encoding)) == expected


def test_the_text_format_is_as_it_was(golden: GoldenFiles) -> None:
    golden.check(GOLDEN / "small.txt", as_text(an_exposition().render(a_small_exposition())))


def test_openmetrics_is_as_it_was(golden: GoldenFiles) -> None:
    golden.check(GOLDEN / "small.openmetrics.txt", as_text(an_exposition().render(a_small_exposition(), OPENMETRICS)))


def test_openmetrics_names_a_counter_without_total_and_ends_with_its_mark() -> None:
    text = as_text(an_exposition().render([part(predictions(1))], OPENMETRICS))
    assert "# TYPE infranaut_predictions counter\n" in text
    assert "\ninfranaut_predictions_total{" in text
    assert text.endswith("\n# EOF\n")


def test_the_headers_say_what_the_body_is() -> None:
    exposition = an_exposition()
    plain = exposition.render([], "text/plain")
    packed = exposition.render([], OPENMETRICS, "gzip, deflate")
    assert plain.headers == {
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
        "Vary": "Accept, Accept-Encoding",
    }
    assert packed.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body).endswith(b"# EOF\n")


def test_a_part_that_fails_costs_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    exposition = an_exposition()
    parts = [failing_part(predictions(9, monitor="broken")), part(predictions(1))]
    with caplog.at_level(logging.ERROR):
        found = series(exposition.render(parts))
    assert found == {key("infranaut_predictions_total", monitor="credit", model_version="1"): 1, SUCCESS: 0}
    assert "broken could not be exposed" in caplog.text
    assert series(exposition.render(parts[1:]))[SUCCESS] == 1


@pytest.mark.parametrize(
    "samples",
    [
        Samples(catalog.PREDICTIONS, "credit", (head(),), ((),), np.array([1, 2])),
        Samples(catalog.PREDICTIONS, "credit", ((("not a name", "1"),),), ((),), np.array([1])),
        Samples(catalog.PREDICTIONS, "credit", ((("monitor", "1"), ("monitor", "2")),), ((),), np.array([1])),
        Samples(catalog.PREDICTIONS, "credit", (head(),), ((("monitor", "again"),),), np.array([1])),
        Samples(catalog.PREDICTIONS, "credit", ((("monitor", None),),), ((),), np.array([1])),  # type: ignore[arg-type]
    ],
    ids=["too many values", "label name", "label twice", "label twice over head and tail", "label value"],
)
def test_samples_that_cannot_be_written_cost_their_part_only(samples: Samples) -> None:
    assert set(series(an_exposition().render([part(samples)]))) == {SUCCESS}


def test_a_family_that_one_owner_gives_twice_is_refused_with_its_part() -> None:
    twice = part(predictions(1), predictions(2))
    assert series(an_exposition().render([twice])) == {SUCCESS: 0}
    assert series(an_exposition().render([part(predictions(1)), part(predictions(2))]))[SUCCESS] == 0


def test_a_family_outside_the_catalogue_still_goes_out() -> None:
    other = catalog.Metric("other_total", "counter", ("monitor",), "Something else.")
    found = series(an_exposition().render([part(Samples(other, "x", ((("monitor", "x"),),), ((),), np.array([1])))]))
    assert found[key("other_total", monitor="x")] == 1


@BOTH_FORMATS
def test_the_registry_of_others_follows(accept: str) -> None:
    registry = CollectorRegistry()
    Counter("plugged", "In.", registry=registry).inc(3)
    found = series(Exposition(registry).render([part(predictions(1))], accept))
    assert found[key("plugged_total")] == 3
    assert key("infranaut_predictions_total", monitor="credit", model_version="1") in found


class RaisingCollector(Collector):
    """Registers as if it were well, and raises at every scrape after."""

    def __init__(self) -> None:
        self.is_broken = False

    def collect(self) -> Iterable[Any]:
        if self.is_broken:
            raise RuntimeError("the plug-in is broken")
        return []


class SurrogateCollector(Collector):
    """Gives a label value that UTF-8 cannot carry."""

    def collect(self) -> Iterator[Any]:
        family = GaugeMetricFamily("spoiled", "By a label value.", labels=["name"])
        family.add_metric(["\ud800"], 1)
        yield family


@BOTH_FORMATS
def test_a_collector_that_raises_never_costs_the_scrape(accept: str, caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    Gauge("before", "It.", registry=registry).set(1)
    broken = RaisingCollector()
    registry.register(broken)
    broken.is_broken = True
    with caplog.at_level(logging.ERROR):
        found = series(Exposition(registry).render([part(predictions(1))], accept))
    assert key("before") in found
    assert key("infranaut_predictions_total", monitor="credit", model_version="1") in found
    assert "a collector of the registry failed" in caplog.text


@BOTH_FORMATS
def test_a_family_of_the_registry_that_cannot_be_written_costs_itself_only(accept: str) -> None:
    registry = CollectorRegistry()
    registry.register(SurrogateCollector())
    Gauge("after", "It.", registry=registry).set(1)
    assert set(series(Exposition(registry).render([], accept))) == {key("after"), SUCCESS}
