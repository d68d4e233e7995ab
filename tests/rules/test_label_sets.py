"""The label sets that queries yield are those that Prometheus yields."""

from __future__ import annotations

import pytest

from rules.group import RecordingRule
from rules.label_sets import Evaluation, KnownSeries, Work
from rules.label_vectors import LabelSet


def labels(**pairs: str) -> LabelSet:
    return frozenset(pairs.items())


SERIES = {
    "m": [labels(job="j", instance=f"i{i}", bin=f"q0{b}", v=v) for i in range(2) for b in range(3) for v in "xy"],
    "r": [labels(job="j", v="x", w="1")],
    "b_bucket": [labels(job="j", le=le) for le in ("1", "2", "+Inf")],
}


def yields(query: str) -> list[LabelSet]:
    return list(Evaluation(KnownSeries(SERIES, 15.0)).yields(query).sets)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("m", 12),
        ('m{v="x",bin!="q00"}', 4),
        ('m{bin=~"q0[12]",v!~"y|z"}', 4),
        ('m{missing=""}', 12),
        ("sum(m)", 1),
        ("sum by (v) (m)", 2),
        ("sum without (instance) (m)", 6),
        ("topk(2, sum without (instance) (m))", 2),
        ("topk by (v) (2, sum without (instance) (m))", 4),
        ("ln(abs(-m)) * 2 > 0", 12),
        ("2 ^ (3 - 1)", 1),
        ("m + m", 12),
        ("m / on (job, v) group_left (w) r", 6),
        ("r * on (job, v) group_right () m", 6),
        ("sum without (instance) (m) / ignoring (bin) group_left () sum without (bin, instance) (m)", 6),
        ("m and on (v) r", 6),
        ("m unless on (v) r", 6),
        ("m or r", 13),
        ("m > on (job, bin, instance, v) m", 12),
        ("histogram_quantile(0.9, b_bucket)", 1),
        ("absent(m)", 0),
        ("absent(nothing)", 1),
        ("nothing", 0),
        ("vector(1)", 1),
        ("time() - 5", 1),
        ("m * scalar(r)", 12),
        ('label_replace(r, "w", "$1-b", "v", "(.*)")', 1),
        ("max_over_time(sum by (v) (m)[1h:5m])", 2),
    ],
)
def test_so_many_series_are_yielded(query: str, count: int) -> None:
    assert len(yields(query)) == count


def test_labels_are_joined_and_replaced() -> None:
    assert yields('m{instance="i0",bin="q00",v="x"} / on (job, v) group_left (w) r') == [
        labels(job="j", instance="i0", bin="q00", v="x", w="1")
    ]
    assert yields('label_replace(r, "w", "$1-b", "v", "(.*)")') == [labels(job="j", v="x", w="x-b")]
    assert yields("r / on (job) r") == [labels(job="j")]
    assert yields("r > on (job) r") == [labels(job="j")]


def test_work_is_what_prometheus_has_to_touch() -> None:
    evaluation = Evaluation(KnownSeries(SERIES, 15.0))
    evaluation.yields("sum without (bin) (increase(m[1h])) / on (v) group_left () r")
    assert evaluation.work == Work(series=13, samples=12 * 240, grouped=12, matched=5, mapped=12)


def test_a_subquery_works_at_each_of_its_steps_and_looks_its_series_up_once() -> None:
    evaluation = Evaluation(KnownSeries(SERIES, 15.0))
    evaluation.yields("max_over_time(abs(r)[1h:5m])")
    assert evaluation.work == Work(series=1, samples=12 * 20 + 12, mapped=12 + 1)


def test_what_a_group_records_at_an_interval_of_its_own_has_so_many_samples() -> None:
    known = KnownSeries(SERIES, 15.0)
    known.record(RecordingRule("r:y", "r"), Evaluation(known).yields("r"), every_s=60.0)
    for query, samples in (("max_over_time(r:y[1h])", 60), ("max_over_time(r:y[1h:5m])", 60 + 12)):
        evaluation = Evaluation(known)
        evaluation.yields(query)
        assert evaluation.work.samples == samples


def test_a_subquery_inside_another_walks_along_its_own_steps() -> None:
    evaluation = Evaluation(KnownSeries(SERIES, 15.0))
    evaluation.yields("max_over_time((max_over_time(r[10m:1m]) + r)[1h:5m])")
    inner = 10 * 4 + 10
    assert evaluation.work == Work(series=2, samples=12 * (20 + inner) + 12, matched=12 * 2, mapped=12 + 1)


def test_nothing_is_read_from_before_the_first_sample() -> None:
    evaluation = Evaluation(KnownSeries(SERIES, 15.0), history_s=1800)
    evaluation.yields("increase(r[1h])")
    assert evaluation.work.samples == 120
    assert not evaluation.yields("r offset 1h")


def test_what_may_be_is_all_that_unless_could_leave() -> None:
    known = KnownSeries(SERIES, 15.0)
    assert not Evaluation(known).yields("r unless on (job) m")
    assert len(Evaluation(known, is_possible=True).yields("r unless on (job) m")) == 1


def test_recorded_series_are_there_for_the_next_query() -> None:
    known = KnownSeries(SERIES, 15.0)
    rule = RecordingRule("m:y", "m", {"bin": "", "window": "1h"})
    for _ in range(2):
        known.record(rule, Evaluation(known).yields("sum by (v, bin) (m)"))
    assert [dict(found) for found in Evaluation(known).yields("m:y").sets] == [{"v": v, "window": "1h"} for v in "xy"]
