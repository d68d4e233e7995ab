"""What is no mistake in a monitor, and should be known before anybody relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.monitor.drift import NUMBERS_ONLY
from exporter.monitor.slo import burn_rate_notes
from exporter.monitor.spec import CategoryFeature, Monitor

_NAMED = 3


def monitor_notes(monitor: Monitor) -> list[str]:
    """What `infranaut check` and `infranaut generate` tell of a monitor that has no mistakes."""
    return [
        *_silent_features(monitor),
        *_unknown_stable_version(monitor),
        *(note for slo in monitor.spec.slos for note in burn_rate_notes(slo)),
    ]


def _silent_features(monitor: Monitor) -> Iterator[str]:
    spec = monitor.spec
    if spec.reference is None or spec.drift.measure not in NUMBERS_ONLY:
        return
    silent = [name for name, feature in spec.features.items() if isinstance(feature, CategoryFeature)]
    silent += ["the prediction"] if spec.model.task == "multiclass" else []
    if silent:
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        yield (
            f"drift: {spec.drift.measure} is of numbers only, so no drift alerts for {', '.join(silent[:_NAMED])}{more}"
        )


def _unknown_stable_version(monitor: Monitor) -> Iterator[str]:
    spec = monitor.spec
    if spec.drift.versions is None or not spec.model.versions:
        return
    stable = spec.drift.versions.stable
    if stable not in spec.model.versions:
        yield f"drift: the stable version {stable!r} is not one of spec.model.versions"
