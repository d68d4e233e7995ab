"""Series of data quality."""

from __future__ import annotations


def missing_ratio(window: str) -> str:
    """Share of a feature's values that are missing."""
    return f"feature:infranaut_feature_bin:missing_ratio{window}"


def missing_increase(window: str) -> str:
    """Values of a feature that are missing."""
    return f"feature:infranaut_feature_bin:missing_increase{window}"


def feature_rows(window: str) -> str:
    """Predictions, for each feature."""
    return f"feature:infranaut_predictions:increase{window}"


def missing_lower(window: str) -> str:
    """The least share of missing values that chance leaves."""
    return f"feature:infranaut_feature_bin:missing_ratio_lower{window}"


def missing_excess(window: str) -> str:
    """How much of that is beyond the share in the reference."""
    return f"feature:infranaut_feature_bin:missing_excess{window}"


def invalid_ratio(window: str) -> str:
    """Share of a feature's values that are invalid."""
    return f"feature:infranaut_feature_bin:invalid_ratio{window}"


def violations_increase(window: str) -> str:
    return f"feature_rule:infranaut_feature_violations:increase{window}"


def violations_ratio(window: str) -> str:
    """Share of predictions that broke a rule of a feature."""
    return f"feature_rule:infranaut_feature_violations:ratio{window}"


def records_invalid_increase(window: str) -> str:
    return f"model_rule:infranaut_records_invalid:increase{window}"


def records_invalid_ratio(window: str) -> str:
    """Share of predictions that broke a rule of the monitor; under `rule="__any__"`, any rule of any kind."""
    return f"model_rule:infranaut_records_invalid:ratio{window}"


def records_invalid_zscore(window: str) -> str:
    """Significance of the share of invalid predictions above the allowed one, in standard deviations."""
    return f"model:infranaut_records_invalid:zscore{window}"


def records_failed_ratio(window: str) -> str:
    """Share of received records that were rejected (dead letters)."""
    return f"monitor:infranaut_ingest_records_failed:ratio{window}"


def records_increase(window: str) -> str:
    """Records accepted."""
    return f"monitor:infranaut_ingest_records:increase{window}"


def records_failed_increase(window: str) -> str:
    """Records rejected."""
    return f"monitor:infranaut_ingest_records_failed:increase{window}"


def records_unusable_increase(window: str) -> str:
    """Records rejected for another reason than being sent twice."""
    return f"monitor:infranaut_ingest_records_failed:unusable_increase{window}"


def records_received_increase(window: str) -> str:
    """Records accepted or rejected."""
    return f"monitor:infranaut_ingest_records:received_increase{window}"


def records_unusable_lower(window: str) -> str:
    """The least share of such records that chance leaves."""
    return f"monitor:infranaut_ingest_records_failed:unusable_ratio_lower{window}"
