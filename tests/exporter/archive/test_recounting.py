"""Archived rows as the data path had them, also when the monitor has changed since, or keeps something private."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from exporter import catalog
from exporter.archive.entry import Kind
from exporter.archive.keeping import Keeping
from exporter.archive.recounting import Recounting
from exporter.batch import LATENCY
from exporter.derive import Deriver
from exporter.monitor.spec import Monitor
from exporter.validate import ValueRule
from exporter.window.profile import Profile
from tests.support.archives import predictions
from tests.support.batches import a_batch, a_monitor
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.profiled import profile_of


def counted(profile: Profile, feature: str) -> dict[str, int]:
    """Bin → values, those that have any."""
    family = profile.family(catalog.FEATURE_BIN, feature)
    assert family is not None
    bins = [dict(labels)["bin"] for labels in family.form.labels]
    return {name: int(count) for name, count in zip(bins, family.values, strict=True) if count}


def a_private_monitor(**privacy: Any) -> Monitor:
    features: dict[str, dict[str, Any]] = {
        "age": {"type": "number", "field": "years"},
        "region": {"type": "category"},
        "twice": {"type": "number", "sql": "age * 2"},
    }
    document = a_monitor(features, {"adult": "age >= 18"}).model_dump(mode="json")
    document["spec"]["privacy"] = privacy
    return Monitor.model_validate(document)


def test_a_feature_that_the_archive_did_not_know_yet_is_missing() -> None:
    monitor = a_monitor({"age": {"type": "number"}, "income": {"type": "number"}, "region": {"type": "category"}})
    profile = profile_of(predictions(["a", "b"], age=1.0), monitor)
    assert counted(profile, "income") == counted(profile, "region") == {"missing": 2}
    assert counted(profile, "age") == {"q00": 2}


def test_a_column_of_nulls_without_a_type_is_missing() -> None:
    rows = predictions(["a"]).append_column("age", pa.nulls(1)).append_column("region", pa.nulls(1))
    profile = profile_of(rows, a_monitor({"age": {"type": "number"}, "region": {"type": "category"}}))
    assert counted(profile, "age") == counted(profile, "region") == {"missing": 1}


def test_text_where_a_number_is_declared_now_is_of_the_wrong_type() -> None:
    rows = predictions(["a", "b", "c"], age=["old", None, "18"])
    monitor = a_monitor({"age": {"type": "number"}})
    profile = profile_of(rows, monitor)
    assert counted(profile, "age") == {"missing": 1, "invalid": 2}
    recounted = Recounting(monitor).recount(rows)
    assert [(each.feature, each.rule) for each in recounted.validated.violations] == [("age", ValueRule.TYPE)]


def test_features_named_like_columns_of_the_archive_are_found() -> None:
    monitor = a_monitor({"time": {"type": "number"}, "label": {"type": "category"}})
    rows = predictions(["a"], feature_time=3.0, feature_label="x")
    profile = profile_of(rows, monitor, a_reference({"time": a_number_reference(), "label": a_category_reference(x=1)}))
    assert counted(profile, "label") == {"c:x": 1}
    assert counted(profile, "time") == {"q03": 1}


def test_latencies_that_were_not_archived_are_none() -> None:
    monitor = a_monitor({"age": {"type": "number"}}, latency_seconds="took")
    batch = Recounting(monitor).recount(predictions(["a"], age=1.0)).batch
    assert np.isnan(batch.number(LATENCY)).all()


def test_sql_is_computed_anew_as_the_monitor_has_it_now() -> None:
    features: dict[str, dict[str, Any]] = {"age": {"type": "number"}, "twice": {"type": "number", "sql": "age * 2"}}
    monitor = a_monitor(features, {"adult": "age >= 18"})
    rows = predictions(["a", "b"], age=[10.0, 20.0], twice=[-1.0, -1.0])
    recounted = Recounting(monitor).recount(rows)
    assert recounted.batch.number("twice").tolist() == [20.0, 40.0]
    assert recounted.validated.broken_rules["adult"].tolist() == [True, False]


def test_what_is_private_is_left_out_and_derived_values_are_those_that_were_archived() -> None:
    for privacy in ({"drop": ["years"]}, {"pseudonymise": ["age"]}):
        monitor = a_private_monitor(**privacy)
        rows = predictions(["a", "b"], age=[None, None], region="north", twice=[20.0, 40.0])
        profile = profile_of(rows, monitor)
        assert profile.family(catalog.FEATURE_BIN, "age") is None
        assert profile.family(catalog.FEATURE_VALUES, "age") is None
        assert profile.family(catalog.RECORDS_INVALID) is None
        assert profile.family(catalog.FEATURE_VIOLATIONS, "twice") is None
        assert "age" not in profile.summaries
        twice = profile.summaries["twice"].moments
        assert twice is not None
        assert (twice.count, twice.mean) == (2, 30.0)


def test_pseudonyms_are_never_counted_as_categories() -> None:
    monitor = a_private_monitor(pseudonymise=["region"])
    batch = Deriver(monitor).derive(a_batch(age=[20, 30], region=["north", "south"])).batch
    rows = Keeping(monitor, b"key").entry(Kind.PREDICTIONS, batch, "http", 0.0).rows
    assert rows.column("region").to_pylist() != ["north", "south"]
    profile = profile_of(rows, monitor)
    assert profile.family(catalog.FEATURE_BIN, "region") is None
    assert "region" not in profile.summaries


def test_a_value_of_the_wrong_type_was_archived_as_none_and_so_is_missing() -> None:
    monitor = a_monitor({"age": {"type": "number"}})
    batch = a_batch({"age": np.array([True, False])}, age=[None, 3])
    rows = Keeping(monitor, b"key").entry(Kind.PREDICTIONS, batch, "http", 0.0).rows
    assert counted(profile_of(rows, monitor), "age") == {"missing": 1, "q00": 1}
