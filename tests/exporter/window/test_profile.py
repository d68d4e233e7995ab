"""Profiles: the exporter's own counts, sketches within their errors, and merging that does not care about the split."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter import catalog
from exporter.monitor.spec import Monitor
from exporter.reference.document import FeatureReference
from exporter.window.children import Child
from exporter.window.family_counts import FamilyCounts
from exporter.window.profile import EMPTY, Profile
from tests.support.archives import predictions
from tests.support.batches import START_S, a_monitor
from tests.support.clocks import NOON_S, MovedClock
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.kept import a_kept_pipeline
from tests.support.pipelines import sample_name
from tests.support.profiled import labelled_predictions, merged, profile_of, profiles_of, with_labels

ODD: tuple[Any, ...] = (None, [1], {"no": "value"}, False)
"""Missing, and of the wrong type."""

REFERENCE = a_reference({"age": a_number_reference(), "region": a_category_reference(north=600, süd=400)})


def a_labelled_monitor(task: str = "binary", **spec: Any) -> Monitor:
    features: dict[str, dict[str, Any]] = {"age": {"type": "number", "max": 4}, "region": {"type": "category"}}
    document = a_monitor(
        features, task=task, model_version="version", latency_seconds="latency", error="err"
    ).model_dump(mode="json")
    document["spec"] |= {"labels": {"join": "id", "maximum_delay": "7d"}} | spec
    return Monitor.model_validate(document)


MONITOR = a_labelled_monitor()


def exposed(profiles: Any, monitor: str) -> dict[str, float]:
    """Counts and sums of profiles by the names that a scrape gives them; histograms are left out."""
    series = {}
    for child, profile in profiles.items():
        for family in profile.families.values():
            if family is None or "seconds" in family.form.metric:
                continue
            for labels, value in zip(family.form.labels, family.values.tolist(), strict=True):
                own = {"monitor": monitor, "model_version": child.model_version, **dict(labels)}
                own |= {} if child.segment is None else {"segment": child.segment}
                series[sample_name(family.form.metric, own)] = value
    return series


def events(rng: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"p{row}",
            "ts": NOON_S + row,
            "score": round(rng.random(), 6),
            "version": str(rng.choice(["1", "2"])),
            "latency": round(rng.exponential(0.1), 4),
            "age": float(rng.normal(0, 3)),
            "region": str(rng.choice(["north", "süd", "west"])),
            **{name: ODD[row % len(ODD)] for name in ("age", "region") if rng.random() < 0.2},
            **({"err": "timeout"} if rng.random() < 0.05 else {}),
        }
        for row in range(rows)
    ]


@pytest.mark.parametrize(
    "more",
    [{}, {"segments": {"by": ["region"], "limit": 2}}, {"privacy": {"drop": ["age"]}}],
    ids=["whole", "by segment", "without what is private"],
)
def test_the_counts_of_profiles_are_those_that_the_exporter_exposes(tmp_path: Path, more: dict[str, Any]) -> None:
    rng = np.random.default_rng(5)
    document = a_labelled_monitor().model_dump(mode="json")
    document["spec"]["features"]["twice"] = {"type": "number", "sql": "age * 2"}
    document["spec"]["features"]["byte"] = {"type": "number", "sql": "age::utinyint"}
    document["spec"] |= {"rules": [{"name": "low", "sql": "age < 3"}], **more}
    monitor = Monitor.model_validate(document)
    built: dict[str, FeatureReference] = {
        "age": a_number_reference(),
        "region": a_category_reference(north=1),
        "twice": a_number_reference(8),
        "byte": a_number_reference(),
    }
    watched, journal = a_kept_pipeline(tmp_path, monitor, a_reference(built), MovedClock(NOON_S + 1000))
    watched.predict(*events(rng, 500))
    watched.label(*({"id": f"p{row}", "label": int(rng.random() < 0.3)} for row in range(0, 500, 2)))
    rows = journal.labelled_rows().sort_by("time").combine_chunks()
    profiles = profiles_of(rows.to_batches(), monitor, a_reference(built))
    scraped, told = watched.series(), exposed(profiles, monitor.name)
    assert len(told) > 100
    assert {name: scraped[name] for name in told} == pytest.approx(told, rel=1e-12)
    assert sum(profile.rows for profile in profiles.values()) == 500
    assert sum(profile.labelled for profile in profiles.values()) == 250


def test_latencies_and_label_delays_are_histograms(tmp_path: Path) -> None:
    watched, journal = a_kept_pipeline(tmp_path, MONITOR, REFERENCE, MovedClock(NOON_S + 1000))
    rng = np.random.default_rng(6)
    watched.predict(*events(rng, 200))
    watched.label(*({"id": f"p{row}", "label": 1} for row in range(200)))
    profiles = profiles_of(journal.labelled_rows().combine_chunks().to_batches(), MONITOR, REFERENCE)
    for metric in (catalog.PREDICTION_LATENCY, catalog.LABEL_DELAY):
        for child, profile in profiles.items():
            family = profile.family(metric)
            assert family is not None
            counted = dict(zip([dict(labels)["le"] for labels in family.form.labels], family.values, strict=True))
            bound = "0.1" if metric is catalog.PREDICTION_LATENCY else "900.0"
            below = watched.value(f"{metric.name}_bucket", le=bound, model_version=child.model_version)
            assert sum(count for le, count in counted.items() if float(le) <= float(bound)) == below
            total = watched.value(f"{metric.name}_sum", model_version=child.model_version)
            [told] = [each for key, each in profile.families.items() if key[0] == f"{metric.name}_sum" and each]
            assert told.values[0] == pytest.approx(total, rel=1e-12)


def test_moments_bounds_and_sketches_agree_with_numpy() -> None:
    rows = labelled_predictions(np.random.default_rng(7), 20_000)
    rows = rows.set_column(rows.schema.get_field_index("model_version"), "model_version", pa.array(["1"] * 20_000))
    profile = profile_of(rows, a_labelled_monitor(), REFERENCE)
    ages = rows.column("age").drop_null().to_numpy(zero_copy_only=False)
    valid = ages[ages <= 4]
    age = profile.summaries["age"]
    assert age.moments is not None
    assert age.quantiles is not None
    assert (age.present, age.moments.count) == (len(valid), len(valid))
    assert (age.moments.minimum, age.moments.maximum) == (valid.min(), valid.max())
    assert age.moments.mean == pytest.approx(valid.mean(), rel=1e-12)
    assert age.moments.variance == pytest.approx(valid.var(), rel=1e-12)
    for rank, answer in zip((0.01, 0.5, 0.99), age.quantiles.quantiles((0.01, 0.5, 0.99)), strict=True):
        assert abs((valid <= answer).mean() - rank) < 3 * age.quantiles.rank_error
    low, high = age.distinct.bounds(3)
    assert low <= len(set(valid.tolist())) <= high
    assert round(profile.summaries["region"].distinct.estimate) == 3
    times = rows.column("time").cast(pa.int64()).to_numpy() / 1e6
    assert (profile.first, profile.last) == (times.min(), times.max())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 300), max_size=6), data=st.data())
def test_any_split_merged_in_any_order_is_the_whole(seed: int, cuts: list[int], data: st.DataObject) -> None:
    rows = labelled_predictions(np.random.default_rng(seed), 300)
    whole = profiles_of([rows], MONITOR, REFERENCE)
    edges = [0, *sorted(cuts), 300]
    parts = [rows.slice(start, stop - start) for start, stop in pairwise(edges)]
    built = [profiles_of([part], MONITOR, REFERENCE) for part in data.draw(st.permutations(parts))]
    together = profiles_of(parts, MONITOR, REFERENCE)
    for child, expected in whole.items():
        found = merged(part[child] for part in built if child in part)
        for candidate in (found, together[child]):
            assert candidate.exact() == expected.exact()
            _assert_close(candidate, expected)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_merging_is_associative_and_commutative_and_the_empty_profile_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    child = Child("1")
    a, b, c = (profiles_of([labelled_predictions(rng, 60, name)], MONITOR, REFERENCE)[child] for name in "abc")
    left, right, turned = a.merge(b).merge(c), a.merge(b.merge(c)), c.merge(a).merge(b)
    assert left.exact() == right.exact() == turned.exact()
    _assert_close(left, right)
    _assert_close(left, turned)
    assert EMPTY.merge(a).exact() == a.merge(EMPTY).exact() == a.exact()


def test_a_profile_merged_with_itself_is_doubled() -> None:
    profile = profile_of(predictions(["a"], prediction=0.5, age=1.0), MONITOR, REFERENCE)
    twice = profile.merge(profile)
    assert twice.rows == 2
    bins = twice.bins("age", REFERENCE.label)
    assert bins is not None
    assert bins.sum() == 2


def test_profiles_over_other_bins_merge_in_everything_but_the_bins_which_stay_absent() -> None:
    rows = labelled_predictions(np.random.default_rng(3), 100)
    other = a_reference({"age": a_number_reference(8), "region": a_category_reference(north=1)})
    first, second = (profiles_of([rows], MONITOR, each)[Child("1")] for each in (REFERENCE, other))
    for profile in (first.merge(second), first.merge(second).merge(first), first.merge(second.merge(first))):
        assert profile.bins("age", REFERENCE.label) is profile.bins("age", other.label) is None
        assert profile.family(catalog.FEATURE_VALUE_SQUARES, "age") is None
    both = first.merge(second)
    assert _count(both, catalog.PREDICTIONS) == 2 * _count(first, catalog.PREDICTIONS)
    moments, own = both.summaries["age"].moments, first.summaries["age"].moments
    assert moments is not None
    assert own is not None
    assert moments.count == 2 * own.count


def test_bins_are_told_for_the_reference_that_they_were_counted_by_only() -> None:
    profile = profile_of(predictions(["a"], age=1.0), MONITOR, REFERENCE)
    assert profile.bins("age", "0123456789") is None
    assert profile.bins("nothing", REFERENCE.label) is None


def test_outcomes_of_another_threshold_do_not_add_up() -> None:
    rows = with_labels(predictions(["a"], prediction=0.5), [1.0], [START_S + 1])
    strict = a_labelled_monitor(model={"name": "m", "task": "binary", "threshold": 0.9})
    both = profile_of(rows, MONITOR).merge(profile_of(rows, strict))
    assert both.family(catalog.OUTCOMES) is None
    assert _count(both, catalog.LABELS) == 2


def test_failed_predictions_are_labelled_but_have_no_outcome() -> None:
    rows = predictions(["a", "b"], prediction=[None, 0.7], error=["timeout", None])
    profile = profile_of(with_labels(rows, [1.0, 1.0], [START_S + 1] * 2), MONITOR)
    assert (profile.rows, profile.labelled) == (2, 2)
    assert _count(profile, catalog.LABELS) == 1


def test_enormous_values_leave_moments_finite() -> None:
    profile = profile_of(predictions(["a", "b"], age=[-1.5e308, 3.0]), MONITOR)
    moments = profile.summaries["age"].moments
    assert moments is not None
    assert np.isfinite([moments.mean, moments.m2]).all()
    assert moments.minimum == -1.5e308


def _count(profile: Profile, metric: catalog.Metric) -> float:
    family = profile.family(metric)
    assert isinstance(family, FamilyCounts)
    return float(family.values.sum())


def _assert_close(found: Profile, expected: Profile) -> None:
    for key, family in expected.families.items():
        mine = found.families[key]
        assert family is not None
        assert mine is not None
        np.testing.assert_allclose(mine.values, family.values, rtol=1e-9, atol=1e-9)
    for name, summary in expected.summaries.items():
        own = found.summaries[name]
        if summary.moments is not None:
            assert own.moments is not None
            assert own.moments.mean == pytest.approx(summary.moments.mean, rel=1e-9, abs=1e-12)
            assert own.moments.m2 == pytest.approx(summary.moments.m2, rel=1e-9, abs=1e-9)
            assert own.quantiles is not None
            assert own.quantiles.count == summary.moments.count
        assert own.distinct.estimate == pytest.approx(summary.distinct.estimate, rel=0.05)
