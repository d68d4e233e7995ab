"""A window that closes is measured: drift against its reference, quality, and performance where labels came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from exporter.catalog import PREDICTION_FEATURE
from exporter.drift.report import feature_drift
from exporter.window.children import Child
from tests.support.archives import EVER, labels
from tests.support.kept_hours import HOUR, MONITOR, REFERENCE, a_labelled_monitor, close_window, some
from tests.support.labelled import binary_performance
from tests.support.profile_keepers import KeptArchive, a_kept_archive
from tests.support.warm_places import PLACES


@pytest.fixture(params=PLACES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptArchive]:
    with a_kept_archive(tmp_path, [(MONITOR, REFERENCE)], HOUR + 100, request.param) as opened:
        yield opened


def test_a_closed_window_is_measured(archive: KeptArchive) -> None:
    rows = some("a", 400)
    archive.land(rows)
    actual = np.random.default_rng(9).integers(0, 2, 400)
    archive.land(labels([f"a{row}" for row in range(400)], HOUR + 700, actual.astype(float).tolist()))
    close_window(archive)
    found = {(each.feature, each.measure): each for each in archive.ledger.measurements("credit", EVER)}
    profile = archive.window(HOUR)[Child("1")].whole
    for feature, reference in {**REFERENCE.features, PREDICTION_FEATURE: REFERENCE.prediction}.items():
        bins = profile.bins(feature, REFERENCE.label)
        assert bins is not None
        drift = feature_drift(feature, bins, reference)
        assert found[feature, "drift_psi"].value == drift.measures["psi"]
        assert found[feature, "drift_zscore"].value == drift.zscore
        assert found[feature, "missing_ratio"].observations == 400
    ages = rows.column("age").to_numpy()
    assert found["age", "invalid_ratio"].value == (ages > 4).mean()
    assert found["", "invalid_ratio"].value == (ages > 4).mean()
    scores = rows.column("prediction").to_numpy()
    edges = np.arange(1, 20) / 20
    expected = binary_performance(actual, scores, np.ones(400), edges)
    for metric in ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"):
        assert found["", f"performance_{metric}"].value == pytest.approx(expected[metric], rel=1e-9)
        assert found["", f"performance_{metric}"].observations == 400


def test_segments_share_drift_and_have_performance_of_their_own(tmp_path: Path) -> None:
    monitor = a_labelled_monitor(segments={"by": ["region"], "limit": 5})
    with a_kept_archive(tmp_path, [(monitor, REFERENCE)], HOUR + 100) as archive:
        archive.land(some("a", 200))
        archive.land(labels([f"a{row}" for row in range(200)], HOUR + 700))
        close_window(archive)
        found = {(each.segment, each.measure) for each in archive.ledger.measurements("credit", EVER)}
        assert {segment for segment, measure in found if measure == "drift_psi"} == {""}
        segments = {"", "region=north", "region=south"}
        assert {segment for segment, measure in found if measure == "performance_accuracy"} == segments


def test_without_a_reference_there_is_no_drift_and_no_failure(tmp_path: Path) -> None:
    with a_kept_archive(tmp_path, [(MONITOR, None)], HOUR + 100) as archive:
        archive.land(some("a", 50))
        close_window(archive)
        measures = {each.measure for each in archive.ledger.measurements("credit", EVER)}
        assert not {name for name in measures if name.startswith("drift")}
        assert "missing_ratio" in measures
