"""What the pipeline counts, against NumPy and scikit-learn on the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, mean_absolute_error, mean_squared_error

from exporter.monitor.spec import Monitor
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.pipelines import a_pipeline, beside

ROWS = 5000


def a_labelled_monitor(task: str = "binary", **spec: Any) -> Monitor:
    features = {"age": {"type": "number"}, "region": {"type": "category"}}
    document = a_monitor(features, task=task).model_dump(mode="json")
    document["spec"] |= {"labels": {"join": "id", "maximum_delay": "1h"}} | spec
    return Monitor.model_validate(document)


def events(scores: Any, **columns: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"p{row}", "ts": NOON_S, "score": score, **{name: values[row] for name, values in columns.items()}}
        for row, score in enumerate(scores)
    ]


def labels(actual: Any) -> list[dict[str, Any]]:
    return [{"id": f"p{row}", "label": label} for row, label in enumerate(actual)]


def test_numbers_fall_into_the_bins_of_the_reference_and_moments_are_around_its_mean(tmp_path: Path) -> None:
    ages = np.random.default_rng(3).normal(0.5, 2, ROWS)
    reference = a_reference({"age": a_number_reference(), "region": a_category_reference(a=1)})
    watched = a_pipeline(tmp_path, a_labelled_monitor(), reference)
    watched.predict(*events(np.full(ROWS, 0.5), age=ages.tolist()))
    expected = np.histogram(ages, [-np.inf, -1, 0, 1, np.inf])[0]
    counted = [watched.value("infranaut_feature_bin_total", feature="age", bin=f"q0{index}") for index in range(4)]
    np.testing.assert_array_equal(counted, expected)
    assert watched.value("infranaut_feature_values_total", feature="age") == ROWS
    above = watched.value("infranaut_feature_value_sum_total", feature="age", sign="positive")
    below = watched.value("infranaut_feature_value_sum_total", feature="age", sign="negative")
    assert above == pytest.approx(ages[ages > 0].sum())
    assert below == pytest.approx(-ages[ages < 0].sum())
    assert watched.value("infranaut_feature_value_squares_total", feature="age") == pytest.approx((ages**2).sum())


def test_binary_outcomes_and_losses_equal_scikit_learn(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    scores = rng.beta(2, 3, ROWS).round(6)
    actual = (rng.random(ROWS) < scores).astype(int)
    watched = a_pipeline(tmp_path, a_labelled_monitor())
    watched.predict(*events(scores.tolist()))
    assert watched.label(*labels(actual.tolist())).accepted == ROWS
    matrix = confusion_matrix(actual, scores >= 0.5)
    counted = [
        [watched.value("infranaut_outcomes_total", actual=a, predicted=p) for p in ("0", "1")] for a in ("0", "1")
    ]
    np.testing.assert_array_equal(counted, matrix)
    assert watched.value("infranaut_log_loss_total") == pytest.approx(log_loss(actual, scores) * ROWS, rel=1e-12)
    assert watched.value("infranaut_brier_score_total") == pytest.approx(brier_score_loss(actual, scores) * ROWS)
    losses = -np.log(np.where(actual == 1, scores, 1 - scores))
    assert watched.value("infranaut_log_loss_squares_total") == pytest.approx((losses**2).sum(), rel=1e-12)
    assert watched.value("infranaut_brier_score_squares_total") == pytest.approx(((scores - actual) ** 4).sum())
    assert watched.value("infranaut_score_bin_total") == ROWS
    assert watched.value("infranaut_score_bin_score_sum_total") == pytest.approx(scores.sum())


def test_regression_errors_equal_scikit_learn(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    predicted, actual = rng.normal(size=(2, ROWS)).round(6) * 100
    watched = a_pipeline(tmp_path, a_labelled_monitor("regression"))
    watched.predict(*events(predicted.tolist()))
    watched.label(*labels(actual.tolist()))
    absolute = mean_absolute_error(actual, predicted) * ROWS
    assert watched.value("infranaut_error_absolute_total") == pytest.approx(absolute)
    squared = mean_squared_error(actual, predicted) * ROWS
    assert watched.value("infranaut_error_squared_total") == pytest.approx(squared)
    fourth_powers = ((predicted - actual) ** 4).sum()
    assert watched.value("infranaut_error_squared_squares_total") == pytest.approx(fourth_powers)
    too_high = watched.value("infranaut_error_signed_total", sign="positive")
    too_low = watched.value("infranaut_error_signed_total", sign="negative")
    assert too_high - too_low == pytest.approx((predicted - actual).sum())


def test_classes_that_are_not_known_count_as_other(tmp_path: Path) -> None:
    model = {"name": "m", "task": "multiclass", "classes": ["cat", "dog"]}
    watched = a_pipeline(tmp_path, a_labelled_monitor("multiclass", model=model))
    watched.predict(*events(["cat", "dog", "cow", "cat"]))
    watched.label(*labels(["cat", "cat", "dog", "hen"]))
    assert watched.value("infranaut_outcomes_total", actual="cat", predicted="cat") == 1
    assert watched.value("infranaut_outcomes_total", actual="cat", predicted="dog") == 1
    assert watched.value("infranaut_outcomes_total", actual="dog", predicted="__other__") == 1
    assert watched.value("infranaut_outcomes_total", actual="__other__", predicted="cat") == 1


def test_a_label_before_its_prediction_counts_when_that_comes(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_labelled_monitor())
    assert watched.label({"id": "p0", "label": 1}).accepted == 1
    watched.predict(*events([0.9]))
    assert watched.value("infranaut_outcomes_total", actual="1", predicted="1") == 1
    assert watched.value("infranaut_labels_pending") == 0


def test_a_label_of_a_prediction_that_failed_is_unmatched_whichever_comes_first(tmp_path: Path) -> None:
    document = a_labelled_monitor().model_dump(mode="json")
    document["spec"]["events"]["error"] = "err"
    watched = a_pipeline(tmp_path, Monitor.model_validate(document))
    watched.label({"id": "p0", "label": 1})
    watched.predict(*({"id": name, "ts": NOON_S, "err": "timeout"} for name in ("p0", "p1")))
    watched.label({"id": "p1", "label": 1})
    assert watched.value("infranaut_labels_unmatched_total") == 2
    assert watched.value("infranaut_labels_total") == watched.value("infranaut_labels_pending") == 0


def test_a_second_label_is_rejected_and_changes_nothing(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_labelled_monitor())
    watched.predict(*events([0.9]))
    receipt = watched.label({"id": "p0", "label": 1}, {"id": "p0", "label": 0})
    assert (receipt.accepted, receipt.rejects[0].detail) == (1, "id 'p0' has a label already")
    assert watched.value("infranaut_labels_total") == 1


def test_predictions_wait_for_labels_and_expire(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_labelled_monitor())
    watched.predict(*events([0.9, 0.1]))
    assert watched.value("infranaut_labels_pending") == 2
    watched.label({"id": "p0", "label": 1})
    assert watched.value("infranaut_labels_pending") == 1
    watched.clock.move(3601)
    watched.pipeline.tick()
    assert watched.value("infranaut_labels_pending") == 0
    assert watched.value("infranaut_labels_expired_total") == 1
    watched.label({"id": "p1", "label": 1})
    assert watched.value("infranaut_labels_unmatched_total") == 1


def test_the_delay_of_a_label_runs_from_its_prediction(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_labelled_monitor())
    watched.predict(*events([0.9]))
    watched.clock.move(100)
    watched.label({"id": "p0", "label": 1})
    assert watched.value("infranaut_label_delay_seconds_sum") == 100
    assert watched.value("infranaut_label_delay_seconds_bucket", le="300.0") == 1
    assert watched.value("infranaut_label_delay_seconds_bucket", le="60.0") == 0


def test_labels_and_duplicates_meet_their_prediction_in_another_process(tmp_path: Path) -> None:
    first = a_pipeline(tmp_path, a_labelled_monitor())
    second = beside(tmp_path, first.shared, 1, first.clock)
    first.predict(*events([0.9, 0.2]))
    assert second.predict(*events([0.9])).reasons == {"duplicate": 1}
    assert second.label({"id": "p1", "label": 0}).accepted == 1
    first.pipeline.count_pending()
    second.pipeline.count_pending()
    assert first.value("infranaut_outcomes_total", actual="0", predicted="0") == 1
    assert first.value("infranaut_predictions_total") == 2


def test_versions_and_segments_are_labels_and_add_up(tmp_path: Path) -> None:
    document = a_labelled_monitor().model_dump(mode="json")
    document["spec"]["events"]["model_version"] = "version"
    document["spec"]["segments"] = {"by": ["region"], "limit": 2}
    watched = a_pipeline(tmp_path, Monitor.model_validate(document))
    regions = ["north", "south", "north", "east", None]
    versions = ["1", "1", "2", "1", None]
    watched.predict(*events([0.5] * 5, region=regions, version=versions))
    assert watched.value("infranaut_predictions_total") == 5
    assert watched.value("infranaut_predictions_total", model_version="1", segment="region=north") == 1
    assert watched.value("infranaut_predictions_total", model_version="2", segment="region=north") == 1
    assert watched.value("infranaut_predictions_total", segment="__other__") == 2
    assert watched.value("infranaut_series_dropped_total", reason="segment_limit") == 2


def test_a_hundred_thousand_versions_stay_within_the_budget_of_series(tmp_path: Path) -> None:
    document = a_labelled_monitor(limits={"series": 2000}).model_dump(mode="json")
    document["spec"]["events"]["model_version"] = "version"
    watched = a_pipeline(tmp_path, Monitor.model_validate(document))
    rows = "".join(f"i{row},{NOON_S},0.5,1,r,v{row}\n" for row in range(100_000))
    for part in range(0, 100_000, 10_000):
        lines = rows.splitlines()[part : part + 10_000]
        watched.predict("\n".join(["id,ts,score,age,region,version", *lines]), content_type="text/csv")
    series = watched.series()
    assert len(series) <= 2000
    assert watched.value("infranaut_series") == sum("monitor=" in name for name in series)
    assert watched.value("infranaut_predictions_total") == 100_000
    assert watched.value("infranaut_series_dropped_total", reason="series_limit") > 99_000


def test_a_new_version_is_exposed_at_zero_once_before_its_counts(tmp_path: Path) -> None:
    document = a_labelled_monitor().model_dump(mode="json")
    document["spec"]["events"]["model_version"] = "version"
    watched = a_pipeline(tmp_path, Monitor.model_validate(document))
    watched.predict(*events([0.5], version=["3.1"]))
    watched.pipeline.count_pending()
    seen = [watched.scraped("infranaut_predictions_total") for _ in range(3)]
    assert seen == [0, 1, 1]


def test_an_objective_of_the_delay_is_an_edge_of_its_histogram(tmp_path: Path) -> None:
    objective = {"name": "label_delay", "objective": 0.95, "labels_younger_than": "2m"}
    watched = a_pipeline(tmp_path, a_labelled_monitor(slos=[objective]))
    watched.predict(*events([0.9]))
    watched.clock.move(100)
    watched.label({"id": "p0", "label": 1})
    assert watched.value("infranaut_label_delay_seconds_bucket", le="120.0") == 1
