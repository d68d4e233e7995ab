"""Hours of a labelled monitor for a `KeptArchive`: their rows, how they close, and what their profiles should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.profiles import WINDOW_S
from exporter.archive.warm.tier import Span
from exporter.monitor.spec import Monitor
from exporter.window.children import Child
from exporter.window.profile import Profile
from tests.support.archives import predictions
from tests.support.batches import a_monitor
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.profile_keepers import KeptArchive
from tests.support.profiled import profiles_of

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


def drop_the_day(archive: KeptArchive, kind: Kind = Kind.PREDICTIONS) -> None:
    """The rows of the day leave the warm tier, as they do once they are old and cold has them."""
    expected = sum(hour.rows for hour in archive.warm.hours() if hour.kind is kind)
    archive.warm.drop_day(kind, datetime.fromtimestamp(HOUR, UTC).date(), {"credit": expected})
