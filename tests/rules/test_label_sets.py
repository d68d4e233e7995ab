"""The label sets that queries yield are those that Prometheus yields."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rules.label_sets import Evaluation, LabelSet, Work


def labels(**pairs: str) -> LabelSet:
    return frozenset(pairs.items())


SERIES = {
    "m": [labels(job="j", instance=f"i{i}", bin=f"q0{b}", v=v) for i in range(2) for b in range(3) for v in "xy"],
    "r": [labels(job="j", v="x", w="1")],
    "b_bucket": [labels(job="j", le=le) for le in ("1", "2", "+Inf")],
}


def yields(query: str) -> Sequence[LabelSet]:
    return Evaluation(SERIES, 15.0).yields(query)


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
    evaluation = Evaluation(SERIES, 15.0)
    evaluation.yields("sum without (bin) (increase(m[1h])) / on (v) group_left () r")
    assert evaluation.work == Work(series=13, samples=12 * 240, grouped=12, matched=5, mapped=12)


def test_a_subquery_is_worked_through_at_each_of_its_steps() -> None:
    evaluation = Evaluation(SERIES, 15.0)
    evaluation.yields("max_over_time(abs(r)[1h:5m])")
    assert evaluation.work == Work(series=12, samples=12, mapped=12 + 1)


def test_nothing_is_read_from_before_the_first_sample() -> None:
    evaluation = Evaluation(SERIES, 15.0, history_s=1800)
    evaluation.yields("increase(r[1h])")
    assert evaluation.work.samples == 120
    assert evaluation.yields("r offset 1h") == ()
