"""Windows close, and are revised, and no crash makes a difference to what is kept in the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.ledger import StoredProfile
from exporter.archive.profiles import AGE_TO_PAUSE, IDLE_S, REVISION_PAUSE_S, WINDOW_S
from exporter.archive.warm.tier import Span
from exporter.catalog import PREDICTION_FEATURE
from exporter.drift.report import feature_drift
from exporter.monitor.spec import Monitor
from exporter.window.children import Child
from exporter.window.profile import Profile
from tests.support.archives import EVER, labels, predictions
from tests.support.batches import a_monitor
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.labelled import binary_performance
from tests.support.profile_keepers import DyingLedger, KeptArchive, Killed, a_kept_archive
from tests.support.profiled import profiles_of
from tests.support.warm_places import PLACES

REFERENCE = a_reference({"age": a_number_reference(), "region": a_category_reference(north=600, south=400)})
HOUR = 1_749_999_600
"""2025-06-15T15:00:00Z"""


def a_labelled_monitor(horizon: str = "24h", **spec: Any) -> Monitor:
    features: dict[str, dict[str, Any]] = {"age": {"type": "number", "max": 4}, "region": {"type": "category"}}
    document = a_monitor(features, model_version="version").model_dump(mode="json")
    document["spec"]["events"]["horizon"] = horizon
    document["spec"] |= {"labels": {"join": "id", "maximum_delay": "7d"}} | spec
    return Monitor.model_validate(document)


MONITOR = a_labelled_monitor()


@pytest.fixture(params=PLACES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptArchive]:
    with a_kept_archive(tmp_path, [(MONITOR, REFERENCE)], HOUR + 100, request.param) as opened:
        yield opened


def some(name: str, rows: int, start: float = HOUR, seed: int = 1, version: str = "1") -> pa.RecordBatch:
    """Predictions over ten minutes from `start`, with ids that begin with `name`."""
    rng = np.random.default_rng(seed)
    return predictions(
        [f"{name}{row}" for row in range(rows)],
        (start + 600 * rng.random(rows)).round(3).tolist(),
        rng.random(rows).round(6).tolist(),
        model_version=version,
        age=rng.normal(0, 2, rows).tolist(),
        region=rng.choice(["north", "south"], rows).tolist(),
    )


def raw_profiles(archive: KeptArchive, start: int = HOUR) -> dict[Child, Profile]:
    """Of the rows that the warm tier has of the hour, all at once."""
    return dict(profiles_of(archive.warm.read_labelled("credit", Span(start, start + WINDOW_S)), MONITOR, REFERENCE))


def assert_as_raw(archive: KeptArchive, start: int = HOUR) -> None:
    """What is kept is exactly what the raw rows say."""
    kept = archive.window(start)
    expected = raw_profiles(archive, start)
    assert {child: each.whole.exact() for child, each in kept.items()} == {
        child: profile.exact() for child, profile in expected.items()
    }


def close_window(archive: KeptArchive) -> None:
    """The monitor's newest prediction is more than the lateness after the hour's end."""
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 60
    archive.land(predictions(["later"], HOUR + 2 * WINDOW_S + 30, age=1.0, region="north", model_version="1"))
    archive.settle()


def test_a_window_closes_when_the_watermark_has_passed_it_and_not_before(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 60
    assert archive.settle() == 0
    archive.land(predictions(["b"], HOUR + 2 * WINDOW_S - 1, age=1.0, region="north"))
    assert archive.settle() == 0
    archive.land(predictions(["c"], HOUR + 2 * WINDOW_S, age=1.0, region="north"))
    assert archive.settle() == 1
    assert archive.revisions() == {HOUR: 1}
    assert_as_raw(archive)


def test_a_prediction_from_the_future_closes_nothing(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.land(predictions(["b"], HOUR + 5 * WINDOW_S, age=1.0, region="north"))
    archive.clock.now_s = HOUR + 2 * WINDOW_S - 1
    assert archive.settle() == 0


def test_the_last_window_of_a_silent_monitor_closes_by_the_clock(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    assert archive.settle() == 0
    archive.clock.now_s = HOUR + 2 * WINDOW_S - 1
    assert archive.settle() == 0
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 1
    assert archive.settle() == 1
    assert_as_raw(archive)


def test_a_window_that_still_grows_is_not_closed_by_the_clock(archive: KeptArchive) -> None:
    archive.clock.now_s = HOUR + 20 * WINDOW_S
    for name in "abc":
        archive.land(some(name, 10))
        assert archive.settle() == 0
        archive.clock.move(IDLE_S - 1)
        assert archive.settle() == 0
    archive.clock.move(1)
    assert archive.settle() == 1
    assert archive.revisions() == {HOUR: 1}


def test_a_short_horizon_is_all_the_lateness(tmp_path: Path) -> None:
    monitor = a_labelled_monitor(horizon="10m")
    with a_kept_archive(tmp_path, [(monitor, REFERENCE)], HOUR + WINDOW_S + 601) as archive:
        archive.land(some("a", 10))
        archive.land(predictions(["b"], HOUR + WINDOW_S + 600, age=1.0, region="north"))
        assert archive.settle() == 1


def test_late_rows_make_a_new_revision(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    archive.land(some("late", 7, version="2"))
    archive.clock.move(REVISION_PAUSE_S - 1)
    assert archive.settle() == 0
    archive.clock.move(REVISION_PAUSE_S)
    assert archive.settle() == 1
    assert archive.revisions() == {HOUR: 2}
    assert sorted((each.model_version, each.rows) for each in archive.stored()) == [("1", 50), ("2", 7)]
    assert_as_raw(archive)


def test_late_labels_make_a_new_revision_credited_to_the_hour_of_the_prediction(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    archive.clock.move(3 * WINDOW_S)
    archive.land(labels([f"a{row}" for row in range(20)], archive.clock.now()))
    archive.settle()
    [profile] = [each for each in archive.stored() if each.start == HOUR]
    assert (profile.revision, profile.rows, profile.labelled) == (2, 50, 20)
    assert_as_raw(archive)


def test_revisions_wait_longer_the_older_a_window_is(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    age_s = 2 * 24 * WINDOW_S
    archive.clock.now_s = HOUR + WINDOW_S + age_s
    archive.land(labels(["a0"], archive.clock.now()))
    archive.settle()
    assert archive.revisions()[HOUR] == 2
    archive.land(labels(["a1"], archive.clock.now()))
    archive.clock.move(age_s / AGE_TO_PAUSE - 1)
    archive.settle()
    assert archive.revisions()[HOUR] == 2
    archive.clock.move(age_s / AGE_TO_PAUSE)
    archive.settle()
    assert archive.revisions()[HOUR] == 3


def test_nothing_is_done_twice(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    before = archive.stored()
    archive.restart()
    archive.clock.move(WINDOW_S / 2)
    assert archive.settle() == 0
    assert archive.stored() == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["elect", "profiles", "put_profiles", "put_measurements"])
@pytest.mark.parametrize("is_revision", [False, True])
def test_a_crash_at_any_step_changes_nothing_in_the_end(
    archive: KeptArchive, call: str, when: str, is_revision: bool
) -> None:
    archive.land(some("a", 50))
    if is_revision:
        close_window(archive)
        archive.land(some("late", 5))
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 200
    if not is_revision:
        archive.land(predictions(["later"], HOUR + 2 * WINDOW_S + 30, age=1.0, region="north"))
    archive.restart(DyingLedger(archive.ledger, call, when))
    with pytest.raises(Killed):
        archive.settle()
    archive.restart()
    archive.settle()
    assert archive.revisions() == {HOUR: 2 if is_revision else 1}
    assert_as_raw(archive)
    measured = {each.revision for each in archive.ledger.measurements("credit", Span(HOUR, HOUR + 1))}
    assert measured == {2 if is_revision else 1}


def test_two_keepers_at_once_do_no_harm(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    other = archive.restart()
    archive.restart()
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 60
    archive.land(predictions(["later"], HOUR + 2 * WINDOW_S + 30, age=1.0, region="north"))
    assert other.step(archive.clock.now())
    archive.settle()
    while other.step(archive.clock.now()):
        pass
    assert archive.revisions() == {HOUR: 1}
    assert_as_raw(archive)


def test_profiles_replaced_by_another_process_are_looked_at_again(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    archive.land(some("late", 5))
    [stored] = archive.stored()
    racing = archive.ledger

    class RacedLedger:
        """Another process replaces the profiles between the look and the put, once."""

        raced = False

        def __getattr__(self, name: str) -> Any:
            return getattr(racing, name)

        def put_profiles(self, profiles: list[StoredProfile], replaces: int) -> bool:
            if not self.raced:
                self.raced = True
                assert racing.put_profiles(profiles, replaces)
            return racing.put_profiles(profiles, replaces)

    archive.restart(RacedLedger())
    archive.settle()
    assert archive.revisions()[HOUR] == stored.revision + 1
    assert {each.revision for each in archive.ledger.measurements("credit", Span(HOUR, HOUR + 1))} == {2}
    assert_as_raw(archive)


def test_late_rows_of_an_hour_that_has_left_warm_are_merged_once_each(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    before = raw_profiles(archive)[Child("1")]
    drop_the_day(archive)
    archive.clock.move(3600)
    archive.land(some("late", 7, seed=2))
    archive.settle()
    first_late = raw_profiles(archive)[Child("1")]
    assert archive.window(HOUR)[Child("1")].whole.exact() == before.merge(first_late).exact()
    archive.clock.move(3600)
    archive.land(some("later still", 60, seed=3, version="2"))
    archive.restart()
    archive.settle()
    late = raw_profiles(archive)
    kept = archive.window(HOUR)
    assert kept[Child("1")].whole.exact() == before.merge(late[Child("1")]).exact()
    assert kept[Child("2")].whole.exact() == late[Child("2")].exact()
    assert archive.revisions()[HOUR] == 3
    stored = archive.stored()
    archive.restart()
    archive.settle()
    assert archive.stored() == stored


def test_late_rows_that_have_left_warm_as_well_stay_in_the_profile(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    for seed, name in enumerate(("first", "second"), 2):
        drop_the_day(archive)
        assert archive.settle() == 0
        archive.clock.move(3600)
        archive.land(some(name, 60, seed=seed))
        archive.settle()
    assert archive.window(HOUR)[Child("1")].whole.rows == 50 + 60 + 60


def test_rows_that_were_restored_are_the_whole_window_again(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    rows = list(archive.warm.read(Kind.PREDICTIONS, "credit", Span(HOUR, HOUR + WINDOW_S)))
    drop_the_day(archive)
    archive.clock.move(3600)
    archive.land(some("late", 7, seed=2))
    archive.settle()
    archive.warm.restore(Kind.PREDICTIONS, "credit", rows)
    archive.clock.move(3600)
    archive.settle()
    assert archive.window(HOUR)[Child("1")].base is None
    assert_as_raw(archive)


def test_rows_that_come_back_without_their_labels_take_none_from_the_profile(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.land(labels([f"a{row}" for row in range(20)], HOUR + 700))
    close_window(archive)
    before = archive.stored()
    rows = {kind: list(archive.warm.read(kind, "credit", EVER)) for kind in (Kind.PREDICTIONS, Kind.LABELS)}
    for kind in rows:
        drop_the_day(archive, kind)
    archive.clock.move(3600)
    archive.warm.restore(Kind.PREDICTIONS, "credit", rows[Kind.PREDICTIONS])
    assert archive.settle() == 1
    assert archive.stored() == before
    archive.clock.move(REVISION_PAUSE_S - 1)
    assert archive.settle() == 0
    archive.clock.move(3600)
    archive.warm.restore(Kind.LABELS, "credit", rows[Kind.LABELS])
    assert archive.warm.join_restored("credit", EVER) == 20
    archive.restart()
    assert archive.settle() == 0
    assert archive.stored() == before
    assert_as_raw(archive)


def test_a_late_row_counts_once_the_labels_of_a_window_that_came_back_are_there(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.land(labels([f"a{row}" for row in range(20)], HOUR + 700))
    close_window(archive)
    rows = list(archive.warm.read(Kind.PREDICTIONS, "credit", Span(HOUR, HOUR + WINDOW_S)))
    drop_the_day(archive)
    archive.clock.move(3600)
    archive.warm.restore(Kind.PREDICTIONS, "credit", rows)
    archive.land(some("late", 7, seed=2))
    archive.settle()
    assert archive.revisions() == {HOUR: 1}
    archive.warm.join_restored("credit", EVER)
    archive.clock.move(3600)
    archive.settle()
    [profile] = archive.stored()
    assert (profile.revision, profile.rows, profile.labelled) == (2, 57, 20)
    assert_as_raw(archive)


def test_a_profile_that_cannot_be_read_is_left_alone_and_said(
    archive: KeptArchive, caplog: pytest.LogCaptureFixture
) -> None:
    strange = StoredProfile("credit", "1", "", HOUR, HOUR + WINDOW_S, 4, 10, 0, b"from the future")
    assert archive.ledger.put_profiles([strange], replaces=0)
    archive.land(some("a", 50))
    close_window(archive)
    assert [each for each in archive.stored() if each.start == HOUR] == [strange]
    assert "credit" in caplog.text
    assert "revision 4" in caplog.text


def test_a_window_older_than_the_warm_tier_gets_no_first_profile(archive: KeptArchive) -> None:
    """It had one, which has moved on with its rows."""
    archive.land(some("a", 50))
    archive.clock.now_s = HOUR + WINDOW_S + 30 * 24 * WINDOW_S
    archive.settle()
    archive.clock.move(IDLE_S)
    archive.settle()
    assert archive.stored() == []


def test_only_monitors_that_are_loaded_are_profiled(archive: KeptArchive) -> None:
    archive.land(some("a", 50), monitor="unknown")
    archive.clock.now_s = HOUR + 30 * WINDOW_S
    archive.settle()
    archive.clock.move(IDLE_S)
    archive.settle()
    assert archive.stored("unknown") == []


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


def drop_the_day(archive: KeptArchive, kind: Kind = Kind.PREDICTIONS) -> None:
    """The rows of the day leave the warm tier, as they do once they are old and cold has them."""
    expected = sum(hour.rows for hour in archive.warm.hours() if hour.kind is kind)
    archive.warm.drop_day(kind, datetime.fromtimestamp(HOUR, UTC).date(), {"credit": expected})
