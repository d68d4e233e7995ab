"""Profiles of archived rows, built as the archive builds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.archive.recounting import Recounting
from exporter.archive.schema import TIME
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.children import Child
from exporter.window.layout import Layout
from exporter.window.profile import EMPTY, Profile
from exporter.window.profile_builder import ProfileBuilder
from tests.support.archives import predictions
from tests.support.batches import START_S


def profiles_of(
    batches: Iterable[pa.RecordBatch], monitor: Monitor, reference: Reference | None = None
) -> Mapping[Child, Profile]:
    """The profiles of rows in the archive's form."""
    recounting = Recounting(monitor)
    builder = ProfileBuilder(Layout(monitor, reference), (), recounting.absent, recounting.hidden)
    for batch in batches:
        builder.add(recounting.recount(batch))
    recounting.close()
    return builder.profiles()


def profile_of(rows: pa.RecordBatch, monitor: Monitor, reference: Reference | None = None) -> Profile:
    """The one profile of rows of one model version; of no rows, the empty one."""
    profiles = profiles_of([rows], monitor, reference)
    assert len(profiles) <= 1
    return next(iter(profiles.values()), EMPTY)


def merged(profiles: Iterable[Profile]) -> Profile:
    whole = EMPTY
    for profile in profiles:
        whole = whole.merge(profile)
    return whole


def labelled_predictions(
    rng: np.random.Generator, rows: int, prefix: str = "p", start_s: float = START_S, span_s: float = 3600
) -> pa.RecordBatch:
    """Rows as `read_labelled` gives them: of two versions, two of three with a label, one of ten features missing."""
    scores = rng.random(rows).round(6)
    times = np.sort(start_s + span_s * rng.random(rows)).round(6)
    batch = predictions(
        [f"{prefix}-{row}" for row in range(rows)],
        times.tolist(),
        scores.tolist(),
        latency_seconds=rng.exponential(0.1, rows).round(4).tolist(),
        model_version=rng.choice(["1", "2"], rows).tolist(),
        age=[None if rng.random() < 0.1 else float(value) for value in rng.normal(0, 2, rows)],
        region=[None if rng.random() < 0.1 else str(value) for value in rng.choice(["north", "süd", "😀"], rows)],
    )
    labels = [float(rng.random() < score) if rng.random() < 2 / 3 else None for score in scores]
    return with_labels(batch, labels, [time + 60 for time in times])


def with_labels(rows: pa.RecordBatch, labels: Sequence[Any], times: Sequence[float]) -> pa.RecordBatch:
    """The rows with a label each, None where it has not come."""
    arrived = [None if label is None else round(time * 1e6) for label, time in zip(labels, times, strict=True)]
    is_text = any(isinstance(label, str) for label in labels)
    values = pa.array(labels, pa.string() if is_text else pa.float64())
    return rows.append_column("label", values).append_column("label_time", pa.array(arrived, pa.int64()).cast(TIME))
