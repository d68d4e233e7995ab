"""InfranautReferenceOld: a reference always half as old as it may be, against one that is twice as old."""

from __future__ import annotations

from collections.abc import Mapping

from exporter import catalog
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.scenario.feature_drift import drifting_feature
from rules.scenario.series import REFERENCE, ScenarioSeries, a_series
from rules.scenario.signal import Gauge, Signal, threshold_gauges

_STEP = Duration("15m")


def signals(monitor: Monitor) -> list[Signal]:
    """One, where an age is set."""
    reference = monitor.spec.reference
    if reference is None or reference.maximum_age is None:
        return []
    allowed_s = reference.maximum_age.seconds
    labels = {names.REFERENCE: REFERENCE, names.FEATURE: drifting_feature(monitor)}
    created = a_series(catalog.REFERENCE_CREATED_TIMESTAMP, monitor, **labels)

    def states(is_sound: bool) -> Mapping[ScenarioSeries, Gauge]:
        """Promtool's clock begins at 0; what goes on with the clock stays as old as it is."""
        return {created: Gauge(-allowed_s / 2, per_second=1) if is_sound else Gauge(-2 * allowed_s)}

    return [
        Signal(
            alert=names.REFERENCE_OLD,
            window=_STEP,
            sound=lambda _: {},
            unsound=lambda _: {},
            gauges=threshold_gauges(monitor, "reference_age_seconds"),
            states=states,
            low_rows=None,
            high_rows=1.0,
            step=_STEP,
            found={names.REFERENCE: REFERENCE},
        )
    ]
