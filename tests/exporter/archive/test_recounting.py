"""Archived rows as the data path had them, also when the monitor has changed since, or keeps something private."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from exporter import catalog
from exporter.archive.entry import Kind
from exporter.archive.keeping import Keeping
from exporter.archive.recounting import Recounting
from exporter.batch import LATENCY, Batch
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
    rows = kept(monitor, a_batch(age=[20, 30], region=["north", "south"]))
    assert rows.column("region").to_pylist() != ["north", "south"]
    profile = profile_of(rows, monitor)
    assert profile.family(catalog.FEATURE_BIN, "region") is None
    assert "region" not in profile.summaries


def test_a_value_of_the_wrong_type_is_invalid_again() -> None:
    monitor = a_monitor({"age": {"type": "number"}, "region": {"type": "category"}})
    marks = {"age": np.array([True, False, False]), "region": np.array([True, True, False])}
    batch = a_batch(marks, age=[None, None, 3], region=[None, None, "north"])
    rows = kept(monitor, batch)
    profile = profile_of(rows, monitor)
    assert counted(profile, "age") == {"invalid": 1, "missing": 1, "q00": 1}
    assert counted(profile, "region") == {"invalid": 2, "c:__other__": 1}
    violations = Recounting(monitor).recount(rows).validated.violations
    assert [(each.feature, each.rule, int(each.mask.sum())) for each in violations] == [
        ("age", ValueRule.TYPE, 1),
        ("region", ValueRule.TYPE, 2),
    ]


def test_rows_that_were_archived_without_telling_have_missing_values() -> None:
    monitor = a_monitor({"age": {"type": "number"}})
    rows = kept(monitor, a_batch({"age": np.array([True, False])}, age=[None, 3]))
    assert counted(profile_of(rows.drop_columns(["unusable"]), monitor), "age") == {"missing": 1, "q00": 1}


def test_a_number_that_was_a_category_is_invalid_both_where_it_is_text_and_where_it_was_unusable() -> None:
    rows = predictions(["a", "b", "c"], age=["old", None, None], unusable=[None, '["age"]', None])
    assert counted(profile_of(rows, a_monitor({"age": {"type": "number"}})), "age") == {"invalid": 2, "missing": 1}


def test_a_feature_that_the_monitor_does_not_have_any_more_is_not_counted() -> None:
    rows = predictions(["a"], age=1.0, unusable=['["income"]'])
    monitor = a_monitor({"age": {"type": "number"}, "income": {"type": "number", "sql": "age * 2"}})
    assert counted(profile_of(rows, monitor), "income") == {"q00": 1}


def test_an_expression_that_failed_is_invalid_again_where_it_cannot_be_computed_anew() -> None:
    monitor = a_monitor(
        {"age": {"type": "number"}, "byte": {"type": "number", "sql": "age::utinyint"}},
    )
    document = monitor.model_dump(mode="json")
    document["spec"]["privacy"] = {"drop": ["age"]}
    private = Monitor.model_validate(document)
    batch = a_batch(age=[-1, None, 1])
    for each in (monitor, private):
        rows = kept(each, batch)
        assert counted(profile_of(rows, each), "byte") == {"invalid": 1, "missing": 1, "q00": 1}
    assert "age" not in rows.schema.names


def kept(monitor: Monitor, batch: Batch) -> pa.RecordBatch:
    """The rows of a batch as the archive keeps them."""
    return Keeping(monitor, b"key").entry(Kind.PREDICTIONS, Deriver(monitor).derive(batch), "http", 0.0).rows
