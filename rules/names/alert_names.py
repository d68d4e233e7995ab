"""The alerts, by name."""

from __future__ import annotations

from exporter.monitor.alerting import KINDS, AlertName

EXPORTER_DOWN = "InfranautExporterDown"
WATCHDOG = "InfranautWatchdog"
"""Fires always, so that its silence tells that alerts no longer flow."""
SERIES_ABSENT = "InfranautSeriesAbsent"
BIN_MISMATCH = "InfranautBinMismatch"
SERIES_DROPPED = "InfranautSeriesDropped"
DEAD_LETTERS_GROWING = "InfranautDeadLettersGrowing"
RELOAD_FAILED = "InfranautReloadFailed"
COLLECTOR_FAILING = "InfranautCollectorFailing"
INGEST_LAGGING = "InfranautIngestLagging"
ARCHIVE_BEHIND = "InfranautArchiveBehind"
EXPORTER_RESOURCES_HIGH = "InfranautExporterResourcesHigh"
SELF_ALERTS = (
    EXPORTER_DOWN,
    WATCHDOG,
    SERIES_ABSENT,
    BIN_MISMATCH,
    SERIES_DROPPED,
    DEAD_LETTERS_GROWING,
    RELOAD_FAILED,
    COLLECTOR_FAILING,
    INGEST_LAGGING,
    ARCHIVE_BEHIND,
    EXPORTER_RESOURCES_HIGH,
)
"""About the exporter itself; those of a monitor are `exporter.monitor.alerting.AlertName`."""
ALERTS = (*KINDS, *SELF_ALERTS)

FEATURE_DRIFT: AlertName = "InfranautFeatureDrift"
MODEL_DRIFT: AlertName = "InfranautModelDrift"
PERIOD_DRIFT: AlertName = "InfranautPeriodDrift"
VERSION_DRIFT: AlertName = "InfranautVersionDrift"
PERFORMANCE_LOW: AlertName = "InfranautPerformanceLow"
LABEL_COVERAGE_LOW: AlertName = "InfranautLabelCoverageLow"
DATA_INVALID: AlertName = "InfranautDataInvalid"
MISSING_VALUES: AlertName = "InfranautMissingValues"
RECORDS_REJECTED: AlertName = "InfranautRecordsRejected"
NO_PREDICTIONS: AlertName = "InfranautNoPredictions"
TRAFFIC_ANOMALY: AlertName = "InfranautTrafficAnomaly"
REFERENCE_OLD: AlertName = "InfranautReferenceOld"
RESOURCES_HIGH: AlertName = "InfranautResourcesHigh"
SLO_BURN: AlertName = "InfranautSloBurn"
SLO_BUDGET_SPENT: AlertName = "InfranautSloBudgetSpent"
SLO_BUDGET_ENDING: AlertName = "InfranautSloBudgetEnding"
